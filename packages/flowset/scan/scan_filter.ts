import type { NumberList } from "../config/numbers.ts";

/** Numbers of interfaces. */
const INTERFACES = 65_536;

/** Which flows a {@linkcode ScanDetector} leaves out. */
export interface ScanFilterOptions {
  /** Only flows that came in on these interfaces. */
  readonly inputs?: NumberList;
  /** Only flows that went out on these interfaces. */
  readonly outputs?: NumberList;
  /** No flows from or to multicast addresses. */
  readonly skipMulticast?: boolean;
  /** No answers of web servers: TCP from port 80 to a port above 1023. */
  readonly skipInboundWeb?: boolean;
  /** No requests to web servers: TCP from a port above 1023 to port 80. */
  readonly skipOutboundWeb?: boolean;
}

/** A table that tells of each number whether it is listed. */
export function listTable(list: NumberList | undefined): Uint8Array | undefined {
  if (list === undefined) return undefined;
  const listed = list.inverted ? 0 : 1;
  const table = new Uint8Array(INTERFACES).fill(1 - listed);
  for (const { from, to } of list.ranges) table.fill(listed, from, to + 1);
  return table;
}

/** Whether an address is in 224.0.0.0/4. */
export function isMulticast(address: number): boolean {
  return address >>> 28 === 14;
}
