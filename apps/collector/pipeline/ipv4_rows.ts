import { FAMILY_IPV6, type FlowBatch } from "@flowtools/flow-model";

/**
 * Gives out those of some rows that a flow-tools record can hold: it has room for IPv4 only.
 *
 * @param batch The flows
 * @param from First row
 * @param to Row behind the last
 * @param take Called for each run of rows whose source and destination are not IPv6, in order
 * @returns Rows that were left out
 */
export function takeIPv4Rows(
  batch: FlowBatch,
  from: number,
  to: number,
  take: (from: number, to: number) => void,
): number {
  const source = batch.family("srcaddr");
  const destination = batch.family("dstaddr");
  if (source === undefined && destination === undefined) {
    take(from, to);
    return 0;
  }
  let left = 0;
  let start = from;
  for (let row = from; row < to; row++) {
    if (source?.[row] !== FAMILY_IPV6 && destination?.[row] !== FAMILY_IPV6) continue;
    left++;
    if (row > start) take(start, row);
    start = row + 1;
  }
  if (to > start) take(start, to);
  return left;
}
