import type { FlowBatch } from "@flowtools/flow-model";
import type { PduHeader } from "../codec.ts";
import type { ElementRegistry } from "../elements/registry.ts";
import type { HeaderLayout } from "../header_layout.ts";
import { ENCODE_OCTETS_MAX } from "./encode_limits.ts";
import { RowPacker } from "./encode_rows.ts";

/** The version that a packet is of. */
export interface OnePacketInit {
  /** Export version. */
  readonly version: 9 | 10;
  /** Its name for people. */
  readonly title: string;
  /** The header of its packets. */
  readonly header: HeaderLayout;
  /** Known elements. */
  readonly elements: ElementRegistry;
}

/**
 * Writes rows as one packet that brings all templates along that it needs: `PduCodec.encode` of the
 * versions with templates.
 *
 * @param init The version
 * @param batch The flows
 * @param from First row
 * @param count Rows
 * @param given Header fields; the clock comes from the first row where it is not given
 * @param misfits Told, per field, how many values could not be held
 * @returns The packet
 * @throws {RangeError} The rows are too many for one packet, or the batch does not have them
 * @throws {FlowAttributeError} The batch does not keep a column that the records need
 */
export function encodeOnePacket(
  { version, title, header, elements }: OnePacketInit,
  batch: FlowBatch,
  from: number,
  count: number,
  given: Partial<PduHeader>,
  misfits: Map<string, number> = new Map(),
): Uint8Array<ArrayBuffer> {
  if (!(count >= 1 && from >= 0 && from + count <= batch.length)) {
    throw new RangeError(
      `Cannot encode ${title} PDU: asked for rows ${from} to ${from + count - 1}, ` +
        `batch has ${batch.length}`,
    );
  }
  const packets: Uint8Array<ArrayBuffer>[] = [];
  const packer = new RowPacker({
    version,
    header,
    octetsMax: ENCODE_OCTETS_MAX,
    resendPackets: Infinity,
    resendMs: Infinity,
    domain: given.source_id ?? 0,
    sequence: given.sequence ?? 0,
    exporters: true,
    octets: true,
    splitClocks: false,
    elements,
    origin: undefined,
    lost: misfits,
    take: (packet) => packets.push(packet),
  });
  const first = (name: "unix_secs" | "sysUpTime") =>
    batch.hasColumn(name) ? batch.column(name)[from] : 0;
  if (given.unix_secs !== undefined || given.sysUpTime !== undefined) {
    packer.fixClock(given.unix_secs ?? first("unix_secs"), given.sysUpTime ?? first("sysUpTime"));
  }
  packer.add(batch, from, count, 0);
  packer.flush();
  if (packets.length !== 1 || packer.refused > 0) {
    throw new RangeError(
      `Cannot encode ${title} PDU: ${count} records do not fit in one packet ` +
        `of ${ENCODE_OCTETS_MAX} bytes and one clock`,
    );
  }
  return packets[0];
}
