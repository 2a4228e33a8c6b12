import type { FlowBatch } from "@flowtools/flow-model";
import type { PduCodec, PduHeader } from "./codec.ts";

/**
 * Writes rows of a batch as one packet.
 *
 * Version, count and aggregation are set by the codec. Header fields that are not given come from
 * the columns of the first row (`unix_secs`, `unix_nsecs`, `sysUpTime`, `engine_type`,
 * `engine_id`), `agg_version` is 2, everything else and all reserved bytes are 0. Rows that are to
 * share a packet should share those columns.
 *
 * Versions with addresses of four octets leave flows of IPv6 out and count them in `misfits`;
 * `writableRuns` tells beforehand which. NetFlow v9 and IPFIX packets bring the templates along that
 * they need; `TemplateEncoder` sends templates now and then instead.
 *
 * @param codec The version to write
 * @param batch The flows
 * @param from First row
 * @param count Rows, 1 to `codec.maxRecords`
 * @param header Header fields; values above their width wrap
 * @param misfits Told, per field, how many values did not fit and were replaced
 * @returns The packet
 * @throws {RangeError} The rows are too many for one packet, the batch does not have them, or none of
 * them has a place
 * @throws {FlowAttributeError} The batch does not keep a column that the records need
 *
 * @example
 * ```ts
 * import { encodePdu, V5_CODEC } from "@flowtools/netflow-pdu";
 * import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const batch = new FlowBatch();
 * batch.append(new FlowSchema({ version: 5, fields: ["dOctets"] }), { dOctets: 2 ** 40 });
 *
 * const misfits = new Map();
 * assertEquals(encodePdu(V5_CODEC, batch, 0, 1, { sequence: 9 }, misfits).length, 72);
 * assertEquals(misfits.get("dOctets"), 1);
 * assertThrows(() => encodePdu(V5_CODEC, batch, 0, 31), RangeError);
 * ```
 */
export function encodePdu(
  codec: PduCodec,
  batch: FlowBatch,
  from: number,
  count: number,
  header: Partial<PduHeader> = {},
  misfits?: Map<string, number>,
): Uint8Array<ArrayBuffer> {
  return codec.encode(batch, from, count, header, misfits);
}
