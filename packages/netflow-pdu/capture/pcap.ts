import type { CaptureBuffer } from "./buffer.ts";
import { CaptureError } from "./error.ts";
import {
  type CapturedPacket,
  type CaptureSettings,
  checkPacketLength,
  type PacketReader,
} from "./packet.ts";

/** What the first four bytes of a pcap file tell. */
export interface PcapVariant {
  /** Byte order of every header in the file. */
  readonly littleEndian: boolean;
  /** How the fraction of a second counts. */
  readonly ticksPerMs: number;
  /** Bytes before each packet. */
  readonly packetHeaderBytes: number;
}

/** The magic numbers; 0xa1b2cd34 is Alexey Kuznetsov's, with 8 bytes more before each packet. */
const MAGICS: readonly (readonly [magic: number, ticksPerMs: number, packetHeaderBytes: number])[] =
  [[0xa1b2c3d4, 1e3, 16], [0xa1b23c4d, 1e6, 16], [0xa1b2cd34, 1e3, 24]];

const FILE_HEADER_BYTES = 24;

/** The variant of pcap that the first four bytes name, if any. */
export function pcapVariant(bytes: Uint8Array): PcapVariant | undefined {
  if (bytes.length < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
  for (const littleEndian of [true, false]) {
    const found = view.getUint32(0, littleEndian);
    for (const [magic, ticksPerMs, packetHeaderBytes] of MAGICS) {
      if (found === magic) return { littleEndian, ticksPerMs, packetHeaderBytes };
    }
  }
  return undefined;
}

/** Reads the packets of a pcap file. */
export class PcapReader implements PacketReader {
  readonly #variant: PcapVariant;
  readonly #settings: CaptureSettings;
  #linkType: number | undefined;
  #frame = 0;

  /** Makes a reader; it starts at the file header, magic number included. */
  constructor(variant: PcapVariant, settings: CaptureSettings) {
    this.#variant = variant;
    this.#settings = settings;
  }

  /** What stands at the next byte, for the error about a file that ends there. */
  get next(): string {
    return this.#linkType === undefined ? "the file header" : `packet ${this.#frame + 1}`;
  }

  /** The next packet, or `undefined` where its bytes are not all there. */
  read(buffer: CaptureBuffer): CapturedPacket | undefined {
    const linkType = this.#linkType ??= this.#readFileHeader(buffer);
    if (linkType === undefined) return undefined;
    const { littleEndian, ticksPerMs, packetHeaderBytes } = this.#variant;
    if (!buffer.has(packetHeaderBytes)) return undefined;
    const view = buffer.view(packetHeaderBytes);
    const captured = view.getUint32(8, littleEndian);
    checkPacketLength(captured, this.#frame + 1, buffer.offset, this.#settings);
    if (!buffer.has(packetHeaderBytes + captured)) return undefined;
    const bytes = buffer.peek(packetHeaderBytes + captured).subarray(packetHeaderBytes);
    buffer.advance(packetHeaderBytes + captured);
    return {
      frame: ++this.#frame,
      timeMs: view.getUint32(0, littleEndian) * 1000 + view.getUint32(4, littleEndian) / ticksPerMs,
      linkType,
      bytes,
      cut: captured < view.getUint32(12, littleEndian),
    };
  }

  /** The link type of all packets, or `undefined` where the header is not all there. */
  #readFileHeader(buffer: CaptureBuffer): number | undefined {
    if (!buffer.has(FILE_HEADER_BYTES)) return undefined;
    const view = buffer.view(FILE_HEADER_BYTES);
    const major = view.getUint16(4, this.#variant.littleEndian);
    if (major !== 2) {
      throw new CaptureError({
        code: "unsupported-version",
        source: this.#settings.source,
        offset: 4,
        expected: "pcap version 2",
        got: `pcap version ${major}`,
        state: `the file header says pcap version ${major}, only version 2 is known`,
      });
    }
    buffer.advance(FILE_HEADER_BYTES);
    // The upper half may hold the length of the frame check sequence, which IP lengths cut off anyway.
    return view.getUint32(20, this.#variant.littleEndian) & 0xffff;
  }
}
