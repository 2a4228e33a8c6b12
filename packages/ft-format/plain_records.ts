import type { RecordLayout } from "@flowtools/flow-model";
import type { FtFault } from "./errors.ts";
import type { RecordBlock } from "./record_block.ts";
import type { RecordSource } from "./record_source.ts";

const NO_BYTES = new Uint8Array(0);

/** Records as they stand in the file: blocks point into the pushed chunks. */
export class PlainRecords implements RecordSource {
  readonly #layout: RecordLayout;
  readonly #littleEndian: boolean;
  /** The one record that straddles two chunks or more. */
  readonly #carry: Uint8Array;
  readonly #carryView: DataView;
  #carried = 0;
  #chunk: Uint8Array = NO_BYTES;
  #at = 0;
  #fileOffset = 0;
  #fault: FtFault | undefined;

  constructor(layout: RecordLayout, littleEndian: boolean) {
    this.#layout = layout;
    this.#littleEndian = littleEndian;
    this.#carry = new Uint8Array(layout.size);
    this.#carryView = new DataView(this.#carry.buffer);
  }

  get unread(): boolean {
    return this.#at < this.#chunk.length;
  }

  get fault(): FtFault | undefined {
    return this.#fault;
  }

  push(chunk: Uint8Array, fileOffset: number): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#fileOffset = fileOffset;
  }

  next(): RecordBlock | undefined {
    if (this.#carried > 0) {
      this.#carryUpTo(this.#layout.size - this.#carried);
      if (this.#carried < this.#layout.size) return undefined;
      this.#carried = 0;
      return this.#block(this.#carryView, 0, 1);
    }
    const count = Math.floor((this.#chunk.length - this.#at) / this.#layout.size);
    if (count === 0) {
      this.#carryUpTo(this.#layout.size);
      return undefined;
    }
    const { buffer, byteOffset, byteLength } = this.#chunk;
    const offset = this.#at;
    this.#at += count * this.#layout.size;
    return this.#block(new DataView(buffer, byteOffset, byteLength), offset, count);
  }

  end(): void {
    if (this.#carried === 0) return;
    const expected = this.#layout.size;
    const got = this.#carried;
    const offset = this.#fileOffset + this.#chunk.length - got;
    const state = `last record at byte ${offset} has ${got} of ${expected} bytes`;
    this.#fault = { code: "truncated-record", state, offset, expected, got };
  }

  close(): void {
    this.#chunk = NO_BYTES;
    this.#at = 0;
    this.#carried = 0;
    this.#fault = undefined;
  }

  #carryUpTo(length: number): void {
    const part = this.#chunk.subarray(this.#at, this.#at + length);
    this.#carry.set(part, this.#carried);
    this.#carried += part.length;
    this.#at += part.length;
  }

  #block(view: DataView, offset: number, count: number): RecordBlock {
    return { layout: this.#layout, view, offset, count, littleEndian: this.#littleEndian };
  }
}
