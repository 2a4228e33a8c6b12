import { WRITE_BUFFER_BYTES } from "./limits.ts";

/** Collects small chunks into larger ones, so that each write is worth its while. */
export class WriteBuffer {
  #bytes = new Uint8Array(WRITE_BUFFER_BYTES);
  #length = 0;

  /**
   * Takes bytes.
   *
   * @param chunk The bytes; large ones are passed on without a copy
   * @returns What is to be written now, in order
   */
  add(chunk: Uint8Array): Uint8Array[] {
    if (this.#length + chunk.length <= this.#bytes.length) {
      this.#bytes.set(chunk, this.#length);
      this.#length += chunk.length;
      return [];
    }
    const ready = this.take();
    if (chunk.length >= this.#bytes.length) ready.push(chunk);
    else ready.push(...this.add(chunk));
    return ready;
  }

  /**
   * Gives up what was collected.
   *
   * @returns What is to be written, in order; the buffer never touches it again
   */
  take(): Uint8Array[] {
    if (this.#length === 0) return [];
    const collected = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(WRITE_BUFFER_BYTES);
    this.#length = 0;
    return [collected];
  }
}
