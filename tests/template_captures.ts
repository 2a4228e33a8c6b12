/**
 * The captures of other projects, decoded by the command line and compared with what independent
 * decoders found in them. Used by the tests and by the page that lists the results.
 */
import { sharedFolder } from "./files.ts";
import { flowtools, lines } from "./programs.ts";
import {
  ianaElement,
  isShownAs,
  isValueOf,
  type Json,
  NOT_COMPARED,
  TSHARK_NAMES,
  tsharkName,
  workedOut,
} from "./template_values.ts";

/** What is expected of a field of a template. */
interface ExpectedField {
  readonly type: number;
  readonly length: number;
  readonly pen: number;
  readonly scope?: boolean;
}

/** A template as an independent decoder cut it. */
interface ExpectedTemplate {
  readonly id: number;
  readonly fields: readonly ExpectedField[];
  readonly fieldCount?: number;
  readonly withdraw?: boolean;
}

/** A set as an independent decoder cut it, and as tshark shows it. */
interface ExpectedSet {
  readonly id: number;
  readonly type: string;
  readonly templates?: readonly ExpectedTemplate[];
  readonly records?: readonly Readonly<Record<string, string | readonly string[]>>[];
  readonly raw?: readonly (readonly string[])[];
  readonly noTemplate?: boolean;
  readonly agree?: boolean;
}

/** A part of an sFlow datagram. */
interface ExpectedSample {
  readonly format: number;
  readonly raw?: readonly { readonly format: number; readonly length: number }[];
}

/** A packet as independent decoders see it. */
interface ExpectedPacket {
  readonly [name: string]: unknown;
  readonly file: string;
  readonly frame: number;
  readonly version: number;
  readonly flowsets?: readonly ExpectedSet[];
  readonly samples?: readonly ExpectedSample[];
  readonly problems?: readonly string[];
}

/** The fields of a template in the output. */
interface ShownField {
  readonly name: string;
  readonly enterprise: number;
  readonly id: number;
  readonly length: number;
  readonly scope?: boolean;
}

/** A template in the output. */
interface ShownTemplate {
  readonly id: number;
  readonly fields: readonly ShownField[];
}

/** A set in the output. */
interface ShownSet {
  readonly id: number;
  readonly kind: string;
  readonly templates?: readonly ShownTemplate[];
  readonly records?: readonly Readonly<Record<string, Json>>[];
  readonly waiting?: boolean;
}

/** A packet in the output. */
interface ShownPacket {
  readonly [name: string]: unknown;
  readonly file: string;
  readonly frame?: number;
  readonly exporter: string;
  readonly sets?: readonly ShownSet[];
  readonly resumed?: readonly ShownSet[];
  readonly samples?: readonly {
    readonly format: number;
    readonly records: readonly { readonly format: number; readonly length: number }[];
  }[];
}

/** One group of captures: the files of an exporter, in order. */
export interface CaptureGroup {
  /** The project that has the captures. */
  readonly source: string;
  readonly group: string;
  readonly files: readonly string[];
  readonly packets: readonly ExpectedPacket[];
  /** Where tshark and the independent decoder do not see the same. */
  readonly disagree: readonly string[];
}

/** What a run over a group found. */
export interface GroupReport {
  readonly source: string;
  readonly group: string;
  readonly protocols: readonly string[];
  readonly packets: number;
  readonly templates: number;
  readonly optionsTemplates: number;
  /** Data records; samples of sFlow. */
  readonly records: number;
  /** Sets whose template had not come. */
  readonly waiting: number;
  /** Records of such sets that were decoded when it came. */
  readonly resumed: number;
  /** Fields whose octets were compared with their value. */
  readonly fields: number;
  /** Values that were compared with what tshark shows. */
  readonly shown: number;
  /** Where the output is not as expected. */
  readonly differences: readonly string[];
}

const PROTOCOLS: ReadonlyMap<unknown, string> = new Map([[9, "NetFlow v9"], [10, "IPFIX"]]);

const CAPTURES = sharedFolder("captures");

/** The groups that have packets of NetFlow v9, IPFIX or sFlow; none where the captures are absent. */
export function captureGroups(): CaptureGroup[] {
  if (CAPTURES === undefined) return [];
  return lines(Deno.readTextFileSync(new URL("GROUPS.tsv", CAPTURES))).slice(1)
    .map((line) => line.split("\t"))
    .map(([source, group, files]): CaptureGroup => {
      const url = new URL(`expected/${source}/${group}.json`, CAPTURES);
      const { packets = [], disagree = [] } = JSON.parse(Deno.readTextFileSync(url));
      return { source, group, files: files.split(" "), packets, disagree };
    })
    .filter(({ packets }) => packets.some((packet) => protocolOf(packet) !== undefined));
}

function protocolOf({ version, samples }: ExpectedPacket): string | undefined {
  return samples === undefined ? PROTOCOLS.get(version) : "sFlow v5";
}

/** Decodes a group with the command line, and compares. */
export async function compareGroup(group: CaptureGroup): Promise<GroupReport> {
  const paths = group.files.map((file) => decodeURIComponent(rawUrl(file).pathname));
  const { stdout, stderr } = await flowtools(["decode", ...paths]);
  const shown = new Map(
    lines(stdout).map((line) => JSON.parse(line) as ShownPacket)
      .map((packet) => [`${packet.file} ${packet.frame ?? 1}`, packet]),
  );
  const comparison = new Comparison(group);
  if (shown.size === 0) comparison.differ(`no output: ${stderr.trim()}`);
  for (const packet of group.packets) {
    const path = decodeURIComponent(rawUrl(packet.file).pathname);
    const found = shown.get(`${path} ${packet.frame}`);
    if (found === undefined) comparison.differ(`${whereOf(packet)}: not in the output`);
    else comparison.packet(packet, found);
  }
  return comparison.report;
}

function rawUrl(file: string): URL {
  return new URL(`raw/${file}`, CAPTURES);
}

function whereOf({ file, frame }: ExpectedPacket): string {
  return `${file.split("/").at(-1)} packet ${frame}`;
}

/** Counts what is compared, and notes what differs. */
class Comparison {
  readonly #group: CaptureGroup;
  readonly #differences: string[] = [];
  readonly #protocols = new Set<string>();
  readonly #templates = new Map<string, ShownTemplate>();
  #counts = { packets: 0, templates: 0, optionsTemplates: 0, records: 0, waiting: 0, resumed: 0 };
  #fields = 0;
  #shown = 0;

  constructor(group: CaptureGroup) {
    this.#group = group;
  }

  get report(): GroupReport {
    const { source, group } = this.#group;
    return {
      source,
      group,
      protocols: [...this.#protocols],
      ...this.#counts,
      fields: this.#fields,
      shown: this.#shown,
      differences: this.#differences,
    };
  }

  differ(text: string): void {
    this.#differences.push(text);
  }

  packet(expected: ExpectedPacket, found: ShownPacket): void {
    const protocol = protocolOf(expected);
    if (protocol === undefined) return;
    this.#protocols.add(protocol);
    this.#counts.packets++;
    const where = whereOf(expected);
    this.#header(where, expected, found);
    if (expected.samples !== undefined) this.#samples(where, expected.samples, found);
    else this.#sets(where, expected, found);
    this.#counts.resumed += (found.resumed ?? [])
      .reduce((sum, { records }) => sum + (records?.length ?? 0), 0);
  }

  #same(where: string, what: string, found: unknown, expected: unknown): boolean {
    const [a, b] = [found, expected].map((value) => JSON.stringify(value));
    if (a === b) return true;
    this.differ(`${where}: ${what} is ${a}, expected ${b}`);
    return false;
  }

  #header(where: string, expected: ExpectedPacket, found: ShownPacket): void {
    const pairs: readonly (readonly [ours: string, theirs: string])[] =
      expected.samples !== undefined
        ? [["agent", "agent"], ["source_id", "subAgentId"], ["sysUpTime", "sysUptime"]]
        : expected.version === 9
        ? [["sysUpTime", "sysUptime"], ["unix_secs", "unixSecs"], ["source_id", "sourceId"]]
        : [["length", "length"], ["unix_secs", "exportTime"], ["source_id", "domainId"]];
    this.#same(where, "version", found.version, expected.version);
    this.#same(where, "sequence", found.sequence, expected.sequence);
    this.#same(where, "count", found.count, expected.count);
    for (const [ours, theirs] of pairs) {
      this.#same(where, ours, found[ours], expected[theirs]);
    }
    const lacking = expected.samples !== undefined
      ? ["unix_secs", "unix_nsecs", "length"]
      : expected.version === 9
      ? ["unix_nsecs", "length"]
      : ["count", "sysUpTime", "unix_nsecs"];
    this.#same(where, "what the header lacks", lacking.filter((name) => name in found), []);
  }

  #samples(
    where: string,
    expected: readonly ExpectedSample[],
    { samples = [] }: ShownPacket,
  ): void {
    const ours = samples.map(({ format, records }) => [
      format,
      records.map(({ format, length }) => [format, length]),
    ]);
    const theirs = expected.map(({ format, raw = [] }) => [
      format,
      raw.map(({ format, length }) => [format % 4096, length]),
    ]);
    this.#counts.records += samples.length;
    this.#same(where, "samples", ours, theirs);
  }

  #sets(where: string, packet: ExpectedPacket, found: ShownPacket): void {
    const expected = (packet.flowsets ?? []).filter(({ type }) => type !== "unknown");
    const sets = found.sets ?? [];
    const kinds = sets.map(({ id, kind }) => [id, kind]);
    if (!this.#same(where, "sets", kinds, expected.map(({ id, type }) => [id, type]))) return;
    for (const [index, set] of sets.entries()) {
      const theirs = expected[index];
      const at = `${where} set ${index}`;
      if (set.kind === "data") this.#records(at, packet, theirs, set, found.exporter);
      else this.#learn(at, packet, theirs, set, found.exporter);
    }
  }

  #keyOf({ version, srcPort, sourceId, domainId }: ExpectedPacket, exporter: string, id: number) {
    return [version, exporter, srcPort, sourceId ?? domainId, id].join(" ");
  }

  #learn(
    where: string,
    packet: ExpectedPacket,
    expected: ExpectedSet,
    { kind, templates = [] }: ShownSet,
    exporter: string,
  ): void {
    for (const template of templates) {
      this.#templates.set(this.#keyOf(packet, exporter, template.id), template);
    }
    if (kind === "template") this.#counts.templates += templates.length;
    else this.#counts.optionsTemplates += templates.length;
    // What a packet cuts is not taken; a template without fields takes another back.
    const whole = (expected.templates ?? []).filter(({ id, withdraw, fields, fieldCount }) =>
      !withdraw && fields.length > 0 && (fieldCount ?? fields.length) === fields.length &&
      packet.problems?.includes(`template ${id} cut`) !== true
    );
    const shapes = templates.map(({ id, fields }) => [
      id,
      fields.map(({ enterprise, id, length, scope = false }) => [enterprise, id, length, scope]),
    ]);
    const theirs = whole.map(({ id, fields }) => [
      id,
      fields.map(({ pen, type, length, scope = false }) => [pen, type, length, scope]),
    ]);
    this.#same(where, "templates", shapes, theirs);
  }

  #records(
    where: string,
    packet: ExpectedPacket,
    expected: ExpectedSet,
    { id, records, waiting }: ShownSet,
    exporter: string,
  ): void {
    if (expected.noTemplate || waiting === true) {
      this.#counts.waiting++;
      this.#same(where, "waiting", waiting ?? false, expected.noTemplate ?? false);
      return;
    }
    const { raw = [] } = expected;
    this.#counts.records += records?.length ?? 0;
    if (!this.#same(where, "records", records?.length, raw.length)) return;
    const template = this.#templates.get(this.#keyOf(packet, exporter, id));
    if (template === undefined) return this.differ(`${where}: nothing told template ${id}`);
    for (const [index, octets] of raw.entries()) {
      const values = valuesOf(template, records![index]);
      const at = `${where} record ${index}`;
      if (values === undefined) {
        this.differ(`${at}: its names are not those of template ${id}`);
        continue;
      }
      this.#octets(at, packet.version, template, values, octets);
      const shown = expected.records?.[index];
      if (expected.agree && shown !== undefined) this.#tshark(at, template, values, shown);
    }
  }

  /** Names by the IANA table, values by the octets. */
  #octets(
    where: string,
    version: number,
    { fields }: ShownTemplate,
    values: readonly Json[],
    raw: readonly string[],
  ): void {
    for (const [index, { enterprise, id, name, scope }] of fields.entries()) {
      // Scopes of NetFlow v9 have numbers of their own.
      const known = enterprise === 0 && !(version === 9 && scope) ? ianaElement(id) : undefined;
      if (known !== undefined && known.name !== name) {
        this.differ(`${where}: element ${id} is named ${name}, expected ${known.name}`);
      }
      const unknown = name === `${enterprise}.${id}`;
      const type = unknown ? "octetArray" : known?.type;
      this.#fields++;
      if (!isValueOf(type, raw[index], values[index])) {
        const value = JSON.stringify(values[index]);
        this.differ(`${where}: ${name} is ${value}, its octets (${type}) are ${raw[index]}`);
      }
    }
  }

  /** Values by what tshark shows; of names that stand more than once, all in order. */
  #tshark(
    where: string,
    { fields }: ShownTemplate,
    values: readonly Json[],
    shown: Readonly<Record<string, string | readonly string[]>>,
  ): void {
    for (const [key, theirs] of Object.entries(shown)) {
      const name = key.replace(/^cflow\./, "");
      if (NOT_COMPARED.some(([pattern]) => pattern.test(name))) continue;
      if (TSHARK_NAMES[name] === undefined) {
        this.differ(`${where}: nobody knows what tshark means by ${name}`);
        continue;
      }
      const list = typeof theirs === "string" ? [theirs] : theirs;
      const all = fields.map((field, index) => ({ element: field.name, value: values[index] }));
      const ours = all.filter(({ element }) => tsharkName(element) === name);
      const same = ours.length === list.length
        ? ours.every(({ element, value }, index) => isShownAs(element, value, list[index]))
        : all.some(({ element, value }) => workedOut(name, element, value) === theirs);
      this.#shown += list.length;
      if (!same) {
        const text = JSON.stringify(ours.map(({ value }) => value));
        this.differ(`${where}: ${name} is ${text}, tshark shows ${JSON.stringify(list)}`);
      }
    }
  }
}

/** The values of a record in the order of the template's fields; a name may stand more than once. */
function valuesOf(
  { fields }: ShownTemplate,
  record: Readonly<Record<string, Json>>,
): Json[] | undefined {
  const counts = new Map<string, number>();
  for (const { name } of fields) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (Object.keys(record).join() !== [...counts.keys()].join()) return undefined;
  const taken = new Map<string, number>();
  return fields.map(({ name }) => {
    if (counts.get(name) === 1) return record[name];
    const at = taken.get(name) ?? 0;
    taken.set(name, at + 1);
    return (record[name] as readonly Json[])[at];
  });
}
