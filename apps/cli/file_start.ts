/**
 * What a regular file begins with.
 *
 * @param path The file
 * @param bytes How many at most
 * @returns The bytes; none of standard input and pipes, of which what was read is gone, nor of what
 * cannot be read, which is reported by whoever reads it
 */
export function fileStart(path: string, bytes: number): Uint8Array {
  const start = new Uint8Array(bytes);
  try {
    if (path === "-" || !Deno.statSync(path).isFile) return start.subarray(0, 0);
    using file = Deno.openSync(path);
    return start.subarray(0, file.readSync(start) ?? 0);
  } catch {
    return start.subarray(0, 0);
  }
}
