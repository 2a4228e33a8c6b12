/**
 * Feeds a sink of capture files until it is killed; `collector_files_faults_test.ts` runs it. Tells
 * on standard output how many flows are safe, as soon as they are.
 *
 * Arguments: the flags of the sink.
 *
 * @module
 */
import { parseFlags } from "@flowtools/common/flags";
import { createFileSink, FILE_OPTIONS, fileSettings } from "../apps/collector/sinks/files/mod.ts";
import { assertBalanced, numberedBatch } from "./collector_files.ts";

const settings = fileSettings(parseFlags(Deno.args, FILE_OPTIONS));
const log = { info: () => {}, warn: () => {} };
const sink = await createFileSink(settings, log);
await sink.recovered;
console.log(`ready ${sink.counters.done}`);
// Whoever was to kill it may be gone.
const end = Date.now() + 30_000;
for (let flows = 0; Date.now() < end; flows += 3000) {
  sink.write(numberedBatch([5, 1000, flows], [5, 2000, flows + 1000]));
  // Now and then a flush, and in between chunks that are on their way.
  if (flows % 9000 === 0) {
    await sink.flush(Date.now());
    assertBalanced(sink);
    console.log(`safe ${sink.counters.done}`);
  } else {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
await sink.close();
