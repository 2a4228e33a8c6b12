/** Permissions of capture files and directories where the umask does not say, as flow-capture's. */
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/** Bytes copied at a time. */
const COPY_BYTES = 1 << 20;

/**
 * Creates a file that is not there yet, with the directories above it, and locks it.
 *
 * @param keepUmask Leave permissions to the process's umask
 */
export function openNew(path: string, keepUmask: boolean): Deno.FsFile {
  const directory = parentOf(path);
  Deno.mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  const file = Deno.openSync(path, {
    read: true,
    write: true,
    createNew: true,
    mode: FILE_MODE,
  });
  try {
    if (!keepUmask && Deno.build.os !== "windows") Deno.chmodSync(path, FILE_MODE);
    // Until it is locked, recovery can take it for one that a dead collector left.
    if (lock(file) === "taken" || !reach(path, file)) {
      throw new Error(`"${path}" was taken by another as soon as it was there`);
    }
    return file;
  } catch (error) {
    file.close();
    removeIfThere(path);
    throw error;
  }
}

/**
 * Locks a file for this process, until it is closed or the process ends, however that ends.
 *
 * @returns Whether it is locked now; `taken` where somebody else has it, `unknown` on file systems
 * without locks
 */
export function lock(file: Deno.FsFile): "locked" | "taken" | "unknown" {
  try {
    return file.tryLockSync(true) ? "locked" : "taken";
  } catch (error) {
    if (error instanceof Deno.errors.NotSupported) return "unknown";
    throw error;
  }
}

/** Removes a file, unless it is gone already. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Writes as much as can be written.
 *
 * @returns Bytes that were written, and what stopped it where those are not all
 */
export function writeFrom(
  file: Deno.FsFile,
  bytes: Uint8Array,
): { readonly written: number; readonly error?: unknown } {
  let written = 0;
  try {
    while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
    return { written };
  } catch (error) {
    return { written, error };
  }
}

/** Writes all of it, or throws what the disk has to say. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  const { written, error } = writeFrom(file, bytes);
  if (written < bytes.length) throw error;
}

/** Reads a range of a file; less where the file ends before it. */
export function readRange(file: Deno.FsFile, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  file.seekSync(start, Deno.SeekMode.Start);
  let at = 0;
  while (at < length) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

/** Whether a path still leads to an open file; where the system has no numbers for files, yes. */
export function reach(path: string, file: Deno.FsFile): boolean {
  try {
    const there = Deno.lstatSync(path);
    const here = file.statSync();
    return there.ino === here.ino && there.dev === here.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Copies the first bytes of one open file to the start of another, and goes to their end. */
export function copyFile(from: Deno.FsFile, to: Deno.FsFile, length: number): void {
  const buffer = new Uint8Array(Math.min(COPY_BYTES, Math.max(length, 1)));
  from.seekSync(0, Deno.SeekMode.Start);
  try {
    for (let copied = 0; copied < length;) {
      const read = from.readSync(buffer.subarray(0, Math.min(buffer.length, length - copied)));
      if (read === null) throw new Error(`file has ${copied} bytes, expected ${length}`);
      writeAll(to, buffer.subarray(0, read));
      copied += read;
    }
  } finally {
    from.seekSync(length, Deno.SeekMode.Start);
  }
}

/** Has the system write the names of a file's directory to the disk. */
export function syncDirectory(path: string): void {
  // Windows cannot open directories, and needs no such thing.
  if (Deno.build.os === "windows") return;
  using directory = Deno.openSync(parentOf(path));
  directory.syncSync();
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash) || "/";
}
