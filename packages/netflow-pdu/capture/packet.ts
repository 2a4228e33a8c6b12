import type { CaptureLimits } from "./limits.ts";
import type { CaptureBuffer } from "./buffer.ts";
import { CaptureError } from "./error.ts";

/** One packet as the capture file has it. */
export interface CapturedPacket {
  /** The number of the packet in the file, from 1. */
  readonly frame: number;
  /** Unix milliseconds; 0 where the file has no time. */
  readonly timeMs: number;
  /** What the bytes start with, a LINKTYPE_ number. */
  readonly linkType: number;
  /** The bytes that were captured. */
  readonly bytes: Uint8Array;
  /** Whether the packet had more bytes on the wire. */
  readonly cut: boolean;
}

/** What the readers of both file formats share. */
export interface CaptureSettings {
  /** The name of the capture, for errors. */
  readonly source?: string;
  /** How much the capture may ask. */
  readonly limits: CaptureLimits;
}

/** Takes packets from the bytes of one file format. */
export interface PacketReader {
  /** The next packet, or `undefined` where its bytes are not all there. */
  read(buffer: CaptureBuffer): CapturedPacket | undefined;
  /** What stands at the next byte, for the error about a file that ends there. */
  readonly next: string;
}

/** Throws where a packet is longer than the limit. */
export function checkPacketLength(
  length: number,
  frame: number,
  offset: number,
  settings: CaptureSettings,
): void {
  const limit = settings.limits.packetBytes;
  if (length <= limit) return;
  throw new CaptureError({
    code: "packet-too-long",
    source: settings.source,
    offset,
    expected: `at most ${limit} bytes`,
    got: `${length} bytes`,
    state: `packet ${frame} at byte ${offset} says ${length} bytes, limit is ${limit}`,
  });
}
