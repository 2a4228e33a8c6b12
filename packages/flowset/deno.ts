/** The part of the package that needs Deno: it is imported when a set meets its first path. */
import type { ByteWriter } from "@flowtools/ft-format";

export { createFtFile, NATIVE_ZLIB, openFtFile } from "@flowtools/ft-format/deno";

/** Standard output as something to write a stream to; closing it leaves it open. */
export function standardOutput(): ByteWriter {
  return {
    write(chunk: Uint8Array): Promise<void> {
      for (let written = 0; written < chunk.length;) {
        written += Deno.stdout.writeSync(chunk.subarray(written));
      }
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
