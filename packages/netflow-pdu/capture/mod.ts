/**
 * Packet captures (pcap and pcapng) as UDP datagrams: what a collector would have received.
 *
 * Bytes in, datagrams out: no file is opened here, and chunks may have any size.
 *
 * ```ts
 * import { CaptureDecoder } from "@flowtools/netflow-pdu/capture";
 * import { assertEquals } from "@std/assert";
 *
 * // A pcap file of raw IP (link type 101) without packets.
 * const header = new Uint8Array(24);
 * header.set([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
 * header[20] = 101;
 *
 * const decoder = new CaptureDecoder({ source: "empty.pcap" });
 * for (const chunk of [header.subarray(0, 10), header.subarray(10)]) {
 *   decoder.push(chunk);
 *   for (let datagram; (datagram = decoder.read()) !== undefined;) console.log(datagram.source);
 * }
 * decoder.finish();
 * assertEquals(decoder.skipped.size, 0);
 * ```
 *
 * @module
 */
import { CaptureBuffer } from "./buffer.ts";
import { CaptureError } from "./error.ts";
import { Reassembly } from "./fragments.ts";
import { readIp, readUdp, skipExtensions } from "./ip.ts";
import { CAPTURE_LIMITS, type CaptureLimits } from "./limits.ts";
import { findIp } from "./link.ts";
import type { CapturedPacket, CaptureSettings, PacketReader } from "./packet.ts";
import { PcapReader, pcapVariant } from "./pcap.ts";
import { pcapngByteOrder, PcapngReader, startsSection } from "./pcapng.ts";
import { type CaptureSkipReason, countSkip, type SkipCounts } from "./skip.ts";

export { CaptureError, type CaptureErrorCode, type CaptureFault } from "./error.ts";
export { CAPTURE_LIMITS, type CaptureLimits } from "./limits.ts";
export type { CaptureSkipReason } from "./skip.ts";

/** One UDP datagram of a capture. */
export interface CapturedDatagram {
  /** The number of the packet in the file, from 1; of the packet that completes a fragmented datagram. */
  readonly frame: number;
  /** When it was captured: Unix milliseconds, with a fraction; 0 where the file does not say. */
  readonly timeMs: number;
  /** The IP address of the sender, as text. */
  readonly source: string;
  /** The UDP port of the sender. */
  readonly sourcePort: number;
  /** The IP address of the receiver, as text. */
  readonly destination: string;
  /** The UDP port of the receiver. */
  readonly destinationPort: number;
  /** What was captured of the payload: a view of the pushed chunk where possible, so no copy. */
  readonly payload: Uint8Array;
  /** Whether the payload was longer on the wire: the capture cut it, or its UDP header lies. */
  readonly truncated: boolean;
}

/** How a capture is read. */
export interface CaptureOptions {
  /** The name of the capture, for errors. */
  readonly source?: string;
  /** Limits other than {@linkcode CAPTURE_LIMITS}. */
  readonly limits?: Partial<CaptureLimits>;
}

/** Bytes that tell the file formats apart. */
const MAGIC_BYTES = 4;

/**
 * Whether bytes start like a packet capture: pcap in its six spellings, or pcapng.
 *
 * @param bytes The start of a file; 12 bytes are enough
 * @returns Whether {@linkcode CaptureDecoder} would start to read it
 *
 * @example
 * ```ts
 * import { isCapture } from "@flowtools/netflow-pdu/capture";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isCapture(new Uint8Array([0xa1, 0xb2, 0xc3, 0xd4])));
 * assertFalse(isCapture(new Uint8Array([0, 5, 0, 1])));
 * ```
 */
export function isCapture(bytes: Uint8Array): boolean {
  return pcapVariant(bytes) !== undefined || pcapngByteOrder(bytes) !== undefined;
}

/**
 * Reads the UDP datagrams of a whole capture.
 *
 * Packets without a UDP datagram are passed over; {@linkcode CaptureDecoder} counts them.
 *
 * @param bytes The capture file
 * @param options Its name and other limits
 * @returns The datagrams in the order in which they became complete
 * @throws {CaptureError} After the last whole packet, where the capture is damaged or cut short
 *
 * @example
 * ```ts
 * import { readCapture } from "@flowtools/netflow-pdu/capture";
 * import { assertEquals } from "@std/assert";
 *
 * // deno-fmt-ignore
 * const capture = new Uint8Array([
 *   0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 101,
 *   0, 0, 0, 1, 0, 7, 0xa1, 0x20, 0, 0, 0, 30, 0, 0, 0, 30,
 *   0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
 *   0x04, 0xd2, 0x08, 0x07, 0, 10, 0, 0, 0, 5,
 * ]);
 * const [datagram] = readCapture(capture);
 * assertEquals(datagram.timeMs, 1500);
 * assertEquals([datagram.source, datagram.sourcePort], ["192.0.2.1", 1234]);
 * assertEquals([datagram.destination, datagram.destinationPort], ["192.0.2.2", 2055]);
 * assertEquals([...datagram.payload], [0, 5]);
 * ```
 */
export function* readCapture(
  bytes: Uint8Array,
  options: CaptureOptions = {},
): Generator<CapturedDatagram> {
  const decoder = new CaptureDecoder(options);
  decoder.push(bytes);
  decoder.finish();
  for (let datagram; (datagram = decoder.read()) !== undefined;) yield datagram;
}

/**
 * Reads the UDP datagrams of a capture that comes in chunks.
 *
 * Push a chunk, read until `undefined`, push the next; finish after the last, and read what is left.
 * A chunk is borrowed until `read` gives `undefined`; payloads are views of it, so use or copy them
 * before the chunk is filled anew. Memory holds one packet (or pcapng block) and the fragments that
 * wait for others, both within limits, provided that chunks are read before the next is pushed.
 *
 * The first fault ends the capture: it is thrown once, and what follows is not read.
 *
 * @example
 * ```ts
 * import { CaptureDecoder, CaptureError } from "@flowtools/netflow-pdu/capture";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const decoder = new CaptureDecoder({ source: "cut.pcap" });
 * decoder.push(new Uint8Array([0xd4, 0xc3, 0xb2, 0xa1, 2, 0]));
 * assertEquals(decoder.read(), undefined);
 * assertThrows(() => decoder.finish(), CaptureError, "the file header at byte 0");
 * ```
 */
export class CaptureDecoder {
  readonly #settings: CaptureSettings;
  readonly #buffer = new CaptureBuffer();
  readonly #skipped: SkipCounts = new Map();
  readonly #fragments: Reassembly;
  #reader: PacketReader | undefined;
  #finished = false;
  /** Whether the end was reached, well or not. */
  #ended = false;
  /** Whether all that was pushed is read, but for the start of a packet. */
  #drained = true;

  /**
   * Makes a decoder for one capture.
   *
   * @param options The name of the capture and other limits
   */
  constructor(options: CaptureOptions = {}) {
    const limits = { ...CAPTURE_LIMITS, ...options.limits };
    this.#settings = { source: options.source, limits };
    this.#fragments = new Reassembly(limits, this.#skipped);
  }

  /** How many packets, or fragmented datagrams, gave no datagram, by reason. */
  get skipped(): ReadonlyMap<CaptureSkipReason, number> {
    return this.#skipped;
  }

  /**
   * Adds the next bytes of the capture; after a fault they are ignored.
   *
   * @param chunk Any number of bytes
   * @throws {CaptureError} After {@linkcode finish}
   */
  push(chunk: Uint8Array): void {
    if (this.#finished) {
      const offset = this.#buffer.offset + this.#buffer.length;
      throw new CaptureError({
        code: "already-finished",
        source: this.#settings.source,
        offset,
        expected: "no bytes after the end",
        got: `${chunk.length} bytes`,
        state: `${chunk.length} bytes came after its end at byte ${offset}`,
      });
    }
    if (this.#ended || chunk.length === 0) return;
    this.#buffer.push(chunk);
    this.#drained = false;
  }

  /**
   * Says that the capture has no more bytes, and counts datagrams that miss fragments.
   *
   * Datagrams that are not read yet still can be; then the end is looked at by the last `read`.
   *
   * @throws {CaptureError} Where all whole packets are read and the capture ends within another
   */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.#drained) this.#end();
  }

  /**
   * Reads the next datagram.
   *
   * @returns The datagram, or `undefined` where more bytes are needed or the capture is at its end
   * @throws {CaptureError} Once, at the first fault
   */
  read(): CapturedDatagram | undefined {
    if (this.#ended) return undefined;
    for (let packet; (packet = this.#readPacket()) !== undefined;) {
      const datagram = this.#readDatagram(packet);
      if (datagram !== undefined) return datagram;
    }
    this.#drained = true;
    if (this.#finished) this.#end();
    return undefined;
  }

  #readPacket(): CapturedPacket | undefined {
    try {
      this.#reader ??= this.#findReader();
      return this.#reader?.read(this.#buffer);
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  #findReader(): PacketReader | undefined {
    if (!this.#buffer.has(MAGIC_BYTES)) return undefined;
    const magic = this.#buffer.peek(MAGIC_BYTES);
    const variant = pcapVariant(magic);
    if (variant !== undefined) return new PcapReader(variant, this.#settings);
    if (startsSection(magic)) return new PcapngReader(this.#settings);
    const got = this.#buffer.view(MAGIC_BYTES).getUint32(0).toString(16).padStart(8, "0");
    throw new CaptureError({
      code: "not-a-capture",
      source: this.#settings.source,
      offset: 0,
      expected: "the magic number of pcap or pcapng",
      got,
      state: `it starts with ${got}, which is no magic number of pcap or pcapng`,
    });
  }

  #readDatagram(packet: CapturedPacket): CapturedDatagram | undefined {
    const ipBytes = findIp(packet.linkType, packet.bytes);
    if (typeof ipBytes === "string") return this.#skip(ipBytes);
    const ip = readIp(ipBytes, packet.cut);
    if (typeof ip === "string") return this.#skip(ip);
    let { data } = ip;
    if (ip.fragment !== undefined) {
      const whole = this.#fragments.add(ip, ip.fragment, packet.timeMs);
      if (whole === undefined) return undefined;
      const carried = skipExtensions(whole.protocol, whole.data);
      if (typeof carried === "string") return this.#skip(carried);
      // A fragment header within a reassembled datagram makes no sense, and no sender does it.
      if (carried.fragment !== undefined) return this.#skip("fragment-malformed");
      data = carried.data;
    }
    const udp = readUdp(data, ip.cut);
    if (typeof udp === "string") return this.#skip(udp);
    return {
      frame: packet.frame,
      timeMs: packet.timeMs,
      source: ip.source,
      sourcePort: udp.sourcePort,
      destination: ip.destination,
      destinationPort: udp.destinationPort,
      payload: udp.payload,
      truncated: udp.truncated,
    };
  }

  #skip(reason: CaptureSkipReason): undefined {
    countSkip(this.#skipped, reason);
  }

  /** Looks at the end of the capture, where only a whole packet may be. */
  #end(): void {
    const { offset, length } = this.#buffer;
    // Nothing was asked for where nothing was pushed.
    const wanted = Math.max(this.#buffer.wanted, MAGIC_BYTES);
    this.#close();
    // A file without its header is no capture, not even an empty one.
    if (length === 0 && offset > 0) return;
    const place = this.#reader?.next ?? "the file header";
    throw new CaptureError({
      code: "truncated",
      source: this.#settings.source,
      offset,
      expected: `at least ${wanted} bytes`,
      got: `${length} bytes`,
      state: `${place} at byte ${offset} needs at least ${wanted} bytes, ${length} are left`,
    });
  }

  #close(): void {
    this.#ended = true;
    this.#buffer.clear();
    this.#fragments.finish();
  }
}
