import type { FlowFieldName } from "@flowtools/flow-model";
import type { RowTest } from "../filter/narrow.ts";
import { TABLE_16, TableTest } from "../filter/narrow_table.ts";
import type { FlowFilter } from "../filter/flow_filter.ts";
import { type AddressRange, shownAddresses } from "./address_values.ts";
import { type FlagMatch, flagTable, showFlags } from "./flag_values.ts";
import { AddressTest, FamilyTest } from "./narrow_addresses.ts";
import { BytesTest } from "./narrow_bytes.ts";
import { ElementTest, type ValueTest } from "./narrow_elements.ts";
import { AndTest, EitherTest, NotTest, OrTest, PresentTest, SchemaTest } from "./narrow_logic.ts";
import { eitherNumberTest, numberTest } from "./narrow_ranges.ts";
import type { NumberSource } from "./number_sources.ts";
import type { Range } from "./ranges.ts";
import type { AddressEnd, NumberEnd } from "./subjects.ts";
import type { ReadNumbers } from "./value_reader.ts";

/** The test of a condition, what records need for it, and how it was understood. */
export interface Built {
  readonly test: RowTest;
  readonly alternatives: readonly (readonly string[])[];
  readonly shown: string;
  /** Whether it reads elements out of the octets of records. */
  readonly octets?: boolean;
}

/** Whether both ends of a flow have to fit, or one. */
export type Joint = "and" | "or";

const ICMP: readonly Range<number>[] = [{ low: 1, high: 1 }, { low: 58, high: 58 }];
const TCP: readonly Range<number>[] = [{ low: 6, high: 6 }];

/** Numbers in ranges. */
export function buildNumbers(
  ends: readonly NumberEnd[],
  joint: Joint,
  { ranges, shown }: ReadNumbers,
): Built {
  const tests = numberTests(ends, ranges);
  const fields = ends.map(({ source }) => wholeField(source));
  return {
    ...join(tests, joint, () => eitherOf(fields, ranges)),
    shown,
  };
}

/** An element of records that passes a test. */
export function buildElement(element: string, passes: ValueTest, shown: string): Built {
  return {
    test: new ElementTest([element], passes),
    alternatives: [[element]],
    shown,
    octets: true,
  };
}

/** The tests of numbers at some ends. */
export function numberTests(
  ends: readonly NumberEnd[],
  ranges: readonly Range<number>[],
): PresentTest[] {
  return ends.map(({ source, needs }) => present(numberTest(source, ranges), needs));
}

/** Addresses in ranges. */
export function buildAddresses(
  ends: readonly AddressEnd[],
  joint: Joint,
  addresses: readonly AddressRange[],
): Built {
  const ipv4 = addresses.filter(({ family }) => family === 4)
    .map(({ low, high }) => ({ low: Number(low), high: Number(high) }));
  const ipv6 = addresses.filter(({ family }) => family === 6);
  const tests = ends.map(({ field }) => present(new AddressTest(field, { ipv4, ipv6 })));
  return {
    ...join(tests, joint, () => eitherOf(ends.map(({ field }) => field), ipv4)),
    shown: shownAddresses(addresses),
  };
}

/** TCP flags. */
export function buildFlags(matches: readonly FlagMatch[]): Built {
  const flags = new TableTest("tcp_flags", flagTable(TABLE_16, matches), 0);
  return { ...tcpOnly(flags), shown: `= ${matches.map(showFlags).join(", ")}` };
}

/** The type or the code of ICMP messages, which records keep as their destination port. */
export function buildIcmp(
  { ranges, shown }: ReadNumbers,
  shift: number,
): Built {
  const source: NumberSource = { kind: "field", field: "dstport", bits: { shift, mask: 0xff } };
  return { ...protocolOnly(ICMP, numberTest(source, ranges)), shown };
}

/** Flows of one protocol. */
export function buildProtocol(protocol: number): Built {
  const ranges = [{ low: protocol, high: protocol }];
  const test = present(numberTest({ kind: "field", field: "prot" }, ranges));
  return { test, alternatives: [test.needs], shown: "" };
}

/** Flows of one address family. */
export function buildFamily(family: 4 | 6): Built {
  const fields = ["srcaddr", "dstaddr"] as const satisfies readonly FlowFieldName[];
  const wide = new FamilyTest(fields);
  const addressed = new SchemaTest((schema) => fields.some((name) => schema.has(name)));
  return {
    test: new AndTest([addressed, family === 6 ? wide : new NotTest(wide)]),
    alternatives: fields.map((name) => [name]),
    shown: "",
  };
}

/** Records of some versions: a number, and the aggregation where only one is meant. */
export function buildVersions(versions: readonly string[]): Built {
  const test = new SchemaTest(({ version, label }) =>
    versions.includes(String(version)) || versions.includes(label.slice(1))
  );
  return { test, alternatives: [], shown: `= ${versions.join(", ")}` };
}

/** Octets of a further column. */
export function buildBytes(element: string, wanted: readonly Uint8Array[], shown: string): Built {
  const test = present(new BytesTest(element, wanted), [element]);
  return { test, alternatives: [[element]], shown };
}

/** A filter of a configuration. */
export function buildFilter(filter: FlowFilter, name: string): Built {
  const test = present({
    fields: filter.columns,
    narrow: (batch, rows, count) => filter.narrow(batch, rows, count),
  });
  return { test, alternatives: [test.needs], shown: name };
}

function present(test: RowTest, needs?: readonly string[]): PresentTest {
  return new PresentTest(test, needs);
}

function tcpOnly(test: RowTest): Pick<Built, "test" | "alternatives"> {
  return protocolOnly(TCP, test);
}

function protocolOnly(
  protocols: readonly Range<number>[],
  test: RowTest,
): Pick<Built, "test" | "alternatives"> {
  const protocol = numberTest({ kind: "field", field: "prot" }, protocols);
  const both = present(new AndTest([protocol, test]));
  return { test: both, alternatives: [both.needs] };
}

/** Joins the tests of the ends of flows. */
function join(
  tests: readonly PresentTest[],
  joint: Joint,
  both: () => RowTest | undefined,
): Pick<Built, "test" | "alternatives"> {
  const [first] = tests;
  if (tests.length === 1) return { test: first, alternatives: [first.needs] };
  if (joint === "and") {
    return { test: new AndTest(tests), alternatives: [tests.flatMap(({ needs }) => needs)] };
  }
  const inOne = both();
  return {
    test: inOne === undefined ? new OrTest(tests) : new EitherTest(tests, inOne),
    alternatives: tests.map(({ needs }) => needs),
  };
}

function eitherOf(
  fields: readonly (FlowFieldName | undefined)[],
  ranges: readonly Range<number>[],
): RowTest | undefined {
  const [one, other] = fields;
  if (one === undefined || other === undefined) return undefined;
  return eitherNumberTest(one, other, ranges);
}

/** The field that a number is, where it is all of one. */
function wholeField(source: NumberSource): FlowFieldName | undefined {
  return source.kind === "field" && source.bits === undefined ? source.field : undefined;
}
