/** A file that may expire. */
export interface CaptureEntry {
  readonly path: string;
  readonly bytes: number;
}

/** How much may stay; 0 is no limit. */
export interface ExpiryLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/**
 * The files that must go, oldest first, so that what stays is within both limits.
 *
 * Source: flow-tools `ftfile.c` (`ftfile_expire`).
 *
 * @param files All files, oldest first
 */
export function planExpiry<Entry extends CaptureEntry>(
  files: readonly Entry[],
  { maxFiles, maxBytes }: ExpiryLimits,
): Entry[] {
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  let gone = 0;
  while (
    gone < files.length &&
    ((maxFiles > 0 && files.length - gone > maxFiles) || (maxBytes > 0 && bytes > maxBytes))
  ) {
    bytes -= files[gone++].bytes;
  }
  return files.slice(0, gone);
}
