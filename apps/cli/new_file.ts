import { beforeEnding, notBeforeEnding } from "./ending.ts";

/** Files that are not complete yet. */
const UNFINISHED = new Set<NewFile>();

let count = 0;

/**
 * A file that appears under its name when it is complete, so that a full disk or damage to the
 * input leaves what was there before. What is no regular file, such as a pipe or `/dev/stdout`, and
 * a file in a directory that takes no others, is written in place.
 */
export class NewFile {
  /** Where to write to. */
  readonly path: string;
  /** Whether the file is written anew; if not, it is a pipe, say. */
  readonly regular: boolean;
  readonly #final: string | undefined;

  private constructor(path: string, regular: boolean, final?: string) {
    this.path = path;
    this.regular = regular;
    this.#final = final;
    if (final === undefined) return;
    beforeEnding(discardUnfinished);
    UNFINISHED.add(this);
  }

  /** Prepares a file of this name. */
  static begin(path: string): NewFile {
    const info = statOf(path);
    if (info !== undefined && !info.isFile) return new NewFile(path, false);
    const final = info === undefined ? path : Deno.realPathSync(path);
    const temporary = `${final}.${Deno.pid}-${count++}.tmp`;
    try {
      const mode = info?.mode ?? undefined;
      Deno.openSync(temporary, { write: true, createNew: true, mode }).close();
    } catch (error) {
      if (info === undefined || !(error instanceof Deno.errors.PermissionDenied)) {
        throw namedError(path, error);
      }
      return new NewFile(path, true);
    }
    return new NewFile(temporary, true, final);
  }

  /** Opens what to write to, empty. */
  open(): Deno.FsFile {
    return Deno.openSync(this.path, { write: true, truncate: this.regular });
  }

  /** Gives the complete file its name. */
  commit(): void {
    if (forget(this)) Deno.renameSync(this.path, this.#final!);
  }

  /** Removes what was written; after `commit` it does nothing. */
  discard(): void {
    if (forget(this)) Deno.removeSync(this.path);
  }
}

/** Removes what was never completed: for the end of a program that fails. */
export function discardUnfinished(): void {
  for (const file of UNFINISHED) file.discard();
}

/** Takes a file out of the unfinished ones; tells whether it was among them. */
function forget(file: NewFile): boolean {
  const was = UNFINISHED.delete(file);
  if (UNFINISHED.size === 0) notBeforeEnding(discardUnfinished);
  return was;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The error with the name that the user gave in place of the temporary one. */
function namedError(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  error.message = error.message.replace(/'[^']*\.tmp'$/, `'${path}'`);
  return error;
}
