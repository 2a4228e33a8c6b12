import type { PduInput } from "../codec.ts";
import { hexOctets, type PduFieldDump } from "../dump.ts";
import { COUNTER_STRUCTURE_BY_FORMAT } from "./counter_structures.ts";
import { SflowCursor } from "./cursor.ts";
import { DATAGRAM_FIELDS, endOf, readHead } from "./datagram.ts";
import { SflowFault } from "./fault.ts";
import { FLOW_STRUCTURE_BY_FORMAT } from "./flow_structures.ts";
import { SFLOW_TAG_BYTES } from "./limits.ts";
import { holdsCounters, SAMPLE_STRUCTURE_BY_FORMAT } from "./sample_structures.ts";
import { enterpriseOf, formatOf } from "./structure.ts";
import { ValueReader } from "./value_reader.ts";
import { xdr, type XdrField } from "./xdr.ts";

const COUNT = xdr("u32 count");

/**
 * Lists the fields of a datagram of sFlow v5, as far as it goes: damaged ones too.
 *
 * @param input The datagram
 * @returns The fields in wire order; bytes that no field covers stand between them
 */
export function describeSflow(input: PduInput): PduFieldDump[] {
  const dumper = new Dumper(input);
  dumper.fields(DATAGRAM_FIELDS, input.offset, endOf(input), "Header of the datagram");
  const head = readHead(input, new SflowFault());
  if (head !== undefined) {
    dumper.fields(COUNT, head.samplesAt - 4, head.samplesAt, "Samples in the datagram");
    describeSamples(dumper, input, head.samplesAt, head.header.count);
  }
  dumper.finish();
  return dumper.dumps;
}

function describeSamples(dumper: Dumper, input: PduInput, at: number, count: number): void {
  const { view } = input;
  const cursor = new SflowCursor();
  cursor.open(view, at, endOf(input));
  for (let i = 0; i < count && cursor.advance(); i++) {
    const { tag, start, length } = cursor;
    const end = start + length;
    const structure = SAMPLE_STRUCTURE_BY_FORMAT.get(tag);
    const doc = structure?.name ?? "Sample of unknown format";
    dumper.record = i;
    dumper.tag("sample", start, doc);
    if (structure === undefined) continue;
    const next = dumper.fields(structure.fields, start, end, doc);
    const records = dumper.fields(COUNT, next, end, `Records of the ${doc}`);
    if (records === next) continue;
    const table = holdsCounters(structure) ? COUNTER_STRUCTURE_BY_FORMAT : FLOW_STRUCTURE_BY_FORMAT;
    const inner = new SflowCursor();
    inner.open(view, records, end);
    for (let n = view.getUint32(next); n > 0 && inner.advance(); n--) {
      const known = table.get(inner.tag);
      const recordDoc = known?.name ?? "Record of unknown format";
      dumper.tag("record", inner.start, recordDoc);
      dumper.fields(known?.fields ?? [], inner.start, inner.start + inner.length, recordDoc);
    }
  }
}

/** Collects fields, and what lies between them, in the order of their bytes. */
class Dumper {
  readonly dumps: PduFieldDump[] = [];
  /** Number of the sample that fields belong to. */
  record: number | undefined;
  readonly #input: PduInput;
  #next: number;

  constructor(input: PduInput) {
    this.#input = input;
    this.#next = input.offset;
  }

  /** Dumps the fields of a structure; returns where the first byte is that none covers. */
  fields(fields: readonly XdrField[], at: number, end: number, doc: string): number {
    const reader = new ValueReader(this.#input.view, at, end, (name, offset, width, value) => {
      if (width > 0) this.#add(name, offset, width, value ?? "", doc);
    });
    reader.fields(fields);
    return reader.at;
  }

  /** Dumps the data format and the length that stand before data. */
  tag(name: string, start: number, doc: string): void {
    const { view } = this.#input;
    const at = start - SFLOW_TAG_BYTES;
    const tag = view.getUint32(at);
    const enterprise = enterpriseOf(tag);
    const format = enterprise === 0 ? formatOf(tag) : `${enterprise}:${formatOf(tag)}`;
    this.#add(`${name} format`, at, 4, format, doc);
    this.#add(`${name} length`, at + 4, 4, view.getUint32(at + 4), `Octets of the ${name}`);
  }

  /** Dumps what is left. */
  finish(): void {
    const end = endOf(this.#input);
    this.record = undefined;
    this.#skipTo(end, "rest", "Bytes that no whole field covers");
  }

  #add(name: string, at: number, width: number, value: number | string, doc: string): void {
    this.#skipTo(at, "data", "Padding, or bytes that no known field covers");
    this.#push(name, at, width, value, doc);
  }

  #skipTo(at: number, name: string, doc: string): void {
    const width = at - this.#next;
    if (width > 0) this.#push(name, this.#next, width, `${width} bytes`, doc);
  }

  #push(name: string, at: number, width: number, value: number | string, doc: string): void {
    const { view, offset } = this.#input;
    const hex = hexOctets(view, at, width);
    const shown = value === hex ? `${width} bytes` : value;
    const dump = { offset: at - offset, width, name, value: shown, hex, doc };
    this.dumps.push(this.record === undefined ? dump : { ...dump, record: this.record });
    this.#next = at + width;
  }
}
