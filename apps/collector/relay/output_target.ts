/** Standard output or a file, as output threads write to it. */
export class OutputTarget {
  readonly #file: Deno.FsFile | undefined;
  /** The beginning can be written again: it is a regular file. */
  readonly rewritable: boolean;

  private constructor(file: Deno.FsFile | undefined) {
    this.#file = file;
    this.rewritable = file?.statSync().isFile ?? false;
  }

  /**
   * Opens an output.
   *
   * @param path A file, which is made or emptied; standard output where it is `-` or not given
   * @param append Whether a file is gone on with rather than emptied
   * @throws {OutputError} It cannot be opened
   */
  static open(path: string | undefined, append = false): OutputTarget {
    if (path === undefined || path === "-") return new OutputTarget(undefined);
    return attempt(() => {
      const how = append ? { append } : { write: true, truncate: true };
      return new OutputTarget(Deno.openSync(path, { create: true, ...how }));
    });
  }

  /**
   * Writes all of it; waits for a slow reader.
   *
   * @throws {OutputError} It cannot be written
   */
  write(bytes: Uint8Array): void {
    const target = this.#file ?? Deno.stdout;
    attempt(() => {
      for (let at = 0; at < bytes.length;) at += target.writeSync(bytes.subarray(at));
    });
  }

  /**
   * Writes over the first bytes of a file.
   *
   * @throws {OutputError} They cannot be written
   */
  rewrite(bytes: Uint8Array): void {
    attempt(() => this.#file?.seekSync(0, Deno.SeekMode.Start));
    this.write(bytes);
  }

  /** Closes the file. */
  close(): void {
    this.#file?.close();
  }
}

/** The system has something against an output. */
export class OutputError extends Error {
  override name = "OutputError";
}

/**
 * What an error of an output is told as.
 *
 * @returns The message; `undefined` where the reader has gone, which is no fault
 * @throws The error itself where it is none of the output: the thread ends, and is replaced
 */
export function outputFault(error: unknown): string | undefined {
  if (!(error instanceof OutputError)) throw error;
  return error.cause instanceof Deno.errors.BrokenPipe ? undefined : error.message;
}

function attempt<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new OutputError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
