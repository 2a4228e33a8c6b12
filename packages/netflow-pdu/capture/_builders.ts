/** Hand-made packets and captures, outermost layer last, for the tests of captures. */
import { concat } from "@std/bytes";
import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import { type CapturedDatagram, CaptureDecoder, type CaptureOptions } from "./mod.ts";

export const SOURCE4 = "192.0.2.1";
export const DESTINATION4 = "198.51.100.2";
export const SOURCE6 = "2001:db8::1";
export const DESTINATION6 = "2001:db8:0:1::2";

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const u16 = (value: number): Uint8Array => bytes(value >> 8 & 255, value & 255);
export const u32 = (value: number): Uint8Array => concat([u16(value >>> 16), u16(value & 0xffff)]);
export const u16le = (value: number): Uint8Array => u16(value).reverse();
export const u32le = (value: number): Uint8Array => u32(value).reverse();
export const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** Bytes that tell their place, so that a shifted payload is seen. */
export const payload = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 255);

export function udp(data: Uint8Array, length = data.length + 8): Uint8Array {
  return concat([u16(1234), u16(2055), u16(length), u16(0), data]);
}

export interface IPv4Options {
  readonly protocol?: number;
  readonly total?: number;
  readonly options?: Uint8Array;
  readonly id?: number;
  readonly offset?: number;
  readonly more?: boolean;
}

export function ipv4(data: Uint8Array, settings: IPv4Options = {}): Uint8Array {
  const { protocol = 17, options = bytes(), id = 0, offset = 0, more = false } = settings;
  const header = 20 + options.length;
  const place = (more ? 0x2000 : 0) | offset / 8;
  return concat([
    bytes(0x40 | header / 4, 0),
    u16(settings.total ?? header + data.length),
    u16(id),
    u16(place),
    bytes(64, protocol, 0, 0),
    u32(parseIPv4(SOURCE4)!),
    u32(parseIPv4(DESTINATION4)!),
    options,
    data,
  ]);
}

export function ipv6(data: Uint8Array, next = 17, length = data.length): Uint8Array {
  const addresses = [parseIPv6(SOURCE6)!, parseIPv6(DESTINATION6)!];
  return concat([u32(0x60000000), u16(length), bytes(next, 64), ...addresses, data]);
}

export function fragmentHeader(
  next: number,
  id: number,
  offset: number,
  more: boolean,
): Uint8Array {
  return concat([bytes(next, 0), u16(offset | (more ? 1 : 0)), u32(id)]);
}

export function ethernet(data: Uint8Array, type = 0x0800, tags: number[] = []): Uint8Array {
  const stack = tags.map((_, index) =>
    concat([u16(index + 1), u16(index + 1 < tags.length ? tags[index + 1] : type)])
  );
  return concat([bytes(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2), u16(tags[0] ?? type), ...stack, data]);
}

export interface PcapOptions {
  readonly linkType?: number;
  readonly magic?: number;
  readonly littleEndian?: boolean;
  readonly extra?: number;
  readonly original?: number;
}

/** A pcap file; packet n has time n seconds and 250 ticks of a microsecond or nanosecond. */
export function pcap(packets: readonly Uint8Array[], settings: PcapOptions = {}): Uint8Array {
  const { linkType = 1, magic = 0xa1b2c3d4, littleEndian = true, extra = 0 } = settings;
  const n16 = littleEndian ? u16le : u16;
  const n32 = littleEndian ? u32le : u32;
  return concat([
    ...[n32(magic), n16(2), n16(4), n32(0), n32(0), n32(65535), n32(linkType)],
    ...packets.flatMap((packet, index) => [
      ...[n32(index + 1), n32(250), n32(packet.length)],
      ...[n32(settings.original ?? packet.length), zeros(extra), packet],
    ]),
  ]);
}

export interface PcapngPacket {
  readonly id?: number;
  readonly high?: number;
  readonly low?: number;
  readonly captured?: number;
  readonly original?: number;
}

export interface PcapngBuilder {
  block(type: number, ...body: Uint8Array[]): Uint8Array;
  section(major?: number): Uint8Array;
  option(code: number, value: Uint8Array): Uint8Array;
  interface(linkType: number, snapLength?: number, ...options: Uint8Array[]): Uint8Array;
  enhanced(data: Uint8Array, packet?: PcapngPacket): Uint8Array;
  old(data: Uint8Array, packet?: PcapngPacket): Uint8Array;
  simple(data: Uint8Array, original?: number): Uint8Array;
  n64(value: bigint): Uint8Array;
}

/** Blocks of pcapng in one byte order. */
export function pcapng(littleEndian: boolean): PcapngBuilder {
  const n16 = littleEndian ? u16le : u16;
  const n32 = littleEndian ? u32le : u32;
  const pad = (data: Uint8Array) => concat([data, zeros(-data.length & 3)]);
  const block = (type: number, ...body: Uint8Array[]): Uint8Array => {
    const inner = pad(concat(body));
    const length = n32(inner.length + 12);
    return concat([n32(type), length, inner, length]);
  };
  return {
    block,
    section: (major = 1) =>
      block(0x0a0d0d0a, n32(0x1a2b3c4d), n16(major), n16(0), n32(0xffffffff), n32(0xffffffff)),
    option: (code: number, value: Uint8Array) => concat([n16(code), n16(value.length), pad(value)]),
    interface: (linkType: number, snapLength = 0, ...options: Uint8Array[]) =>
      block(1, n16(linkType), n16(0), n32(snapLength), ...options),
    enhanced: (
      data,
      { id = 0, high = 0, low = 0, captured = data.length, original = captured } = {},
    ) => block(6, n32(id), n32(high), n32(low), n32(captured), n32(original), data),
    old: (data, { id = 0, high = 0, low = 0 } = {}) =>
      block(2, n16(id), n16(0), n32(high), n32(low), n32(data.length), n32(data.length), data),
    simple: (data: Uint8Array, original = data.length) => block(3, n32(original), data),
    n64: (value: bigint) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigInt64(0, value, littleEndian);
      return new Uint8Array(view.buffer);
    },
  };
}

/** What reading a capture gives: its datagrams with copied payloads, the counts, and the error that ended it. */
export interface ReadResult {
  readonly datagrams: CapturedDatagram[];
  readonly skipped: Record<string, number>;
  readonly error?: unknown;
}

/** Reads a capture in chunks of one size, all through one buffer that is filled anew each time. */
export function readInChunks(
  capture: Uint8Array,
  chunkBytes = capture.length,
  options?: CaptureOptions,
): ReadResult {
  const decoder = new CaptureDecoder(options);
  const chunk = new Uint8Array(chunkBytes);
  const datagrams: CapturedDatagram[] = [];
  const drain = () => {
    for (let found; (found = decoder.read()) !== undefined;) {
      datagrams.push({ ...found, payload: found.payload.slice() });
    }
  };
  let error: unknown;
  try {
    for (let at = 0; at < capture.length; at += chunkBytes) {
      const part = capture.subarray(at, at + chunkBytes);
      chunk.set(part);
      decoder.push(chunk.subarray(0, part.length));
      drain();
      chunk.fill(0xee);
    }
    decoder.finish();
    drain();
  } catch (caught) {
    error = caught;
  }
  return { datagrams, skipped: Object.fromEntries(decoder.skipped), error };
}
