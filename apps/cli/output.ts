import { NewFile } from "./new_file.ts";

/** Bytes held back until a write is worth its system call. */
const BUFFER_BYTES = 1 << 16;

/** The output cannot be written; main.ts prints the message and exits with 2. */
export class OutputError extends Error {
  override name = "OutputError";
}

/** What a failed write is reported as; a closed pipe stays what it is, since it ends quietly. */
export function outputError(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.BrokenPipe) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const name = path === "-" ? "standard output" : path;
  return new OutputError(`cannot write ${name}: ${reason}`, { cause: error });
}

/** Makes the directories that a file needs. */
export function makeParent(path: string): void {
  const directory = path.slice(0, path.lastIndexOf("/") + 1);
  if (directory !== "") Deno.mkdirSync(directory, { recursive: true, mode: 0o755 });
}

/** What bytes are written to. */
interface Target {
  writeSync(bytes: Uint8Array): number;
  write(bytes: Uint8Array): Promise<number>;
}

/** Text and bytes to standard output or a file, in large writes. */
export class Output {
  readonly #path: string;
  readonly #target: Target;
  readonly #close: () => void;
  readonly #encoder = new TextEncoder();
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #used = 0;

  private constructor(path: string, target: Target, close: () => void) {
    this.#path = path;
    this.#target = target;
    this.#close = close;
  }

  /** Opens a new file, or standard output where the path is `-` or not given. */
  static open(path: string | undefined): Output {
    if (path === undefined || path === "-") {
      return new Output("-", Deno.stdout, () => {});
    }
    const newFile = NewFile.begin(path);
    const file = newFile.open();
    return new Output(path, file, () => {
      file.close();
      newFile.commit();
    });
  }

  /** Adds text. */
  text(text: string): void {
    // A UTF-16 unit becomes at most three bytes.
    if (text.length * 3 > BUFFER_BYTES - this.#used) {
      this.flush();
      if (text.length * 3 > BUFFER_BYTES) return this.#writeAll(this.#encoder.encode(text));
    }
    this.#used += this.#encoder.encodeInto(text, this.#buffer.subarray(this.#used)).written;
  }

  /** Adds bytes. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES - this.#used) this.flush();
    if (bytes.length > BUFFER_BYTES) return this.#writeAll(bytes);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** Writes what is held back. */
  flush(): void {
    this.#writeAll(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  /** Writes bytes while the caller goes on; they must not change until the promise is kept. */
  async write(bytes: Uint8Array): Promise<void> {
    this.flush();
    try {
      for (let at = 0; at < bytes.length;) at += await this.#target.write(bytes.subarray(at));
    } catch (error) {
      throw outputError(this.#path, error);
    }
  }

  /** Flushes and closes; a file gets its name now. */
  close(): void {
    this.flush();
    this.#close();
  }

  #writeAll(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) at += this.#target.writeSync(bytes.subarray(at));
    } catch (error) {
      throw outputError(this.#path, error);
    }
  }
}
