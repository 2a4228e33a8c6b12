/** Small captures fit one store; larger ones rotate through stores that die with their last view. */
const STORE_BYTES = 65536;

/**
 * The bytes of a capture that are pushed but not yet taken.
 *
 * A chunk is borrowed while it is read. What remains of it for the next chunk is copied to a store
 * of our own, where bytes are only ever appended: views that were handed out stay what they were.
 */
export class CaptureBuffer {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #store: Uint8Array = new Uint8Array(0);
  #storeEnd = 0;
  #offset = 0;
  #wanted = 0;

  /** The place of the next byte in the whole capture. */
  get offset(): number {
    return this.#offset;
  }

  /** How many bytes are waiting. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** How many bytes were asked for last. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Appends a chunk. */
  push(chunk: Uint8Array): void {
    if (this.length === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    this.#keep(chunk.length);
    this.#store.set(chunk, this.#storeEnd);
    this.#storeEnd += chunk.length;
    this.#end = this.#storeEnd;
  }

  /** Whether so many bytes are waiting; if not, what waits no longer depends on the caller's chunk. */
  has(length: number): boolean {
    this.#wanted = length;
    if (this.length >= length) return true;
    if (this.length > 0) this.#keep(0);
    return false;
  }

  /** The next bytes; ask {@linkcode has} before. */
  peek(length: number): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#start + length);
  }

  /** The same bytes for reading numbers; ask {@linkcode has} before. */
  view(length: number): DataView {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#start, length);
  }

  /** Takes the next bytes off. */
  advance(length: number): void {
    this.#start += length;
    this.#offset += length;
  }

  /** Forgets all bytes. */
  clear(): void {
    this.#bytes = this.#store = new Uint8Array(0);
    this.#start = this.#end = this.#storeEnd = 0;
  }

  /** Brings the waiting bytes to the end of a store that has room for so many more. */
  #keep(more: number): void {
    const stored = this.#bytes === this.#store;
    const rest = this.#bytes.subarray(this.#start, this.#end);
    if (stored && this.#store.length - this.#storeEnd >= more) return;
    if (this.#store.length - this.#storeEnd < rest.length + more) {
      this.#store = new Uint8Array(Math.max(STORE_BYTES, 2 * (rest.length + more)));
      this.#storeEnd = 0;
    }
    this.#store.set(rest, this.#storeEnd);
    this.#start = this.#storeEnd;
    this.#storeEnd += rest.length;
    this.#end = this.#storeEnd;
    this.#bytes = this.#store;
  }
}
