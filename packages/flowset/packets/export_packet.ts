import { CaptureDecoder } from "@flowtools/netflow-pdu/capture";
import { IpfixFileDecoder } from "@flowtools/netflow-pdu/ipfix-file";
import type { ZlibProvider } from "@flowtools/ft-format";
import { FlowSetError } from "../errors.ts";
import { loadZlib } from "../platform.ts";
import { isCompressed, PACKET_MAGIC_BYTES, packetFormat, startsMessage } from "./packet_format.ts";

/** One export packet, wherever it was found. */
export interface ExportPacket {
  /** The UDP payload, or the IPFIX message; it may change when the next packet is asked for. */
  readonly payload: Uint8Array;
  /** Address of the exporter, as text. */
  readonly exporter: string;
  /** The port that it came from; 0 where nobody tells. */
  readonly port: number;
  /** Its number in the file, from 1; not there where the file is the packet. */
  readonly frame?: number;
  /** When it was captured, Unix milliseconds; not there where nobody tells. */
  readonly timeMs?: number;
  /** Whether the capture has less of it than was sent; not there where it is whole. */
  readonly truncated?: true;
}

/** How packets are found in a file. */
export interface ReadPacketsOptions {
  /** Name of the file, for messages. */
  readonly source?: string;
  /** Address of the exporter where the file does not tell it; default `0.0.0.0`. */
  readonly exporter?: string;
  /**
   * Whether the file may be the payload of one packet: `maybe` takes what is neither a capture nor
   * several IPFIX messages for one, `surely` what is no capture. Default: it is none.
   */
  readonly payload?: "maybe" | "surely";
  /** Told what was passed over, and why. */
  readonly warn?: (message: string) => void;
}

/** A UDP payload is at most this long; a longer file is none. */
const PAYLOAD_BYTES_MAX = 65_535;

/**
 * Finds the packets of a file: of a pcap or pcapng capture, of an IPFIX file, or the one that the
 * file is.
 *
 * @param chunks The bytes of the file; each chunk must stay as it is until the next is asked for
 * @param options Name, exporter
 * @returns For each chunk the packets that it completes, to be gone through before the next chunk
 * @throws {CaptureError} The capture is damaged; after all whole packets before the damage
 * @throws {FlowSetError} The IPFIX file is damaged, after all whole messages before the damage; or
 * there are no packets in the file
 *
 * @example
 * ```ts
 * import { readPackets } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * // Two IPFIX messages without sets, back to back.
 * const file = new Uint8Array(32);
 * file.set([0, 10, 0, 16]);
 * file.set([0, 10, 0, 16], 16);
 *
 * const frames: (number | undefined)[] = [];
 * for await (const packets of readPackets(new Blob([file]).stream())) {
 *   for (const packet of packets) frames.push(packet.frame);
 * }
 * assertEquals(frames, [1, 2]);
 * ```
 */
export async function* readPackets(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadPacketsOptions = {},
): AsyncGenerator<Iterable<ExportPacket>, void, undefined> {
  const head = new Head(await loadZlib());
  let reader: PacketReader | undefined;
  for await (const chunk of chunks) {
    if (reader !== undefined) reader.push(chunk);
    else {
      head.push(chunk);
      reader = head.choose(options);
    }
    if (reader !== undefined) yield reader.packets();
  }
  if (reader === undefined) yield [head.only(options)];
  else yield reader.finish();
}

/** Finds packets in bytes that come chunk by chunk. */
interface PacketReader {
  push(chunk: Uint8Array): void;
  /** The packets that are whole so far. */
  packets(): Iterable<ExportPacket>;
  /** The packets that the end of the file completes. */
  finish(): Iterable<ExportPacket>;
}

/** The start of a file, until it is known what it is. */
class Head {
  readonly #zlib: ZlibProvider;
  #bytes = new Uint8Array(0);

  constructor(zlib: ZlibProvider) {
    this.#zlib = zlib;
  }

  push(chunk: Uint8Array): void {
    const bytes = new Uint8Array(this.#bytes.length + chunk.length);
    bytes.set(this.#bytes);
    bytes.set(chunk, this.#bytes.length);
    this.#bytes = bytes;
  }

  /** A reader as soon as the file is known to be a capture, or to hold several messages. */
  choose(options: ReadPacketsOptions): PacketReader | undefined {
    const bytes = this.#bytes;
    if (bytes.length < PACKET_MAGIC_BYTES) return undefined;
    const format = packetFormat(bytes);
    if (format === "capture") return new CaptureReader(bytes, options);
    const { payload } = options;
    const messages = format === "ipfix" && payload !== "surely" &&
      (payload === undefined || this.#holdsSeveral());
    if (messages) return new IpfixReader(bytes, options, this.#zlib);
    if (payload !== undefined && bytes.length <= PAYLOAD_BYTES_MAX) return undefined;
    throw noPackets(options, `${bytes.length} bytes and more`);
  }

  /** The packet that the whole file is. */
  only(options: ReadPacketsOptions): ExportPacket {
    if (options.payload === undefined) throw noPackets(options, `${this.#bytes.length} bytes`);
    return { payload: this.#bytes, exporter: options.exporter ?? "0.0.0.0", port: 0 };
  }

  /**
   * Whether the file is compressed, or another message stands behind the first. A payload whose
   * message is shorter than itself is one packet, and damaged.
   */
  #holdsSeveral(): boolean {
    const bytes = this.#bytes;
    return isCompressed(bytes) || startsMessage(bytes.subarray(bytes[2] * 256 + bytes[3]));
  }
}

function noPackets({ source, payload }: ReadPacketsOptions, got: string): FlowSetError {
  const name = source === undefined ? "packets" : `packets of "${source}"`;
  const state = payload !== undefined
    ? `it is neither a capture nor a UDP payload, which has at most ${PAYLOAD_BYTES_MAX} bytes, ` +
      "nor an IPFIX file"
    : "it is neither a capture nor an IPFIX file";
  return new FlowSetError("no-packets", `Cannot read ${name}: ${state}; it has ${got}`);
}

class CaptureReader implements PacketReader {
  readonly #decoder: CaptureDecoder;
  readonly #warn: (message: string) => void;

  constructor(bytes: Uint8Array, { source, warn }: ReadPacketsOptions) {
    this.#decoder = new CaptureDecoder({ source });
    this.#warn = warn ?? (() => {});
    this.#decoder.push(bytes);
  }

  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
  }

  *packets(): Generator<ExportPacket, void, undefined> {
    for (let found; (found = this.#decoder.read()) !== undefined;) {
      const { payload, source, sourcePort, frame, timeMs, truncated } = found;
      const captured = timeMs > 0 ? { timeMs } : {};
      const cut = truncated ? { truncated } as const : {};
      yield { payload, exporter: source, port: sourcePort, frame, ...captured, ...cut };
    }
  }

  *finish(): Generator<ExportPacket, void, undefined> {
    try {
      this.#decoder.finish();
      yield* this.packets();
    } finally {
      for (const [reason, count] of this.#decoder.skipped) {
        this.#warn(`${count} packets skipped: ${reason}`);
      }
    }
  }
}

class IpfixReader implements PacketReader {
  readonly #decoder: IpfixFileDecoder;
  readonly #name: string;
  readonly #exporter: string;

  constructor(bytes: Uint8Array, { source, exporter }: ReadPacketsOptions, zlib: ZlibProvider) {
    this.#decoder = new IpfixFileDecoder({ zlib });
    this.#name = source === undefined ? "IPFIX file" : `IPFIX file "${source}"`;
    this.#exporter = exporter ?? "0.0.0.0";
    this.#decoder.push(bytes);
  }

  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
  }

  *packets(): Generator<ExportPacket, void, undefined> {
    for (let found; (found = this.#decoder.readMessage()) !== undefined;) {
      const frame = this.#decoder.messages;
      yield { payload: found.octets, exporter: this.#exporter, port: 0, frame };
    }
  }

  *finish(): Generator<ExportPacket, void, undefined> {
    this.#decoder.finish();
    yield* this.packets();
    const { faults: [first], faultCounts, skippedOctets } = this.#decoder;
    if (first === undefined) return;
    if (this.#decoder.messages === 0) {
      throw new FlowSetError(
        "no-messages",
        `Cannot read ${this.#name}: in its ${skippedOctets} octets are no IPFIX messages`,
      );
    }
    const faults = [...faultCounts].map(([reason, count]) => `${count} ${reason}`).join(", ");
    throw new FlowSetError(
      first.reason,
      `Cannot read all of ${this.#name}: ${skippedOctets} octets were passed over (${faults}), ` +
        `first: ${first.detail}`,
    );
  }
}
