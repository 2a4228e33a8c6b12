import { assertEquals } from "@std/assert";
import { recordBytes } from "@flowtools/ft-format";
import { FileMerge } from "./file_merge.ts";

const FIXTURES = decodeURIComponent(new URL("../../fixtures/", import.meta.url).pathname);

async function mergedBytes(paths: readonly string[], atOnce: number): Promise<Uint8Array> {
  using merge = new FileMerge("little", { atOnce });
  const pieces: number[] = [];
  for await (const block of await merge.open(paths)) pieces.push(...recordBytes(block));
  assertEquals(merge.faults, 0);
  return Uint8Array.from(pieces);
}

Deno.test("FileMerge in groups gives what it gives at once, and leaves no file behind", async () => {
  const names = ["v5-le.ft", "v5-be-z.ft", "v7-le.ft", "v1-be.ft", "v5-le-z.ft", "v6-le.ft"];
  const paths = [...names, ...names].map((name) => `${FIXTURES}ft/${name}`);
  const temporary = () => {
    const path = Deno.makeTempFileSync();
    Deno.removeSync(path);
    const folder = path.slice(0, path.lastIndexOf("/"));
    return [...Deno.readDirSync(folder)].filter(({ name }) => name.startsWith("flowtools-merge-"));
  };
  const before = temporary().length;
  const whole = await mergedBytes(paths, 64);
  assertEquals(whole.length, 12 * 53 * 64);
  for (const atOnce of [2, 3, 5]) assertEquals(await mergedBytes(paths, atOnce), whole);
  assertEquals(temporary().length, before);
});
