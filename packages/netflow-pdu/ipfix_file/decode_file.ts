import { FlowToolsError, type InflaterProvider } from "@flowtools/flow-model";
import type { IpfixFileFault, IpfixFileFaultReason } from "./faults.ts";
import { FILE_BUFFER_OCTETS, FILE_FAULTS_MAX, FILE_INFLATED_OCTETS_MAX } from "./limits.ts";
import { OctetSource } from "./octet_source.ts";

/** How to read an IPFIX file. */
export interface IpfixFileReadOptions {
  /** What inflates compressed files, such as `PORTABLE_ZLIB` of `@flowtools/ft-format`. */
  readonly zlib?: InflaterProvider;
  /** Inflated octets at most; default 2^40. */
  readonly inflatedOctetsMax?: number;
}

/** A message of an IPFIX file. */
export interface IpfixFileMessage {
  /** The message; alive until the next call of any method. */
  readonly octets: Uint8Array;
  /** Where it starts in the file, inflated where that is compressed. */
  readonly offset: number;
}

const VERSION = 10;
const HEADER = 16;
const SET_HEAD = 4;
/** Numbers of sets: templates, options templates, and data from 256 on. */
const SET_TEMPLATES = 2;
const SET_OPTIONS_TEMPLATES = 3;
const SET_DATA_MIN = 256;
/** Octets of a header that tell whether it is one. */
const GLANCE = 4;

/**
 * Takes an IPFIX file apart, which comes piece by piece: messages back to back (RFC 5655), plain or
 * compressed (gzip, zlib; several members one after the other, too).
 *
 * Push a chunk, read messages until there is none, push the next; after the last, `finish()` and read
 * until there is none. Bytes never make it throw. Where there is no message, octets are passed over up
 * to the next: a header whose length agrees with its sets, or with the header behind it. What was
 * passed over is counted, and the first hundred faults are kept with their places.
 *
 * Source: RFC 5655; RFC 1950 and RFC 1952 for compressed files.
 *
 * @example
 * ```ts
 * import { IpfixFileDecoder } from "@flowtools/netflow-pdu/ipfix-file";
 * import { assertEquals } from "@std/assert";
 *
 * // A message with an empty set.
 * const message = new Uint8Array(20);
 * message.set([0, 10, 0, 20]);
 * message.set([1, 0, 0, 4], 16);
 * const decoder = new IpfixFileDecoder();
 * decoder.push(new Uint8Array([...message, 1, 2, 3, ...message, 0, 10]));
 * decoder.finish();
 * const offsets: number[] = [];
 * for (let found = decoder.readMessage(); found; found = decoder.readMessage()) {
 *   offsets.push(found.offset);
 * }
 * assertEquals(offsets, [0, 23]);
 * assertEquals(decoder.faults.map(({ reason, offset, octets }) => [reason, offset, octets]), [
 *   ["bad-message", 20, 3],
 *   ["cut-message", 43, 2],
 * ]);
 * ```
 */
export class IpfixFileDecoder {
  /** What is wrong, in the order of the file; the first hundred. */
  readonly faults: IpfixFileFault[] = [];
  /** All faults, by reason. */
  readonly faultCounts: Map<IpfixFileFaultReason, number> = new Map();
  /** Octets that were passed over. */
  skippedOctets = 0;
  /** Messages that were read. */
  messages = 0;
  readonly #source: OctetSource;
  readonly #buffer = new Uint8Array(FILE_BUFFER_OCTETS);
  readonly #view = new DataView(this.#buffer.buffer);
  /** The octets of the buffer that are there and not read yet. */
  #from = 0;
  #to = 0;
  /** Where the buffer starts in the file. */
  #base = 0;
  /** Where octets began that are no message. */
  #gapAt: number | undefined;
  #finished = false;
  #ended = false;

  /**
   * Makes a decoder.
   *
   * @param options What inflates, bounds
   */
  constructor(options: IpfixFileReadOptions = {}) {
    const { zlib, inflatedOctetsMax = FILE_INFLATED_OCTETS_MAX } = options;
    this.#source = new OctetSource(zlib, inflatedOctetsMax);
  }

  /**
   * Takes the next octets of the file. They must not change until `readMessage()` found no more.
   *
   * @param chunk Any number of octets
   * @throws {FlowToolsError} Messages of the chunk before are not read yet, or `finish()` was called
   */
  push(chunk: Uint8Array): void {
    if (this.#finished) {
      throw new FlowToolsError("finished", "Cannot push octets: the end was declared by finish()");
    }
    if (this.#source.unread) {
      throw new FlowToolsError("unread", "Cannot push octets: those before are not read yet");
    }
    if (chunk.length > 0) this.#source.push(chunk);
  }

  /** Tells that there are no more octets. Messages may be left to read. */
  finish(): void {
    this.#finished = true;
  }

  /**
   * The next message.
   *
   * @returns The message; `undefined` where more octets are needed, or there are no more
   */
  readMessage(): IpfixFileMessage | undefined {
    while (true) {
      const length = this.#messageLength();
      if (length > 0) {
        this.#closeGap();
        const octets = this.#buffer.subarray(this.#from, this.#from + length);
        const offset = this.#base + this.#from;
        this.#from += length;
        this.messages++;
        return { octets, offset };
      }
      if (length === NO_MESSAGE) {
        this.#gapAt ??= this.#base + this.#from;
        this.#from++;
      } else if (!this.#fill()) {
        if (!this.#finished || !this.#conclude()) return undefined;
      }
    }
  }

  /** Frees what the decoder holds; for files that are not read to their end. */
  close(): void {
    this.#source.close();
  }

  /**
   * Whether a message starts where reading has come to.
   *
   * @returns Its length; `NO_MESSAGE`, or `UNDECIDED` as long as there are too few octets to tell
   */
  #messageLength(): number {
    const at = this.#from;
    const there = this.#to - at;
    if (there < GLANCE) return this.#ended && there > 0 ? NO_MESSAGE : UNDECIDED;
    const length = this.#view.getUint16(at + 2);
    if (this.#view.getUint16(at) !== VERSION || length < HEADER) return NO_MESSAGE;
    if (there < length) return this.#ended ? NO_MESSAGE : UNDECIDED;
    if (this.#setsFill(at + HEADER, at + length)) return length;
    // The sets are damaged, or the length is, or there are no sets: what stands behind decides.
    if (there < length + GLANCE) {
      if (!this.#ended) return UNDECIDED;
      return there === length && this.#gapAt === undefined ? length : NO_MESSAGE;
    }
    const next = at + length;
    const follows = this.#view.getUint16(next) === VERSION &&
      this.#view.getUint16(next + 2) >= HEADER;
    return follows ? length : NO_MESSAGE;
  }

  /** Whether sets lie behind one another just up to the end of a message; it has one at least. */
  #setsFill(from: number, to: number): boolean {
    let at = from;
    while (at < to) {
      if (to - at < SET_HEAD) return false;
      const id = this.#view.getUint16(at);
      const length = this.#view.getUint16(at + 2);
      const known = id === SET_TEMPLATES || id === SET_OPTIONS_TEMPLATES || id >= SET_DATA_MIN;
      if (!known || length < SET_HEAD) return false;
      at += length;
    }
    return at === to && from < to;
  }

  /** Gets more octets; `false` where none are there. */
  #fill(): boolean {
    if (this.#from > 0) {
      this.#buffer.copyWithin(0, this.#from, this.#to);
      this.#base += this.#from;
      this.#to -= this.#from;
      this.#from = 0;
    }
    const got = this.#source.read(this.#buffer, this.#to);
    this.#to += got;
    return got > 0;
  }

  /** Deals with what is left at the end of the file; `false` where that is done. */
  #conclude(): boolean {
    if (this.#ended) {
      this.#closeGap();
      return false;
    }
    this.#ended = true;
    const { rest } = this.#source;
    this.#buffer.set(rest, this.#to);
    this.#to += rest.length;
    this.#source.end();
    const { fault } = this.#source;
    if (fault !== undefined) this.#note(fault);
    return true;
  }

  #closeGap(): void {
    if (this.#gapAt === undefined) return;
    const offset = this.#gapAt;
    const octets = this.#base + this.#from - offset;
    this.#gapAt = undefined;
    this.skippedOctets += octets;
    const cut = this.#ended && this.#from === this.#to;
    const what = `${octets} octets from ${offset} on are no message`;
    this.#note(
      cut
        ? { reason: "cut-message", offset, octets, detail: `${what}: the file ends` }
        : { reason: "bad-message", offset, octets, detail: what },
    );
  }

  #note(fault: IpfixFileFault): void {
    const { reason } = fault;
    this.faultCounts.set(reason, (this.faultCounts.get(reason) ?? 0) + 1);
    if (this.faults.length < FILE_FAULTS_MAX) this.faults.push(fault);
  }
}

const NO_MESSAGE = 0;
const UNDECIDED = -1;
