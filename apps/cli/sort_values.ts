import {
  FAMILY_IPV6,
  fieldIndex,
  FLOW_FIELD_NAMES,
  FLOW_FIELDS,
  type FlowBatch,
  type FlowFieldName,
  type FlowSchema,
  uptimeToUnixMs,
} from "@flowtools/flow-model";
import type { FlowRow } from "./flow_rows.ts";
import { expectedWords } from "@flowtools/common/suggest";
import { UsageError } from "@flowtools/common/flags";

/** IPv6 addresses stand behind all of IPv4. */
const IPV6_FROM = 2 ** 32;

/** What flows may be sorted by besides their fields, with the fields it is made from. */
const DERIVED: Readonly<Record<string, readonly FlowFieldName[]>> = {
  octets: ["dOctets"],
  packets: ["dPkts"],
  flows: ["dFlows"],
  duration: ["first", "last"],
  bps: ["dOctets", "first", "last"],
  pps: ["dPkts", "first", "last"],
  bpp: ["dOctets", "dPkts"],
  first: ["unix_secs", "unix_nsecs", "sysUpTime", "first"],
  last: ["unix_secs", "unix_nsecs", "sysUpTime", "last"],
};

/** Everything that flows may be sorted by. */
export const SORT_NAMES: readonly string[] = [
  ...new Set([...Object.keys(DERIVED), ...FLOW_FIELD_NAMES]),
];

/** How flows are to be sorted. */
export interface SortOrder {
  /** The field, or what is made of fields. */
  readonly name: string;
  /** Greatest first. */
  readonly descending: boolean;
}

/**
 * Reads what flows are to be sorted by: a name, with a minus sign for the greatest first.
 *
 * @throws {UsageError} There is no such name
 */
export function parseSortOrder(text: string): SortOrder {
  const descending = text.startsWith("-");
  const name = descending ? text.slice(1) : text;
  if (SORT_NAMES.includes(name)) return { name, descending };
  throw new UsageError(`--sort: there is no "${name}", ${expectedWords(name, SORT_NAMES)}`);
}

/** Whether flows of a shape can be sorted so. */
export function sortsBy(schema: FlowSchema, name: string): boolean {
  return (DERIVED[name] ?? [name]).every((field) => schema.has(field));
}

/**
 * The number that each flow of a batch is sorted by: addresses as numbers, IPv6 ones behind those of
 * IPv4 by their first 52 bits, times in Unix ms.
 */
export function sortValues(batch: FlowBatch, name: string): Float64Array<ArrayBuffer> {
  const values = new Float64Array(batch.length);
  const read = reader(batch, name);
  for (let row = 0; row < values.length; row++) values[row] = read(row);
  return values;
}

/** Whether flows with the same number may differ: addresses. */
export function hasTies(name: string): boolean {
  return FLOW_FIELDS[fieldIndex(name)]?.kind === "address";
}

/**
 * Compares flows whose numbers are equal: IPv6 addresses are longer than these.
 *
 * @returns Below 0, 0, or above 0
 */
export function compareTies(a: FlowRow, b: FlowRow, name: string): number {
  if (!hasTies(name)) return 0;
  const field = fieldIndex(name);
  if (!isWide(a, field) || !isWide(b, field)) return 0;
  const [one, other] = [a.batch.wide(field), b.batch.wide(field)];
  for (let octet = 0; one !== undefined && other !== undefined && octet < 16; octet++) {
    const difference = one[a.row * 16 + octet] - other[b.row * 16 + octet];
    if (difference !== 0) return difference;
  }
  return 0;
}

function isWide({ batch, row }: FlowRow, field: number): boolean {
  return batch.family(field)?.[row] === FAMILY_IPV6;
}

function reader(batch: FlowBatch, name: string): (row: number) => number {
  const field = (wanted: FlowFieldName) => batch.column(wanted) as ArrayLike<number>;
  const rate = (counter: FlowFieldName, factor: number) => {
    const [counts, first, last] = [field(counter), field("first"), field("last")];
    return (row: number) => {
      const ms = (last[row] - first[row]) >>> 0;
      return ms === 0 ? 0 : counts[row] * factor / ms;
    };
  };
  switch (name) {
    case "duration": {
      const [first, last] = [field("first"), field("last")];
      return (row) => (last[row] - first[row]) >>> 0;
    }
    case "bps":
      return rate("dOctets", 8000);
    case "pps":
      return rate("dPkts", 1000);
    case "bpp": {
      const [octets, packets] = [field("dOctets"), field("dPkts")];
      return (row) => packets[row] === 0 ? 0 : octets[row] / packets[row];
    }
    case "first":
    case "last": {
      const [secs, nsecs, uptime] = [field("unix_secs"), field("unix_nsecs"), field("sysUpTime")];
      const stamps = field(name);
      return (row) => uptimeToUnixMs(secs[row], nsecs[row], uptime[row], stamps[row]);
    }
    default: {
      const wanted = DERIVED[name]?.[0] ?? FLOW_FIELDS[fieldIndex(name)].name;
      const column = field(wanted);
      const families = batch.family(wanted);
      const wide = batch.wide(wanted);
      if (families === undefined || wide === undefined) return (row) => column[row];
      const words = new DataView(wide.buffer, wide.byteOffset, wide.byteLength);
      return (row) =>
        families[row] === FAMILY_IPV6
          ? IPV6_FROM + words.getUint32(row * 16) * 2 ** 20 + (words.getUint32(row * 16 + 4) >>> 12)
          : column[row];
    }
  }
}
