import type { FlowFieldName } from "@flowtools/flow-model";
import { parseNumberList, scanUnsigned } from "../config/numbers.ts";
import { FlowFilter } from "./flow_filter.ts";
import type { RowTest } from "./narrow.ts";
import { type MaskLine, MaskTest, NumberSet, SetTest } from "./narrow_set.ts";
import { TABLE_16, TABLE_8, TableTest, TcpFlagsTest } from "./narrow_table.ts";

/** The lists of {@linkcode createListFilter}: each names the numbers that pass. */
export interface ListFilterOptions {
  /** Input interfaces, such as `1-5,9`. */
  readonly input?: string;
  /** Output interfaces. */
  readonly output?: string;
  /** Source ports. */
  readonly sourcePort?: string;
  /** Destination ports. */
  readonly destinationPort?: string;
  /** Protocols. */
  readonly protocol?: string;
  /** Source AS numbers. */
  readonly sourceAs?: string;
  /** Destination AS numbers. */
  readonly destinationAs?: string;
  /** Types of service; behind a slash the bits that count, as in `0x20/0xe0`. */
  readonly tos?: string;
  /** TCP flags, as `tos`; flows of other protocols are not asked. */
  readonly tcpFlags?: string;
  /** Address of the exporter, as a number. */
  readonly exporter?: number;
  /** Next hops, by a standard access list. */
  readonly nexthopList?: readonly MaskLine[];
  /** Sources, by a standard access list. */
  readonly sourceList?: readonly MaskLine[];
  /** Destinations, by a standard access list. */
  readonly destinationList?: readonly MaskLine[];
  /** Flows, by an extended access list: `AccessLists.extended()`. */
  readonly extendedList?: RowTest;
  /** One of the lists is enough; without any list then, no flow passes. */
  readonly any?: boolean;
}

/** Lists of plain numbers: option, field, and how many numbers there are. */
const NUMBER_LISTS: readonly (readonly [
  keyof ListFilterOptions & ("input" | "output" | "protocol" | `${string}Port` | `${string}As`),
  FlowFieldName,
  number,
])[] = [
  ["input", "input", TABLE_16],
  ["output", "output", TABLE_16],
  ["sourcePort", "srcport", TABLE_16],
  ["destinationPort", "dstport", TABLE_16],
  ["protocol", "prot", TABLE_8],
  ["sourceAs", "src_as", TABLE_16],
  ["destinationAs", "dst_as", TABLE_16],
];

/** Access lists: option and field. */
const ACCESS_LISTS = [
  ["nexthopList", "nexthop"],
  ["sourceList", "srcaddr"],
  ["destinationList", "dstaddr"],
] as const satisfies readonly (readonly [keyof ListFilterOptions, FlowFieldName])[];

/**
 * Makes a filter of lists of numbers, as `flow-filter` has them: `1-15`, `1,15`, `!1,15`.
 *
 * Source: flow-tools `flow-filter.c`.
 *
 * @param options The lists
 * @returns The filter
 * @throws {RangeError} A number is out of range
 *
 * @example
 * ```ts
 * import { createListFilter } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const filter = createListFilter({ destinationPort: "80,443", protocol: "6" });
 * assertEquals(filter.columns, ["dstport", "prot"]);
 * ```
 */
export function createListFilter(options: ListFilterOptions): FlowFilter {
  const tests: RowTest[] = [];
  for (const [option, field, size] of NUMBER_LISTS) {
    const list = options[option];
    if (list === undefined) continue;
    const table = listTable(list, size);
    // Interfaces and AS numbers of 32 bits are in no list, unless all but a few are meant.
    tests.push(new TableTest(field, table, list.trimStart().startsWith("!") ? 1 : 0));
  }
  const { exporter, tos, tcpFlags, extendedList, any = false } = options;
  if (exporter !== undefined) {
    const set = new NumberSet([{ value: exporter, length: 32, passes: true }], false);
    tests.push(new SetTest("exaddr", set));
  }
  if (tos !== undefined) tests.push(new TableTest("tos", maskedTable(tos, TABLE_8), 0));
  if (tcpFlags !== undefined) {
    tests.push(new TcpFlagsTest(maskedTable(tcpFlags, TABLE_16), any ? 0 : 1));
  }
  for (const [option, field] of ACCESS_LISTS) {
    const lines = options[option];
    if (lines !== undefined) tests.push(new MaskTest(field, lines, false));
  }
  if (extendedList !== undefined) tests.push(extendedList);
  return new FlowFilter(any ? tests.map((test) => [test]) : [tests], false);
}

/** Which numbers below a size a list names. */
function listTable(list: string, size: number): Uint8Array {
  const { inverted, ranges } = parseNumberList(list, size);
  const table = new Uint8Array(size).fill(inverted ? 1 : 0);
  for (const { from, to } of ranges) table.fill(inverted ? 0 : 1, from, to + 1);
  return table;
}

/** Which values pass a list with a mask: `LIST/MASK`. */
function maskedTable(text: string, size: number): Uint8Array {
  const [list, mask] = text.split("/", 2);
  const bits = mask === undefined ? 0xff : scanUnsigned(mask) & 0xff;
  const table = listTable(list, TABLE_16);
  return Uint8Array.from({ length: size }, (_, value) => table[value & bits]);
}
