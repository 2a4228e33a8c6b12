import { assert, assertEquals } from "@std/assert";
import { MemoryLog } from "./_doubles.ts";
import type { SavedSession } from "./saved_sessions.ts";
import { SessionFile } from "./session_file.ts";

/** A time after which the file is due again. */
const DUE_MS = 60_000;

const session = (number: number, heardAt: number): SavedSession => ({
  address: `10.0.${number >> 8}.${number & 255}`,
  port: 2055,
  version: 9,
  heardAt,
  snapshot: { number, filler: "x".repeat(2000) },
});

async function temporary(): Promise<AsyncDisposable & { path: string }> {
  const folder = await Deno.makeTempDir();
  return {
    path: `${folder}/state.json`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Polls until the file is there. */
async function written(path: string): Promise<{ sessions: SavedSession[] }> {
  for (let polls = 0; polls < 2000; polls++) {
    try {
      return JSON.parse(await Deno.readTextFile(path));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error(`${path} does not come`);
}

Deno.test("The state file is written in slices: others have their turn, and it is whole", async () => {
  await using place = await temporary();
  const log = new MemoryLog();
  const now = Date.now();
  const file = await SessionFile.open(place.path, log, now);
  const exporters = Array.from({ length: 300 }, (_, number) => session(number, now));
  let turns = 0;
  let asked = 0;
  const knowledge = {
    mark: "1",
    *sessions() {
      for (const exporter of exporters) {
        asked++;
        // Work of its own, so that there are several slices however fast the machine is.
        for (const start = performance.now(); performance.now() - start < 0.2;);
        yield exporter;
      }
    },
  };
  const timer = setInterval(() => turns += asked < exporters.length ? 1 : 0, 0);
  file.tick(knowledge, now + DUE_MS);
  // Nothing, or a part: the rest comes when others had their turn.
  assert(asked < exporters.length);
  // One that is heard of meanwhile is told, too.
  exporters.push(session(300, now));
  const { sessions } = await written(place.path);
  clearInterval(timer);
  assert(turns > 1, `others had ${turns} turns`);
  assertEquals(sessions, exporters);
  await file.close(knowledge, now + DUE_MS);
  assertEquals((await written(place.path)).sessions, exporters);
  assertEquals(log.warnings.size, 0);
});

Deno.test("Who was not heard of for a day is left out of the state file", async () => {
  await using place = await temporary();
  const now = Date.now();
  const day = 24 * 3_600_000;
  const file = await SessionFile.open(place.path, new MemoryLog(), now);
  const sessions = [session(1, now - day - 1), session(2, now - day), session(3, now)];
  await file.close({ mark: "1", sessions: () => sessions }, now);
  assertEquals((await written(place.path)).sessions, sessions.slice(1));
});

Deno.test("Where nothing is known there is no state file", async () => {
  await using place = await temporary();
  const file = await SessionFile.open(place.path, new MemoryLog());
  await file.close({ mark: "", sessions: () => [] });
  assertEquals(await Array.fromAsync(Deno.readDir(place.path.replace(/\/[^/]*$/, ""))), []);
});
