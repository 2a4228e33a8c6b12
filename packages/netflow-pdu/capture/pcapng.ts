import type { CaptureBuffer } from "./buffer.ts";
import { CaptureError, type CaptureErrorCode } from "./error.ts";
import {
  type CapturedPacket,
  type CaptureSettings,
  checkPacketLength,
  type PacketReader,
} from "./packet.ts";
import { type CaptureInterface, interfaceTime, readInterface } from "./interface.ts";

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Type and length before the body of a block, the length again after it. */
const BLOCK_HEAD_BYTES = 8;
const BLOCK_BYTES_MIN = 12;

/** Bytes that the body of each known block has before its data or options. */
const BODY_BYTES_MIN: ReadonlyMap<number, number> = new Map([
  [SECTION_HEADER, 16],
  [INTERFACE_DESCRIPTION, 8],
  [OLD_PACKET, 20],
  [SIMPLE_PACKET, 4],
  [ENHANCED_PACKET, 20],
]);

/** Byte order of the section that starts here, or `undefined` where none does. */
export function pcapngByteOrder(bytes: Uint8Array): "little" | "big" | undefined {
  if (bytes.length < BLOCK_BYTES_MIN) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, BLOCK_BYTES_MIN);
  if (view.getUint32(0) !== SECTION_HEADER) return undefined;
  if (view.getUint32(8, true) === BYTE_ORDER_MAGIC) return "little";
  return view.getUint32(8) === BYTE_ORDER_MAGIC ? "big" : undefined;
}

/** Whether the file starts as only pcapng files do, as far as four bytes can tell. */
export function startsSection(bytes: Uint8Array): boolean {
  // The type of the section header reads the same in both byte orders.
  return bytes.length >= 4 && bytes[0] === 0x0a && bytes[1] === 0x0d && bytes[2] === 0x0d &&
    bytes[3] === 0x0a;
}

/** Reads the packets of a pcapng file. */
export class PcapngReader implements PacketReader {
  readonly #settings: CaptureSettings;
  #littleEndian = true;
  #interfaces: CaptureInterface[] = [];
  #block = 0;
  #frame = 0;
  #offset = 0;

  /** Makes a reader; it starts at the first section header. */
  constructor(settings: CaptureSettings) {
    this.#settings = settings;
  }

  /** What stands at the next byte, for the error about a file that ends there. */
  get next(): string {
    return `block ${this.#block + 1}`;
  }

  /** The next packet, or `undefined` where its block is not all there. */
  read(buffer: CaptureBuffer): CapturedPacket | undefined {
    while (buffer.has(BLOCK_BYTES_MIN)) {
      this.#offset = buffer.offset;
      const type = this.#readType(buffer);
      const length = buffer.view(BLOCK_BYTES_MIN).getUint32(4, this.#littleEndian);
      this.#checkBlockLength(type, length);
      if (!buffer.has(length)) return undefined;
      const block = buffer.peek(length);
      const trailer = buffer.view(length).getUint32(length - 4, this.#littleEndian);
      if (trailer !== length) {
        this.#fail(
          "bad-block-length",
          `${length} bytes at both ends`,
          `${trailer} bytes at its end`,
          `says ${length} bytes at its start and ${trailer} at its end`,
        );
      }
      const packet = this.#readBody(type, block.subarray(BLOCK_HEAD_BYTES, length - 4));
      buffer.advance(length);
      this.#block++;
      if (packet !== undefined) return packet;
    }
    return undefined;
  }

  /** The type of the next block. A section header sets the byte order before its length is read. */
  #readType(buffer: CaptureBuffer): number {
    const bytes = buffer.peek(BLOCK_BYTES_MIN);
    if (!startsSection(bytes)) return buffer.view(4).getUint32(0, this.#littleEndian);
    const order = pcapngByteOrder(bytes);
    if (order === undefined) {
      const got = buffer.view(BLOCK_BYTES_MIN).getUint32(8).toString(16).padStart(8, "0");
      this.#fail(
        "bad-byte-order",
        "byte-order magic 1a2b3c4d or 4d3c2b1a",
        `byte-order magic ${got}`,
        `has the byte-order magic ${got}, expected 1a2b3c4d or 4d3c2b1a`,
      );
    }
    this.#littleEndian = order === "little";
    return SECTION_HEADER;
  }

  #checkBlockLength(type: number, length: number): void {
    const min = BLOCK_BYTES_MIN + (BODY_BYTES_MIN.get(type) ?? 0);
    const max = this.#settings.limits.blockBytes;
    const got = `${length} bytes`;
    if (length < min) {
      const state = `of type ${type} says ${length} bytes, needs at least ${min}`;
      this.#fail("bad-block-length", `at least ${min} bytes`, got, state);
    }
    if (length > max) {
      const state = `of type ${type} says ${length} bytes, limit is ${max}`;
      this.#fail("bad-block-length", `at most ${max} bytes`, got, state);
    }
    if (length % 4 !== 0) {
      const state = `of type ${type} says ${length} bytes, which is not a multiple of 4`;
      this.#fail("bad-block-length", "a multiple of 4", got, state);
    }
  }

  /** Takes in one block; the packet where it is one. Blocks of other types are passed over. */
  #readBody(type: number, body: Uint8Array): CapturedPacket | undefined {
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    switch (type) {
      case SECTION_HEADER:
        this.#startSection(view);
        return undefined;
      case INTERFACE_DESCRIPTION:
        this.#addInterface(body);
        return undefined;
      case OLD_PACKET:
        return this.#readTimedPacket(body, view, view.getUint16(0, this.#littleEndian));
      case ENHANCED_PACKET:
        return this.#readTimedPacket(body, view, view.getUint32(0, this.#littleEndian));
      case SIMPLE_PACKET:
        return this.#readSimplePacket(body, view);
      default:
        return undefined;
    }
  }

  #startSection(view: DataView): void {
    const major = view.getUint16(4, this.#littleEndian);
    if (major !== 1) {
      const state = `says pcapng version ${major}, only version 1 is known`;
      this.#fail("unsupported-version", "pcapng version 1", `pcapng version ${major}`, state);
    }
    this.#interfaces = [];
  }

  #addInterface(body: Uint8Array): void {
    const max = this.#settings.limits.interfaces;
    if (this.#interfaces.length >= max) {
      const state = `describes interface ${max} of its section, limit is ${max} interfaces`;
      this.#fail("too-many-interfaces", `at most ${max}`, `${max + 1}`, state);
    }
    const found = readInterface(body, this.#littleEndian);
    if (found === undefined) {
      const state = "has an option that passes its end or has a wrong length";
      this.#fail("bad-option", "options within the block", "an option beyond it", state);
    }
    this.#interfaces.push(found);
  }

  /** Enhanced and old packet blocks differ only in the width of the interface number. */
  #readTimedPacket(body: Uint8Array, view: DataView, id: number): CapturedPacket {
    const found = this.#interface(id);
    const high = view.getUint32(4, this.#littleEndian);
    const low = view.getUint32(8, this.#littleEndian);
    const captured = view.getUint32(12, this.#littleEndian);
    this.#checkPacket(captured, body.length - 20);
    return {
      frame: ++this.#frame,
      timeMs: interfaceTime(found, high, low),
      linkType: found.linkType,
      bytes: body.subarray(20, 20 + captured),
      cut: captured < view.getUint32(16, this.#littleEndian),
    };
  }

  /** A simple packet block says only how long the packet was; the interface says where it was cut. */
  #readSimplePacket(body: Uint8Array, view: DataView): CapturedPacket {
    const found = this.#interface(0);
    const original = view.getUint32(0, this.#littleEndian);
    const captured = found.snapLength === 0 ? original : Math.min(original, found.snapLength);
    this.#checkPacket(captured, body.length - 4);
    return {
      frame: ++this.#frame,
      timeMs: 0,
      linkType: found.linkType,
      bytes: body.subarray(4, 4 + captured),
      cut: captured < original,
    };
  }

  #interface(id: number): CaptureInterface {
    const found = this.#interfaces[id];
    if (found !== undefined) return found;
    const count = this.#interfaces.length;
    const state = `is from interface ${id}, its section has described ${count}`;
    return this.#fail("unknown-interface", `below ${count}`, `interface ${id}`, state);
  }

  #checkPacket(captured: number, room: number): void {
    checkPacketLength(captured, this.#frame + 1, this.#offset, this.#settings);
    if (captured <= room) return;
    const state = `says its packet has ${captured} bytes, has room for ${room}`;
    this.#fail("bad-packet-length", `at most ${room} bytes`, `${captured} bytes`, state);
  }

  /** Throws about the block that is being read. */
  #fail(code: CaptureErrorCode, expected: string, got: string, state: string): never {
    throw new CaptureError({
      code,
      source: this.#settings.source,
      offset: this.#offset,
      expected,
      got,
      state: `${this.next} at byte ${this.#offset} ${state}`,
    });
  }
}
