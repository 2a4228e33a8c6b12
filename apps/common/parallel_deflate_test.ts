import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { concat } from "@std/bytes";
import { combineAdler } from "./deflate_block.ts";
import { ParallelDeflate } from "./parallel_deflate.ts";

/** Bytes that compress a little. */
function sample(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    bytes[i] = (state >>> 16) & 0x3f;
  }
  return bytes;
}

/** Inflates a whole zlib stream with the runtime's own decoder, which checks its end. */
async function inflate(stream: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const inflated = new Blob([stream]).stream().pipeThrough(new DecompressionStream("deflate"));
  return await new Response(inflated).bytes();
}

async function deflate(
  input: Uint8Array,
  step: number,
  threads: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  const deflater = new ParallelDeflate(6, (bytes) => void pieces.push(bytes.slice()), threads);
  for (let from = 0; from < input.length; from += step) {
    await deflater.add(input.subarray(from, from + step));
  }
  await deflater.finish();
  return concat(pieces);
}

Deno.test("ParallelDeflate makes one zlib stream of what it is given, on any number of threads", async () => {
  for (
    const [length, step, threads] of [
      [0, 1, 2],
      [1, 1, 2],
      [1000, 7, 1],
      [(1 << 19) + 1, 65_536, 1],
      [20 << 19, 1_000_003, 2],
      [(9 << 19) + 12_345, 1 << 20, 3],
    ]
  ) {
    const input = sample(length);
    const stream = await deflate(input, step, threads);
    assertEquals(await inflate(stream), input, `${length} bytes, ${threads} threads`);
    if (length > 1000) assertLess(stream.length, length);
  }
});

Deno.test("ParallelDeflate tells when its stream cannot be written", async () => {
  const full = () => {
    throw new Deno.errors.BrokenPipe("the reader is gone");
  };
  const deflater = new ParallelDeflate(1, full, 2);
  await assertRejects(async () => {
    for (let i = 0; i < 40; i++) await deflater.add(sample(1 << 19));
    await deflater.finish();
  }, Deno.errors.BrokenPipe);
  deflater.close();
});

Deno.test("combineAdler() gives the checksum of both parts together", () => {
  const adler = (bytes: Uint8Array) => {
    let [low, high] = [1, 0];
    for (const byte of bytes) {
      low = (low + byte) % 65521;
      high = (high + low) % 65521;
    }
    return ((high << 16) | low) >>> 0;
  };
  for (const [one, two] of [[0, 0], [1, 0], [0, 5], [1000, 70_000], [65_521, 131_042]]) {
    const bytes = sample(one + two);
    const parts = [bytes.subarray(0, one), bytes.subarray(one)];
    assertEquals(combineAdler(adler(parts[0]), adler(parts[1]), two), adler(bytes));
  }
});
