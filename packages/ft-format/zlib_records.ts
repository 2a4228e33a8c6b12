import type { RecordLayout } from "@flowtools/flow-model";
import type { FtFault } from "./errors.ts";
import { type FtLimits, INFLATE_BUFFER_BYTES, INFLATED_BYTES_MAX } from "./limits.ts";
import type { RecordBlock } from "./record_block.ts";
import type { RecordSource } from "./record_source.ts";
import type { Inflater } from "./zlib.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * Records of a zlib stream, inflated into one buffer of fixed size, so that no input, however
 * well it compresses, takes more memory than that.
 */
export class ZlibRecords implements RecordSource {
  readonly #layout: RecordLayout;
  readonly #littleEndian: boolean;
  readonly #inflater: Inflater;
  readonly #inflatedMax: number;
  readonly #buffer: Uint8Array;
  readonly #view: DataView;
  /** Bytes of the buffer that hold data, of which the first `#taken` were delivered. */
  #filled = 0;
  #taken = 0;
  #chunk: Uint8Array = NO_BYTES;
  #at = 0;
  #fileOffset = 0;
  #inflated = 0;
  /** The output was full after the last step: more may come without input. */
  #more = false;
  #ended = false;
  #fault: FtFault | undefined;

  constructor(
    layout: RecordLayout,
    littleEndian: boolean,
    inflater: Inflater,
    limits: FtLimits = {},
  ) {
    this.#layout = layout;
    this.#littleEndian = littleEndian;
    this.#inflater = inflater;
    this.#inflatedMax = limits.inflatedBytesMax ?? INFLATED_BYTES_MAX;
    const bufferBytes = limits.inflateBufferBytes ?? INFLATE_BUFFER_BYTES;
    this.#buffer = new Uint8Array(Math.max(bufferBytes, layout.size));
    this.#view = new DataView(this.#buffer.buffer);
  }

  get unread(): boolean {
    return this.#fault === undefined && (this.#at < this.#chunk.length || this.#more);
  }

  get fault(): FtFault | undefined {
    // Records inflated before the fault was met come first.
    return this.#filled - this.#taken < this.#layout.size ? this.#fault : undefined;
  }

  push(chunk: Uint8Array, fileOffset: number): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#fileOffset = fileOffset;
  }

  next(): RecordBlock | undefined {
    if (this.#taken > 0) {
      this.#buffer.copyWithin(0, this.#taken, this.#filled);
      this.#filled -= this.#taken;
      this.#taken = 0;
    }
    while (this.unread && this.#filled < this.#buffer.length) this.#inflate();
    const count = Math.floor(this.#filled / this.#layout.size);
    if (count === 0) return undefined;
    this.#taken = count * this.#layout.size;
    return {
      layout: this.#layout,
      view: this.#view,
      offset: 0,
      count,
      littleEndian: this.#littleEndian,
    };
  }

  end(): void {
    if (this.#fault !== undefined) return;
    if (!this.#ended && !this.#inflater.ended()) {
      this.#fail("truncated-zlib", "zlib data is cut");
    } else if (this.#filled > 0) {
      const expected = this.#layout.size;
      const got = this.#filled;
      this.#fail("truncated-record", `last record has ${got} of ${expected} bytes`, expected, got);
    }
  }

  close(): void {
    this.#inflater.close();
  }

  #inflate(): void {
    const left = this.#chunk.length - this.#at;
    if (this.#ended) {
      const state = `${left} or more bytes follow the end of the zlib data`;
      this.#fail("trailing-bytes", state, 0, left);
      return;
    }
    const room = this.#buffer.length - this.#filled;
    const step = this.#inflater.step(this.#chunk, this.#at, left, this.#buffer, this.#filled, room);
    this.#at += step.read;
    this.#filled += step.written;
    this.#inflated += step.written;
    this.#more = step.written === room && !step.done;
    this.#ended = step.done;
    if (step.error !== undefined) {
      this.#fail("bad-zlib", "zlib data is damaged", "zlib data", step.error);
    } else if (this.#inflated > this.#inflatedMax) {
      const limit = this.#inflatedMax;
      const state = `zlib data inflates to more than ${limit} bytes`;
      this.#fail("inflated-too-large", state, limit, this.#inflated);
    }
  }

  #fail(
    code: FtFault["code"],
    what: string,
    expected?: string | number,
    got?: string | number,
  ): void {
    const offset = this.#fileOffset + this.#at;
    this.#more = false;
    this.#fault = { code, state: `${what} at byte ${offset}`, offset, expected, got };
  }
}
