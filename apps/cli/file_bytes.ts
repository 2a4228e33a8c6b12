/** Bytes of a regular file, 0 of anything else. */
export function fileBytes(path: string): number {
  if (path === "-") return 0;
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile ? size : 0;
  } catch {
    return 0;
  }
}
