import { FT_FLAGS, type FtHeader, type RawTlv } from "@flowtools/ft-format";
import { openRecords } from "@flowtools/flowset/select";
import { reportInputFault } from "./each_input.ts";
import type { FlowFile, FlowFiles } from "./flow_files.ts";
import type { StreamHeader } from "./stream_output.ts";

/** The times between which files are wanted, Unix seconds; 0 is no bound. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** The files that are wanted, and what their headers tell together. */
export interface Preloaded extends FlowFiles {
  readonly header: StreamHeader;
}

const U32_MAX = 0xffffffff;

/** Header members of which the last file that has them decides. */
const COPIED = [
  "sequenceResets",
  "misordered",
  "vendor",
  "exporterAddress",
  "rotation",
  "hostname",
  "comments",
] as const;

/**
 * Reads the headers of all files before the first flow, as `flow-cat -p` does: picks the files of
 * the window, and sums up what the header of the output can tell in advance. Standard input takes
 * no part in it, and files that are left out count in the times of the header.
 *
 * Source: flow-tools `flow-cat.c`.
 */
export async function preloadHeaders(
  list: FlowFiles,
  window: TimeWindow | undefined,
): Promise<Preloaded> {
  const files: FlowFile[] = [];
  let faults = list.faults;
  const copied: { [name: string]: unknown } = {};
  const tlvs: RawTlv[] = [];
  const sums = { flowCount: 0, lost: 0, corrupt: 0 };
  let captureStart = U32_MAX;
  let captureEnd = 0;
  let startKnown = false;
  let endKnown = false;
  for (const file of list.files) {
    if (file.path === "-") {
      files.push(file);
      continue;
    }
    let header: FtHeader;
    try {
      header = file.header ?? await readHeader(file.path);
    } catch (error) {
      reportInputFault(file.path, error);
      faults++;
      continue;
    }
    startKnown ||= header.captureStart !== undefined;
    endKnown ||= header.captureEnd !== undefined;
    captureStart = Math.min(captureStart, header.captureStart ?? U32_MAX);
    captureEnd = Math.max(captureEnd, header.captureEnd ?? 0);
    if (window !== undefined && !isWithin(header, window)) continue;
    files.push(file);
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
      sums[name] = (sums[name] + (header[name] ?? 0)) >>> 0;
    }
    for (const name of COPIED) if (header[name] !== undefined) copied[name] = header[name];
    tlvs.push(...header.tlvs);
  }
  return {
    files,
    faults,
    header: {
      ...(startKnown && endKnown ? { captureStart, captureEnd } : undefined),
      ...sums,
      ...copied,
      tlvs,
      flags: FT_FLAGS.PRELOADED,
    },
  };
}

async function readHeader(path: string): Promise<FtHeader> {
  await using file = await openRecords(path);
  return file.header;
}

/** Both bounds: captures that start between them. One: those on its far side. */
function isWithin(header: FtHeader, { from, to }: TimeWindow): boolean {
  const { captureStart = 0, captureEnd = 0 } = header;
  if (from > 0 && to > 0) return captureStart >= from && captureStart <= to;
  return !(from > 0 && captureStart > from) && !(to > 0 && captureEnd < to);
}
