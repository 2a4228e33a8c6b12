/** zlib by the object behind the streams of `node:zlib`, which works synchronously. */
import type { Deflater, Inflater, ZlibFlush, ZlibStep } from "./zlib.ts";

/**
 * The object behind a `node:zlib` stream. It is no public interface; but it is the only way to
 * inflate synchronously, in steps, and to keep what was inflated before damage. Where it is not as
 * expected `NATIVE_ZLIB` falls back to the portable implementation.
 */
interface ZlibHandle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  params(level: number, strategy: number): void;
  close(): void;
}

interface ZlibInternals {
  readonly _handle: ZlibHandle;
  /** Output bytes and input bytes left after a step. */
  readonly _writeState: Uint32Array;
}

// The numbers of `zlib.h`.
const Z_NO_FLUSH = 0;
const Z_SYNC_FLUSH = 2;
const Z_FINISH = 4;
const Z_DEFAULT_STRATEGY = 0;

const FLUSH_CODES: Readonly<Record<ZlibFlush, number>> = {
  none: Z_NO_FLUSH,
  sync: Z_SYNC_FLUSH,
  finish: Z_FINISH,
};

const NO_BYTES = new Uint8Array(0);

/** The object behind a stream, or `undefined` where it is not as expected. */
function internalsOf(stream: object): ZlibInternals | undefined {
  const { _handle, _writeState } = stream as Partial<ZlibInternals>;
  const usable = typeof _handle?.writeSync === "function" && typeof _handle.close === "function" &&
    typeof _handle.params === "function" && _writeState instanceof Uint32Array;
  return usable ? stream as ZlibInternals : undefined;
}

class NativeStream {
  readonly #handle: ZlibHandle;
  readonly #left: Uint32Array;
  #error: string | undefined;

  constructor({ _handle, _writeState }: ZlibInternals) {
    this.#handle = _handle;
    this.#left = _writeState;
    _handle.onerror = (message) => this.#error = message;
  }

  write(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): { read: number; written: number; error?: string } {
    this.#error = undefined;
    this.#handle.writeSync(
      flush,
      input,
      inputOffset,
      inputLength,
      output,
      outputOffset,
      outputLength,
    );
    const [outputLeft, inputLeft] = this.#left;
    const step = { read: inputLength - inputLeft, written: outputLength - outputLeft };
    return this.#error === undefined ? step : { ...step, error: this.#error };
  }

  setLevel(level: number): void {
    this.#error = undefined;
    this.#handle.params(level, Z_DEFAULT_STRATEGY);
    if (this.#error !== undefined) throw new Error(`zlib cannot change its level: ${this.#error}`);
  }

  close(): void {
    this.#handle.close();
  }
}

class NativeInflater implements Inflater {
  readonly #stream: NativeStream;
  #closed = false;

  constructor(internals: ZlibInternals) {
    this.#stream = new NativeStream(internals);
  }

  step(
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): ZlibStep {
    const step = this.#stream.write(
      Z_SYNC_FLUSH,
      input,
      inputOffset,
      inputLength,
      output,
      outputOffset,
      outputLength,
    );
    // With room left in the output, zlib leaves only input that is behind the end of its stream.
    const done = step.error === undefined && step.read < inputLength && step.written < outputLength;
    return { ...step, done };
  }

  ended(): boolean {
    const output = new Uint8Array(1);
    const { written, error } = this.#stream.write(Z_FINISH, NO_BYTES, 0, 0, output, 0, 1);
    return error === undefined && written === 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }
}

class NativeDeflater implements Deflater {
  readonly #stream: NativeStream;

  constructor(internals: ZlibInternals) {
    this.#stream = new NativeStream(internals);
  }

  step(
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
    flush: ZlibFlush,
  ): ZlibStep {
    const code = FLUSH_CODES[flush];
    const step = this.#stream.write(
      code,
      input,
      inputOffset,
      inputLength,
      output,
      outputOffset,
      outputLength,
    );
    return { ...step, done: flush === "finish" && step.written < outputLength };
  }

  setLevel(level: number): void {
    this.#stream.setLevel(level);
  }

  close(): void {
    this.#stream.close();
  }
}

/**
 * Inflates by the object behind a stream.
 *
 * @param stream What `zlib.createInflate()` gives
 * @returns What inflates; `undefined` where the object is not as expected
 */
export function nativeInflater(stream: object): Inflater | undefined {
  const internals = internalsOf(stream);
  return internals && new NativeInflater(internals);
}

/**
 * Deflates by the object behind a stream.
 *
 * @param stream What `zlib.createDeflate()` gives
 * @returns What deflates; `undefined` where the object is not as expected
 */
export function nativeDeflater(stream: object): Deflater | undefined {
  const internals = internalsOf(stream);
  return internals && new NativeDeflater(internals);
}
