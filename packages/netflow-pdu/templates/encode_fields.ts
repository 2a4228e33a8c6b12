import { fieldIndex, FLOW_FIELDS, type FlowFieldName } from "@flowtools/flow-model";
import { NETFLOW9_DISTANCES } from "../elements/netflow9_elements.ts";
import {
  CARRIED_NETFLOW9,
  createElementRegistry,
  type ElementRegistry,
} from "../elements/registry.ts";
import { ELEMENT_COLUMNS } from "./element_columns.ts";

/** A field of a template to be sent. */
export interface WireField {
  /** Who defined the element: 0 for IANA, else a private enterprise number. */
  readonly enterprise: number;
  /** Number of the element. */
  readonly id: number;
  /** Octets in a record, or `VARIABLE_LENGTH`. */
  readonly length: number;
}

/** Elements of IANA that encoders add to records. */
export const ADDED_ELEMENTS = {
  flowSamplerId: 48,
  systemInitTimeMilliseconds: 160,
  selectorId: 302,
} as const;

/** The IANA elements that carry a column. */
export interface ColumnElements {
  /** Of flows of IPv4, and of what has no family. */
  readonly narrow: number;
  /** Of flows of IPv6; the same where the family does not matter. */
  readonly wide: number;
}

/** Columns that a packet header holds. */
const CLOCK_COLUMNS: ReadonlySet<FlowFieldName> = new Set<FlowFieldName>([
  "unix_secs",
  "unix_nsecs",
  "sysUpTime",
]);

/** What decoding reads best is what encoding writes; columns without an element are not there. */
const ELEMENTS: readonly (ColumnElements | undefined)[] = (() => {
  const registry = createElementRegistry();
  return FLOW_FIELDS.map(({ name, kind, informationElements }): ColumnElements | undefined => {
    if (CLOCK_COLUMNS.has(name)) return undefined;
    const rows = ELEMENT_COLUMNS.filter(({ column, conversion }) =>
      column === name && conversion === "copy"
    );
    const ids = rows.length > 0 ? rows.map(({ id }) => id) : [...informationElements];
    if (ids.length === 0) return undefined;
    if (kind === "address") {
      const ofType = (type: string) => ids.find((id) => registry.find(0, id)?.type === type);
      const narrow = ofType("ipv4Address");
      const wide = ofType("ipv6Address");
      return narrow === undefined || wide === undefined ? undefined : { narrow, wide };
    }
    const wide = name === "src_mask" || name === "dst_mask" ? ids[1] : ids[0];
    return { narrow: ids[0], wide };
  });
})();

/**
 * The elements that carry a column.
 *
 * @param field Index in `FLOW_FIELDS`
 * @returns The elements; `undefined` where none does, or the packet header holds the column
 */
export function columnElements(field: number): ColumnElements | undefined {
  return ELEMENTS[field];
}

/** Whether the header of packets holds a column, for all rows of a packet. */
export function isClockColumn(name: FlowFieldName): boolean {
  return CLOCK_COLUMNS.has(name);
}

/** Octets in a record of the columns of each kind; addresses of IPv6 have 16. */
export const COLUMN_OCTETS = { u8: 1, u16: 2, u32: 4, counter: 8, address: 4 } as const;

/** Indexes of the columns that hold moments. */
export const MOMENT_FIELDS: readonly number[] = [fieldIndex("first"), fieldIndex("last")];

/**
 * The element that carries the start or the end of a flow: uptime in NetFlow v9, whose header has the
 * uptime of the exporter, Unix milliseconds in IPFIX.
 */
export function momentField(field: number, version: 9 | 10): WireField {
  const { name } = FLOW_FIELDS[field];
  const conversion = version === 9 ? "copy" : "milliseconds";
  const row = ELEMENT_COLUMNS.find((row) => row.column === name && row.conversion === conversion);
  return { enterprise: 0, id: row?.id ?? 0, length: version === 9 ? 4 : 8 };
}

/** The first id that only NetFlow v9 can have without an enterprise. */
const V9_ONLY_MIN = 32768;
const ID_MAX = 0xffff;

/**
 * The number of an element in NetFlow v9, which has no enterprises.
 *
 * @param enterprise Who defined it
 * @param id Its number there
 * @returns Its number; `undefined` where NetFlow v9 has none
 */
export function v9Number(enterprise: number, id: number): number | undefined {
  if (enterprise === 0) return id;
  const distance = CARRIED_NETFLOW9.get(enterprise) ?? NETFLOW9_DISTANCES.get(enterprise);
  return distance === undefined || id + distance > ID_MAX ? undefined : id + distance;
}

/** The enterprise under which IPFIX carries the ids of NetFlow v9 from 32768 on. */
const CARRIER = [...CARRIED_NETFLOW9].find(([, distance]) => distance === V9_ONLY_MIN)?.[0] ?? 0;

/**
 * The element of IPFIX for a field type of NetFlow v9: that of the enterprise whose it is, where that
 * is known, else one of those that carry field types of NetFlow v9.
 *
 * @param id The field type
 * @param elements Known elements
 * @returns Enterprise and id; `v9Number` gives the field type back
 */
export function ipfixNumber(
  id: number,
  elements: ElementRegistry,
): { readonly enterprise: number; readonly id: number } {
  if (id < V9_ONLY_MIN) return { enterprise: 0, id };
  for (const [enterprise, distance] of NETFLOW9_DISTANCES) {
    const own = id - distance;
    if (own >= 0 && elements.find(enterprise, own) !== undefined) return { enterprise, id: own };
  }
  return { enterprise: CARRIER, id: id - V9_ONLY_MIN };
}
