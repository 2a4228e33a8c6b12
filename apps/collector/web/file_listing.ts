import {
  FILES_MAX,
  FILES_SHOWN_MAX,
  LISTING_MS,
  WALK_DEPTH_MAX,
  WALK_ENTRIES_MAX,
} from "./limits.ts";

/** A capture file. */
export interface ListedFile {
  /** Its path below the directory, with `/`: it is also its name in the API. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** When it was begun, Unix ms, as its name tells. */
  readonly startedAt: number;
  /** When it was last written to, Unix ms. */
  readonly modifiedAt: number;
  /** Whether nobody writes to it any more. */
  readonly complete: boolean;
  /** Version of its flows, as its name tells: `v5`, `v8.1`. */
  readonly version: string;
}

/** Files of the directory. */
export interface Listing {
  /** The newest first. */
  readonly files: readonly ListedFile[];
  /** Whether there are more than the bounds allow to list. */
  readonly truncated: boolean;
}

/** Capture files as flow-capture names them. */
const NAME =
  /^(ft|tmp)-v(\d{2})(?:m(\d{2}))?\.(\d{4})-(\d{2})-(\d{2})\.(\d{2})(\d{2})(\d{2})([+-])(\d{2})(\d{2})$/;

/** Directories that its nesting makes. */
const DIRECTORY = /^\d{4}(?:-\d{2}){0,2}$/;

/**
 * The capture files below a directory, found by walking it: nothing that the walk did not find can
 * be asked for, so a request cannot name its way out. Links are not followed.
 */
export class FileListing {
  readonly #directory: string | undefined;
  #listing: Promise<Listing> | undefined;
  #listedAt = -Infinity;

  /**
   * Makes a listing.
   *
   * @param directory The directory, where there is one
   */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** The files, as they were some seconds ago at most. */
  list(): Promise<Listing> {
    const now = performance.now();
    if (this.#listing === undefined || now - this.#listedAt > LISTING_MS) {
      this.#listedAt = now;
      this.#listing = walk(this.#directory);
    }
    return this.#listing;
  }

  /**
   * The newest files.
   *
   * @param limit How many at most
   */
  async newest(limit: number): Promise<Listing & { total: number }> {
    const { files, truncated } = await this.list();
    const shown = files.slice(0, Math.min(limit, FILES_SHOWN_MAX));
    return { files: shown, truncated, total: files.length };
  }

  /**
   * A file by its path below the directory.
   *
   * @returns Where it is on this host, or `undefined` where the walk did not find it
   */
  async find(path: string): Promise<{ file: ListedFile; location: string } | undefined> {
    const { files } = await this.list();
    const file = files.find((candidate) => candidate.path === path);
    return file === undefined ? undefined : { file, location: this.locate(file) };
  }

  /** Where a listed file is on this host. */
  locate(file: ListedFile): string {
    return `${this.#directory}/${file.path}`;
  }
}

async function walk(root: string | undefined): Promise<Listing> {
  const files: ListedFile[] = [];
  let entries = 0;
  let truncated = false;
  const visit = async (below: string, depth: number): Promise<void> => {
    try {
      // The newest directories come last in any order of names.
      const found = await Array.fromAsync(Deno.readDir(`${root}/${below}`));
      found.sort((a, b) => a.name < b.name ? 1 : -1);
      for (const entry of found) {
        if (++entries > WALK_ENTRIES_MAX || files.length >= FILES_MAX) {
          truncated = true;
          return;
        }
        if (entry.isDirectory && depth < WALK_DEPTH_MAX && DIRECTORY.test(entry.name)) {
          await visit(`${below}${entry.name}/`, depth + 1);
        } else if (entry.isFile) {
          const file = await describe(`${root}/`, below, entry.name);
          if (file !== undefined) files.push(file);
        }
      }
    } catch (error) {
      // Expiry removes directories while they are walked, and none is there before the first file.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  };
  if (root !== undefined) await visit("", 0);
  files.sort((a, b) => b.startedAt - a.startedAt || (a.path < b.path ? 1 : -1));
  return { files, truncated };
}

async function describe(
  root: string,
  below: string,
  name: string,
): Promise<ListedFile | undefined> {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, kind, version, method, year, month, day, hour, minute, second, sign, hours, minutes] =
    match;
  const offset = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const parts = [year, month, day, hour, minute, second].map(Number);
  const local = Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5]);
  try {
    const { size, mtime } = await Deno.lstat(`${root}${below}${name}`);
    return {
      path: below + name,
      size,
      startedAt: local - offset,
      modifiedAt: mtime?.getTime() ?? local - offset,
      complete: kind === "ft",
      version: `v${Number(version)}${method === undefined ? "" : `.${Number(method)}`}`,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
