import type { PduInput, PduResult } from "../codec.ts";
import type { TemplateCodec } from "./define_codec.ts";
import { readTemplates, SET_NUMBERS, type TemplateFault } from "./read_templates.ts";
import { templateKey, type TemplateSession } from "./session.ts";
import { RecordFields, type Template } from "./template.ts";
import { type SetFault, walkSets } from "./walk_sets.ts";

/** A record where it lies. */
export interface LocatedRecord {
  /** Its shape. */
  readonly template: Template;
  /** Octets that hold it. */
  readonly view: DataView;
  /** Where it starts in the view. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
  /** For each field, where its octets start in the view. */
  readonly offsets: Int32Array;
  /** For each field, its octets. */
  readonly lengths: Int32Array;
}

/** A set as it stands in a packet. */
export interface PduSet {
  /** Its number: that of the template whose records it has, or of the kind of set. */
  readonly id: number;
  /** What it holds. */
  readonly kind: "template" | "options-template" | "data";
  /** The templates, in wire order. */
  readonly templates?: readonly Template[];
  /** Numbers of templates that are taken back. */
  readonly withdrawn?: readonly number[];
  /** The records, in wire order; not there where the template is not known. */
  readonly records?: readonly LocatedRecord[];
  /** Octets behind the last record that are fewer than a record has. */
  readonly padding?: number;
}

/** The sets of a packet. */
export interface PduSets {
  /** What `PduCodec.decode` says of the packet; it appended nothing. */
  readonly result: PduResult;
  /** The sets in wire order. */
  readonly sets: readonly PduSet[];
  /** Sets of earlier packets that waited for a template of this one. */
  readonly resumed: readonly PduSet[];
}

/**
 * Takes a packet of NetFlow v9 or IPFIX apart: templates, records, fields, where they lie. It is for
 * looking at packets; `decode` is many times faster.
 *
 * @param codec The codec of the packet's version
 * @param input The packet
 * @param session The memory of its exporter, which learns what the packet tells
 * @returns The sets; views and offsets lie in the memory of the packet
 *
 * @example
 * ```ts
 * import { IPFIX_CODEC, readFields, readPduSets } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const octets = [0, 10, 0, 34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
 * octets.push(0, 2, 0, 12, 1, 0, 0, 1, 0, 7, 0, 2, 1, 0, 0, 6, 0, 80);
 * const view = new DataView(Uint8Array.from(octets).buffer);
 * const input = { view, offset: 0, length: octets.length, exporter: 0 };
 * const session = IPFIX_CODEC.createSession();
 *
 * const { sets } = readPduSets(IPFIX_CODEC, input, session);
 * assertEquals(sets.map(({ kind }) => kind), ["template", "data"]);
 * const [record] = sets[1].records!;
 * const context = { dialect: session.dialect, findTemplate: () => undefined };
 * assertEquals(readFields(record.template, record.view, record, context), [
 *   ["sourceTransportPort", 80],
 * ]);
 * session.close();
 * ```
 */
export function readPduSets(
  codec: TemplateCodec,
  input: PduInput,
  session: TemplateSession,
): PduSets {
  const { version } = session.dialect;
  const frame = codec.frame(input);
  if (!("from" in frame)) return { result: frame, sets: [], resumed: [] };
  const { header } = frame;
  const domain = header.source_id ?? 0;
  const now = input.receivedAt ?? 0;
  const sets: PduSet[] = [];
  const resumed: PduSet[] = [];
  let units = 0;
  const resume = () => {
    for (let set = session.held.ready; set !== undefined; set = session.held.ready) {
      const { template, octets, from } = set;
      resumed.push(dataSet(template!, octets, from, octets.byteLength).set);
      if (template!.options) {
        session.learnFrom(template!, set.domain, octets, from, octets.byteLength);
      }
      session.held.shift();
    }
  };
  resume();
  const fault = walkSets(version, input.view, frame.from, frame.to, {
    templates: (options, from, to): SetFault | undefined => {
      const { set, fault } = templateSet(session, options, input.view, from, to, (template) => {
        session.learn(domain, template, now);
      }, (id) => {
        const numbers = SET_NUMBERS[version];
        if (id === (options ? numbers.options : numbers.template)) {
          session.withdrawAll(domain, options);
        } else session.withdraw(domain, id);
      });
      sets.push(set);
      resume();
      return fault && { reason: "bad-template", ...fault };
    },
    data: (id, from, to): SetFault | undefined => {
      const template = session.find(domain, id, now);
      if (template === undefined) {
        sets.push({ id, kind: "data" });
        if (to === from) return undefined;
        units = -1;
        const facts = {
          exporter: input.exporter,
          unixSecs: header.unix_secs,
          sysUpTime: 0,
          domain: session.factsToLearn(domain),
        };
        const set = { domain, id, facts, now, view: input.view, from, to };
        if (session.held.wait(templateKey(domain, id), set)) return undefined;
        return { reason: "unknown-template", offset: from, expected: 0, got: id };
      }
      const { set, fault } = dataSet(template, input.view, from, to);
      if (template.options) session.learnFrom(template, domain, input.view, from, to);
      if (units >= 0) units += set.records?.length ?? 0;
      sets.push(set);
      return fault;
    },
  });
  return { result: codec.result(frame, input.offset, fault, 0, units), sets, resumed };
}

function templateSet(
  { dialect }: TemplateSession,
  options: boolean,
  view: DataView,
  from: number,
  to: number,
  learn: (template: Template) => void,
  withdraw: (id: number) => void,
): { set: PduSet; fault: TemplateFault | undefined } {
  const templates: Template[] = [];
  const withdrawn: number[] = [];
  const fault = readTemplates(dialect, options, view, from, to, {
    template: (template) => {
      templates.push(template);
      learn(template);
    },
    withdraw: (id) => {
      withdrawn.push(id);
      withdraw(id);
    },
  });
  const numbers = SET_NUMBERS[dialect.version];
  const set: PduSet = {
    id: options ? numbers.options : numbers.template,
    kind: options ? "options-template" : "template",
    templates,
    ...(withdrawn.length > 0 ? { withdrawn } : {}),
  };
  return { set, fault };
}

function dataSet(
  template: Template,
  view: DataView,
  from: number,
  to: number,
): { set: PduSet; fault: SetFault | undefined } {
  const records: LocatedRecord[] = [];
  let offset = from;
  let fault: SetFault | undefined;
  while (to - offset >= template.minOctets) {
    const fields = new RecordFields(template.fields.length);
    const end = fields.locate(template, view, offset, to);
    if (end < 0) {
      fault = { reason: "bad-record", offset, expected: template.minOctets, got: to - offset };
      break;
    }
    const { offsets, lengths } = fields;
    records.push({ template, view, from: offset, to: end, offsets, lengths });
    offset = end;
  }
  return { set: { id: template.id, kind: "data", records, padding: to - offset }, fault };
}
