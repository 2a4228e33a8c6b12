import { PORTABLE_ZLIB, type ZlibProvider } from "@flowtools/ft-format";

/** What of the runtime the package can use: files, standard output, native zlib. */
export type Platform = typeof import("./deno.ts");

/**
 * Loads the part that needs Deno when it is first needed, so that the package runs in a browser
 * on streams and bytes.
 */
export function loadPlatform(): Promise<Platform> {
  return import("./deno.ts");
}

/** The fastest zlib that this runtime has. */
export async function loadZlib(): Promise<ZlibProvider> {
  try {
    return (await loadPlatform()).NATIVE_ZLIB;
  } catch {
    return PORTABLE_ZLIB;
  }
}
