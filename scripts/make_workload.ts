/**
 * Writes a flow-tools file of realistic v5 flows:
 *
 *     deno run --allow-write scripts/make_workload.ts COUNT FILE [SEED] [LEVEL]
 *
 * 5,000,000 flows make the 320 MB that the benchmarks run on.
 *
 * @module
 */
import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset";
import { Workload } from "./workload.ts";

/** Writes `count` flows of a workload to a file. */
export async function makeWorkload(
  path: string,
  count: number,
  seed = 1,
  compressionLevel = 0,
): Promise<void> {
  const schema = findFtLayout(5)!.schema;
  const workload = new Workload(seed);
  const batch = new FlowBatch();
  await using set = await FlowSet.create(path, { version: 5, compressionLevel });
  for (let left = count; left > 0;) {
    batch.reset();
    left -= workload.fill(batch, schema, left);
    await set.write(batch);
  }
}

if (import.meta.main) {
  const [count, path, seed = "1", level = "0"] = Deno.args;
  if (!Number.isInteger(Number(count)) || path === undefined) {
    console.error("usage: make_workload.ts COUNT FILE [SEED] [LEVEL]");
    Deno.exit(2);
  }
  await makeWorkload(path, Number(count), Number(seed), Number(level));
}
