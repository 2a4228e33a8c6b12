/** What the tests of the collector's files share: a sink that runs, flows for it, what it left. */
import { assertEquals } from "@std/assert";
import { type ParsedArguments, parseFlags } from "@flowtools/common/flags";
import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout, type FtHeader } from "@flowtools/ft-format";
import { openFtFile } from "@flowtools/ft-format/deno";
import type { Facts, Log } from "../apps/collector/log.ts";
import {
  createFileSink,
  FILE_OPTIONS,
  type FileSettings,
  fileSettings,
  type FileSink,
  type FileSinkHooks,
  type FinishedFile,
} from "../apps/collector/sinks/files/mod.ts";
import type { Sink } from "../apps/collector/sinks/sink.ts";

/** A log that keeps its lines. */
export class TestLog implements Log {
  readonly lines: string[] = [];

  info(message: string, facts: Facts = {}): void {
    this.lines.push([message, ...Object.entries(facts).map(([k, v]) => `${k}=${v}`)].join(" "));
  }

  warn(reason: string, message: string): void {
    this.lines.push(`${reason}: ${message}`);
  }

  /** Lines that begin so. */
  about(start: string): string[] {
    return this.lines.filter((line) => line.startsWith(start));
  }
}

/** A sink that runs, and what it told. */
export interface RunningSink {
  readonly sink: FileSink;
  readonly files: FinishedFile[];
  readonly log: TestLog;
}

/** The arguments of the sink's flags. */
export function argumentsOf(...args: string[]): ParsedArguments {
  return parseFlags(args, FILE_OPTIONS);
}

/** The settings of the sink's flags. */
export function settingsOf(directory: string, ...args: string[]): FileSettings {
  return fileSettings(argumentsOf("-w", directory, ...args));
}

/** Starts a sink. */
export async function startSink(
  directory: string,
  args: readonly string[] = [],
  hooks: FileSinkHooks = {},
  changes: Partial<FileSettings> = {},
): Promise<RunningSink> {
  const log = new TestLog();
  const files: FinishedFile[] = [];
  const onFile = (file: FinishedFile) => files.push(file);
  const settings = { ...settingsOf(directory, ...args), ...changes };
  const sink = await createFileSink(settings, log, { onFile, ...hooks });
  return { sink, files, log };
}

/** A batch of flows by version, numbered in their source addresses from a number on. */
export function numberedBatch(
  ...parts: [version: number, count: number, from?: number, aggregation?: number][]
): FlowBatch {
  const batch = new FlowBatch({ capacity: 1 << 16 });
  for (const [version, count, from = 0, aggregation] of parts) {
    const { schema } = findFtLayout(version, aggregation)!;
    for (let number = from; number < from + count; number++) {
      batch.append(schema, {
        srcaddr: number,
        dstaddr: (0xc0a80000 + (number % 1000)) >>> 0,
        srcport: 1024 + (number % 60_000),
        dstport: number % 3 === 0 ? 53 : 443,
        prot: number % 2 === 0 ? 6 : 17,
        dPkts: 1 + (number % 7),
        dOctets: 40 + (number % 1460),
        dFlows: 1,
        input: number % 16,
        output: number % 5,
        src_as: 64_512 + (number % 100),
        unix_secs: 1_700_000_000,
        sysUpTime: 100_000,
        First: number % 50_000,
        Last: 50_000 + (number % 50_000),
      });
    }
  }
  return batch;
}

/** Every flow is accounted for. */
export function assertBalanced({ counters }: Sink): void {
  const { given, done, queued, filtered, dropped } = counters;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  assertEquals(given, done + queued + filtered + lost, JSON.stringify(counters));
}

/** The paths below a directory, relative and sorted. */
export function pathsBelow(directory: string, prefix: string = ""): string[] {
  const paths: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    if (isDirectory) paths.push(...pathsBelow(`${directory}/${name}`, `${prefix}${name}/`));
    else paths.push(prefix + name);
  }
  return paths.toSorted();
}

/** What a file holds: its header, its flows' numbers, and whether it ends as it should. */
export async function readCapture(
  path: string,
): Promise<{ header: FtHeader; numbers: number[]; flows: number; whole: boolean }> {
  using reader = await openFtFile(path);
  const { header, layout } = reader;
  const numbers: number[] = [];
  let whole = true;
  try {
    for await (const { view, offset, count, littleEndian } of reader.blocks()) {
      const batch = new FlowBatch({ capacity: count, columns: ["srcaddr"] });
      batch.appendRecords(layout, view, offset, count, littleEndian);
      for (const number of batch.column("srcaddr")) {
        if (numbers.length < reader.recordsRead) numbers.push(number);
      }
    }
  } catch {
    whole = false;
  }
  return { header, numbers, flows: numbers.length, whole };
}
