/**
 * The sink that writes flow-tools files.
 *
 * @module
 */
import { UsageError } from "@flowtools/common/flags";
import type { Log } from "../../log.ts";
import { loadPipeline } from "../../pipeline/load_pipeline.ts";
import { FileSink, type FileSinkHooks } from "./file_sink.ts";
import type { FileSettings } from "./options.ts";

export { createClientSink } from "../tcp_clients.ts";
export type { FileSink, FileSinkHooks, FinishedFile } from "./file_sink.ts";
export { FILE_OPTIONS, type FileSettings, fileSettings } from "./options.ts";

/**
 * Starts a sink that writes flow-tools files.
 *
 * @param settings Where and how
 * @param log Where it tells what it does
 * @param hooks What others take part in
 * @returns The sink; `close()` ends its files and its threads
 * @throws {UsageError} There is no such directory, the program of `-R` may not be run, or a
 * configuration is not there
 * @throws {ConfigError} A configuration has a mistake
 */
export async function createFileSink(
  settings: FileSettings,
  log: Log,
  hooks: FileSinkHooks = {},
): Promise<FileSink> {
  const { directory, program, pipeline, byteOrder } = settings;
  if (!(await isDirectory(directory))) {
    throw new UsageError(`--directory is "${directory}", which is no directory`);
  }
  if (program !== undefined) {
    const { state } = await Deno.permissions.query({ name: "run", command: program });
    if (state !== "granted") {
      throw new UsageError(`--run is "${program}", which needs --allow-run=${program}`);
    }
  }
  const sink = new FileSink(settings, await loadPipeline(pipeline, byteOrder, log), log, hooks);
  await sink.open();
  return sink;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
