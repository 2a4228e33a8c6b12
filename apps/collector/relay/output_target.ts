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
   */
  static open(path: string | undefined): OutputTarget {
    if (path === undefined || path === "-") return new OutputTarget(undefined);
    return new OutputTarget(Deno.openSync(path, { write: true, create: true, truncate: true }));
  }

  /** Writes all of it; waits for a slow reader. */
  write(bytes: Uint8Array): void {
    const target = this.#file ?? Deno.stdout;
    for (let at = 0; at < bytes.length;) at += target.writeSync(bytes.subarray(at));
  }

  /** Writes over the first bytes of a file. */
  rewrite(bytes: Uint8Array): void {
    this.#file?.seekSync(0, Deno.SeekMode.Start);
    this.write(bytes);
  }

  /** Closes the file. */
  close(): void {
    this.#file?.close();
  }
}

/** What an error of an output is told as: nothing where the reader has gone. */
export function outputFault(error: unknown): string | undefined {
  if (error instanceof Deno.errors.BrokenPipe) return undefined;
  return error instanceof Error ? error.message : String(error);
}
