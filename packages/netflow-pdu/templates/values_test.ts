/** Columns against the values that tshark reads out of the same packets. */
import { assert, assertEquals } from "@std/assert";
import { type Flow, FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import { capturedPackets, captureGroups, type ExpectedSet, inputOf } from "./_builders.ts";
import { templateOf } from "./record_reader.ts";
import type { TemplateSession } from "./session.ts";
import { VARIABLE_LENGTH } from "./template.ts";

/** What tshark shows of a field; a list where several fields have the name. */
type Shown = string | readonly string[];

/** A record as tshark shows it. */
type Record_ = NonNullable<ExpectedSet["records"]>[number];

/** A column, the names of tshark for what goes into it, and how to compare the two. */
interface Comparison {
  readonly column: string;
  /** Names of tshark, the one that counts first. */
  readonly names: readonly string[];
  /** What the flow says. */
  readonly ours: (flow: Flow) => unknown;
  /** What tshark says, in the same words. */
  readonly theirs: (shown: string) => unknown;
  /** Whether something else than the first of several may count, and why. */
  readonly anyOf?: string;
}

const number = (column: string, ...names: string[]): Comparison => ({
  column,
  names,
  ours: (flow) => flow.get(column),
  theirs: Number,
});

const address = (column: string, ...names: string[]): Comparison => ({
  column,
  names,
  ours: (flow) => flow.get(column),
  theirs: (shown) => shown,
});

/** Whole milliseconds since 1970; tshark shows nanoseconds. */
const moment = (column: "first" | "last", name: string): Comparison => ({
  column,
  names: [name],
  ours: (flow) => Math.round(Number(flow.get(column)) * 1000),
  theirs: (shown) => {
    const [, text, fraction] = /^(.*)\.(\d{3})\d* UTC$/.exec(shown) ?? [];
    return Date.parse(`${text} UTC`) + Number(fraction);
  },
  anyOf: "some exporters tell a moment in seconds and in milliseconds: the latter counts",
});

const uptime = (column: "first" | "last", name: string): Comparison => ({
  column,
  names: [name],
  ours: (flow) => flow.get(`${column}_raw`),
  theirs: (shown) => Math.round(Number(shown) * 1000),
});

const COMPARISONS: readonly Comparison[] = [
  address("srcaddr", "cflow.srcaddr", "cflow.srcaddrv6"),
  address("dstaddr", "cflow.dstaddr", "cflow.dstaddrv6"),
  address("nexthop", "cflow.nexthop", "cflow.nexthopv6"),
  address("peer_nexthop", "cflow.bgpnexthop", "cflow.bgpnexthopv6"),
  number("dOctets", "cflow.octets", "cflow.permanent_octets", "cflow.initiator_octets"),
  number("dPkts", "cflow.packets", "cflow.permanent_packets", "cflow.initiator_packets"),
  number("dFlows", "cflow.flows"),
  number("srcport", "cflow.srcport"),
  number("dstport", "cflow.dstport"),
  number("prot", "cflow.protocol"),
  number("tos", "cflow.tos"),
  number("tcp_flags", "cflow.tcpflags"),
  number("input", "cflow.inputint", "cflow.ingress_physical_interface"),
  number("output", "cflow.outputint", "cflow.egress_physical_interface"),
  number("src_as", "cflow.srcas", "cflow.peer_srcas"),
  number("dst_as", "cflow.dstas", "cflow.peer_dstas"),
  number("src_mask", "cflow.srcmask", "cflow.srcmaskv6"),
  number("dst_mask", "cflow.dstmask", "cflow.dstmaskv6"),
  number("engine_type", "cflow.engine_type"),
  number("engine_id", "cflow.engine_id"),
  moment("first", "cflow.abstimestart"),
  moment("last", "cflow.abstimeend"),
  uptime("first", "cflow.timestart"),
  uptime("last", "cflow.timeend"),
  number("samplingRate", "cflow.sampling_interval"),
];

/** Values of tshark that a column need not have, each with the reason. */
const EXCEPTIONS: readonly {
  readonly why: string;
  readonly applies: (name: string, record: Record_) => boolean;
}[] = [
  {
    why: "of an address that is told in both families, the one that is not zero counts",
    applies: (name, record) =>
      record[name] === "0.0.0.0" && ![undefined, "::"].includes(record[`${name}v6`] as string),
  },
  {
    why: "a record that says that 0 packets were sampled does not know",
    applies: (name, record) => name === "cflow.sampling_interval" && record[name] === "0",
  },
  {
    why: "tshark shows uptimes and moments of 0 as 1970: uptimes are dated by the packet, and of " +
      "moments 0 is none",
    applies: (name, record) => String(record[name]).startsWith("Jan  1, 1970 00:00:00.0000000"),
  },
  {
    why: "what a record of IPFIX tells as a moment and as an uptime is dated by the moment",
    applies: (name, record) =>
      name === "cflow.timestart"
        ? record["cflow.abstimestart"] !== undefined
        : name === "cflow.timeend" && record["cflow.abstimeend"] !== undefined,
  },
];

/** Groups with records that came before their template, and how many flows those are. */
const RESUMED: Readonly<Record<string, number>> = {
  "akvorado/data-then-templates": 11,
  "python-netflow/PACKET_V9_TEMPLATE_MIXED": 8,
};

const listOf = (value: Shown): readonly string[] => typeof value === "string" ? [value] : value;

/** The names of tshark whose values columns must have. */
function comparable(record: Record_): { name: string; comparison: Comparison }[] {
  return COMPARISONS.flatMap((comparison) => {
    const name = comparison.names.find((name) =>
      record[name] !== undefined && !EXCEPTIONS.some(({ applies }) => applies(name, record))
    );
    return name === undefined ? [] : [{ name, comparison }];
  });
}

/** Compares a flow with a record; returns what differs. */
function differences(flow: Flow, record: Record_): string[] {
  return comparable(record).flatMap(({ name, comparison }) => {
    const { column, ours, theirs, anyOf } = comparison;
    const shown = listOf(record[name]);
    const got = flow.has(column) ? ours(flow) : undefined;
    const right = (anyOf === undefined ? shown.slice(0, 1) : shown).map(theirs);
    return right.includes(got) ? [] : [`${name} ${shown}: ${column} is ${got}`];
  });
}

let compared = 0;
let keptOctets = 0;

/** The octets that are kept of a flow are those of its fields, and each field is read by its name. */
function compareOctets(flow: Flow, fields: readonly string[]): void {
  const kept = flow.batch.octets?.read(flow.row);
  const { reader } = flow.schema;
  assert(kept !== undefined && reader !== undefined);
  let hex = Array.from(kept, (octet) => octet.toString(16).padStart(2, "0")).join("");
  keptOctets += kept.length;
  for (const [index, field] of fields.entries()) {
    // Before a field of variable length stands its length, in one octet or in three.
    const variable = templateOf(flow.schema)?.template.fields[index].length === VARIABLE_LENGTH;
    if (variable) hex = hex.slice(hex.startsWith("ff") ? 6 : 2);
    assert(hex.startsWith(field), `${field} is not the start of ${hex}`);
    hex = hex.slice(field.length);
  }
  assertEquals(hex, "");
  const names = new Set(reader.names);
  for (const name of names) assert(flow.get(name) !== undefined);
  const object = flow.toObject();
  for (const name of flow.schema.extras) assertEquals(object[name], flow.get(name));
  JSON.stringify(flow);
}

const groups = captureGroups();
for (const group of groups) {
  Deno.test(`columns of ${group.name} have the values that tshark shows`, () => {
    const codecs = { 9: createV9Codec(), 10: createIpfixCodec() };
    const sessions = new Map<string, TemplateSession>();
    const batch = new FlowBatch({
      octets: true,
      extras: [{ name: "samplingRate", kind: "u32" }],
    });
    const found: string[] = [];
    let resumed = 0;
    for (const { expected, octets, exporter } of capturedPackets(group)) {
      const codec = codecs[expected.version as 9 | 10];
      const session = sessions.get(exporter) ?? codec.createSession();
      sessions.set(exporter, session);
      batch.reset();
      const { rows } = codec.decode(inputOf(octets), batch, session);
      const data = (expected.flowsets ?? []).filter(({ type, optionsData, noTemplate }) =>
        type === "data" && !optionsData && !noTemplate
      );
      const own = data.reduce((sum, { raw }) => sum + (raw ?? []).length, 0);
      // What waited for its template comes first.
      let row = rows - own;
      resumed += row;
      for (const { id, raw, agree, records } of data) {
        const start = row;
        row += (raw ?? []).length;
        for (const [index, fields] of (raw ?? []).entries()) {
          compareOctets(batch.flow(start + index), fields);
        }
        if (!agree) continue;
        for (const [index, record] of (records ?? []).entries()) {
          compared += comparable(record).length;
          const where = `${expected.file} ${expected.frame} set ${id} record ${index}`;
          found.push(
            ...differences(batch.flow(start + index), record).map((text) => `${where}: ${text}`),
          );
        }
      }
    }
    assertEquals(found, []);
    assertEquals(resumed, RESUMED[group.name] ?? 0);
  });
}

Deno.test({
  name: "a sampled frame of akvorado/datalink becomes a flow, as its octets read by hand",
  ignore: groups.length === 0,
  fn: () => {
    const codec = createIpfixCodec();
    const session = codec.createSession();
    const batch = new FlowBatch();
    const group = groups.find(({ name }) => name === "akvorado/datalink")!;
    for (const { octets } of capturedPackets(group)) codec.decode(inputOf(octets), batch, session);
    const { srcaddr, srcport, dstaddr, dstport, prot, dOctets, dPkts, input } = batch.flow(0);
    assertEquals([srcaddr, srcport, dstaddr, dstport, prot, dOctets, dPkts, input], [
      "51.51.51.51",
      0xd8cd,
      "52.52.52.52",
      0x2e01,
      17,
      96,
      1,
      582,
    ]);
  },
});

Deno.test({
  name: "columns of captures: the comparison did not come to nothing",
  ignore: groups.length === 0,
  fn: () => {
    assert(compared > 80_000, `${compared} values compared`);
    assert(keptOctets > 300_000, `${keptOctets} octets compared`);
  },
});
