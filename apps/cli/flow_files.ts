import type { FtHeader } from "@flowtools/ft-format";
import { openRecords } from "@flowtools/flowset/select";
import { reportInputFault } from "./each_input.ts";
import type { ParsedArguments } from "@flowtools/common/flags";
import { listInputs } from "./inputs.ts";
import { strictCompat } from "./strict_compat.ts";

/** An input, and its header where that was read to find its place. */
export interface FlowFile {
  /** `-` is standard input. */
  readonly path: string;
  readonly header?: FtHeader;
}

/** The inputs of a call, and whether all could be looked at. */
export interface FlowFiles {
  readonly files: FlowFile[];
  readonly faults: number;
}

/**
 * The inputs that operands name, as flow-cat orders them: the files of a directory by the start of
 * their capture, those of several operands together where `-g` asks for it. Of equal starts the
 * first by name goes first.
 *
 * @param headers Whether every header is wanted, also where the order does not need it
 */
export async function listFlowFiles(args: ParsedArguments, headers = false): Promise<FlowFiles> {
  const includeTmp = args.on("all");
  const named = args.operands.length === 0 ? ["-"] : args.operands;
  // The classic programs look at the name as it was typed, and leave out what was asked for.
  const skips = strictCompat(args) && !includeTmp;
  const operands = skips ? named.filter((name) => !name.startsWith("tmp")) : named;
  const lists = args.on("global-sort") ? [operands] : operands.map((operand) => [operand]);
  const files: FlowFile[] = [];
  let faults = 0;
  for (const list of lists) {
    const paths = [...listInputs(list, { includeTmp })];
    const found: FlowFile[] = [];
    for (const path of paths) {
      if (path === "-" || (paths.length === 1 && !headers)) {
        found.push({ path });
        continue;
      }
      try {
        await using file = await openRecords(path);
        found.push({ path, header: file.header });
      } catch (error) {
        reportInputFault(path, error);
        faults++;
      }
    }
    files.push(...found.toSorted((a, b) => startOf(a) - startOf(b)));
  }
  return { files, faults };
}

function startOf({ header }: FlowFile): number {
  return header?.captureStart ?? 0;
}
