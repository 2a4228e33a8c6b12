const CHUNK_BYTES = 1 << 16;

/** The bytes of a file, or of standard input as `-`, in chunks that stay valid. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  if (path === "-") {
    yield* Deno.stdin.readable;
    return;
  }
  using file = await Deno.open(path);
  for (;;) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const length = await file.read(chunk);
    if (length === null) return;
    yield chunk.subarray(0, length);
  }
}
