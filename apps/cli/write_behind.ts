/** Where bytes are written to. */
export interface ByteTarget {
  /** Writes bytes, which stay as they are until it is done. */
  write(bytes: Uint8Array): Promise<void>;
}

const FIRST_BYTES = 1 << 20;
/** Numbers are written as words, which may reach behind the last byte of a text. */
const SLACK_BYTES = 8;

/** Text in memory that is used again and again, and grows as it must. */
export class TextBuffer {
  /** The memory; `used` bytes of it are text. */
  bytes = new Uint8Array(FIRST_BYTES);
  /** The same memory. */
  view = new DataView(this.bytes.buffer);
  /** Bytes of text. */
  used = 0;

  /** Makes room for some bytes behind the text, in memory that may be other memory then. */
  reserve(bytes: number): void {
    const needed = this.used + bytes + SLACK_BYTES;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(2 * needed);
    grown.set(this.bytes.subarray(0, this.used));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** Adds bytes; they are copied. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** Adds text. */
  text(text: string): void {
    this.append(new TextEncoder().encode(text));
  }
}

/**
 * Writes to an output while the caller makes what is written next: a file takes about as long to
 * write as what is in it takes to make.
 */
export class WriteBehind {
  readonly #output: ByteTarget;
  #writing = new TextBuffer();
  #written: Promise<void> = Promise.resolve();
  /** What is made next; another one after each `handOver()`. */
  buffer: TextBuffer = new TextBuffer();

  constructor(output: ByteTarget) {
    this.#output = output;
  }

  /** Adds bytes to the buffer; what has no room beside them is handed over first. */
  async add(bytes: Uint8Array): Promise<void> {
    const { used, bytes: memory } = this.buffer;
    if (used > 0 && used + bytes.length + SLACK_BYTES > memory.length) await this.handOver();
    this.buffer.append(bytes);
  }

  /** Begins to write the buffer, after the one that was handed over before is written. */
  async handOver(): Promise<void> {
    await this.#written;
    [this.buffer, this.#writing] = [this.#writing, this.buffer];
    const { bytes, used } = this.#writing;
    this.#written = this.#output.write(bytes.subarray(0, used));
    // It is awaited by the next call: until then, a failure is nobody's yet.
    this.#written.catch(() => {});
    this.buffer.used = 0;
  }

  /** Waits until everything is written. */
  async finish(): Promise<void> {
    await this.handOver();
    await this.#written;
  }
}
