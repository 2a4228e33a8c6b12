import type { Inflater, ZlibStep } from "@flowtools/flow-model";
import { Crc32 } from "./crc32.ts";
import { GZIP_HEADER_OCTETS_MAX } from "./limits.ts";

/** What two octets say of the compression of a file. */
export function compressionOf(first: number, second: number): "gzip" | "zlib" | "none" {
  if (first === GZIP_MAGIC[0] && second === GZIP_MAGIC[1]) return "gzip";
  // Nobody uses other windows than that of 32 KiB, and damaged messages should not look like it.
  const zlib = first === ZLIB_HEADER[0] && (first * 256 + second) % 31 === 0;
  return zlib ? "zlib" : "none";
}

const GZIP_MAGIC = [0x1f, 0x8b] as const;
const DEFLATE = 8;
const GZIP_HEAD = 10;
const FLAGS_AT = 3;
/** Header flags: a checksum of the header, further fields, the name of the file, a comment. */
const FLAG_CHECKSUM = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
/** The header of a zlib stream with a window of 32 KiB. */
const ZLIB_HEADER = Uint8Array.of(0x78, 0x01);
const CHECKSUM = 4;

/**
 * Inflates a member of a gzip file (RFC 1952) with an inflater of zlib streams: the data between are
 * the same. The zlib stream is given a header; where its checksum would follow, that of gzip does,
 * which is of another kind, so that an error there is the end that is looked for. The checksum of
 * gzip is checked here.
 */
export class GzipInflater implements Inflater {
  readonly #inflater: Inflater;
  readonly #crc = new Crc32();
  #header: number[] = [];
  #phase: "header" | "data" | "length" | "done" = "header";
  /** The octets that were read last: the checksum, where the data have ended. */
  readonly #last = new Uint8Array(CHECKSUM);
  #lengthOctets: number[] = [];
  #written = 0;

  /** @param inflater A new inflater of zlib streams */
  constructor(inflater: Inflater) {
    this.#inflater = inflater;
  }

  step(
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): ZlibStep {
    let read = 0;
    let written = 0;
    while (true) {
      const fault = (error: string) => ({ read, written, done: false, error });
      if (this.#phase === "done") return { read, written, done: true };
      if (this.#phase === "data") {
        const step = this.#inflater.step(
          ...[input, inputOffset + read, inputLength - read] as const,
          ...[output, outputOffset + written, outputLength - written] as const,
        );
        this.#remember(input, inputOffset + read, step.read);
        this.#crc.add(output, outputOffset + written, step.written);
        this.#written += step.written;
        read += step.read;
        written += step.written;
        if (step.error !== undefined || step.done) {
          if (!this.#checksumRight()) return fault(step.error ?? "incorrect data check");
          this.#phase = "length";
          continue;
        }
        return { read, written, done: false };
      }
      if (read === inputLength) return { read, written, done: false };
      const octet = input[inputOffset + read++];
      const error = this.#phase === "header" ? this.#takeHeader(octet) : this.#takeLength(octet);
      if (error !== undefined) return fault(error);
    }
  }

  ended(): boolean {
    return this.#phase === "done";
  }

  close(): void {
    this.#inflater.close();
  }

  #remember(input: Uint8Array, offset: number, length: number): void {
    const last = this.#last;
    const kept = Math.min(length, CHECKSUM);
    last.copyWithin(0, kept);
    last.set(input.subarray(offset + length - kept, offset + length), CHECKSUM - kept);
  }

  #checksumRight(): boolean {
    return new DataView(this.#last.buffer).getUint32(0, true) === this.#crc.value;
  }

  #takeHeader(octet: number): string | undefined {
    const header = this.#header;
    header.push(octet);
    if (header.length === GZIP_HEAD) {
      const [first, second, method] = header;
      if (first !== GZIP_MAGIC[0] || second !== GZIP_MAGIC[1] || method !== DEFLATE) {
        return "incorrect gzip header";
      }
    }
    if (header.length > GZIP_HEADER_OCTETS_MAX) return "gzip header too long";
    if (header.length < GZIP_HEAD || !headerComplete(header)) return undefined;
    this.#phase = "data";
    this.#header = [];
    const { error } = this.#inflater.step(ZLIB_HEADER, 0, ZLIB_HEADER.length, NO_ROOM, 0, 1);
    return error;
  }

  #takeLength(octet: number): string | undefined {
    this.#lengthOctets.push(octet);
    if (this.#lengthOctets.length < CHECKSUM) return undefined;
    this.#phase = "done";
    const length = new DataView(Uint8Array.from(this.#lengthOctets).buffer).getUint32(0, true);
    return length === this.#written % 2 ** 32 ? undefined : "incorrect length check";
  }
}

/** A step needs room for output, though a header gives none. */
const NO_ROOM = new Uint8Array(1);

/** Whether all fields of the header of a gzip member are there. */
function headerComplete(header: readonly number[]): boolean {
  const flags = header[FLAGS_AT];
  let at = GZIP_HEAD;
  if ((flags & FLAG_EXTRA) !== 0) {
    if (header.length < at + 2) return false;
    at += 2 + header[at] + header[at + 1] * 256;
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) === 0) continue;
    const end = header.indexOf(0, at);
    if (end < 0 || at > header.length) return false;
    at = end + 1;
  }
  if ((flags & FLAG_CHECKSUM) !== 0) at += 2;
  return header.length >= at;
}
