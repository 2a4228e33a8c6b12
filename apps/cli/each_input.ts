import { FlowToolsError } from "@flowtools/flow-model";
import type { ParsedArguments } from "@flowtools/common/flags";
import { foreignFileHint } from "./foreign_files.ts";
import { listInputs } from "./inputs.ts";
import { hideProgress } from "./progress.ts";
import { systemText } from "./system_text.ts";

/** What the system says of a path that is no readable file. */
const SYSTEM_FAULTS = [
  Deno.errors.NotFound,
  Deno.errors.PermissionDenied,
  Deno.errors.IsADirectory,
  Deno.errors.NotADirectory,
  Deno.errors.FilesystemLoop,
];

/**
 * Does something with every input that a call names. An input that cannot be read, or not to its
 * end, is reported and the others are still done.
 *
 * @returns 0, or 1 where an input had a fault
 */
export async function eachInput(
  args: ParsedArguments,
  work: (path: string) => Promise<void>,
): Promise<number> {
  return await eachPath(listInputs(args.operands, { includeTmp: args.on("all") }), work);
}

/** The same of inputs that are known already. */
export async function eachPath(
  paths: Iterable<string>,
  work: (path: string) => Promise<void>,
): Promise<number> {
  let code = 0;
  for (const path of paths) {
    try {
      await work(path);
    } catch (error) {
      reportInputFault(path, error);
      code = 1;
    }
  }
  return code;
}

/** Reports the fault of an input; what is no such fault is thrown on. */
export function reportInputFault(path: string, error: unknown): void {
  const text = inputFaultText(path, error);
  hideProgress();
  console.error(`flowtools: ${text}`);
}

/** What is wrong with an input; what is no fault of an input is thrown on. */
export function inputFaultText(path: string, error: unknown): string {
  if (!isInputFault(error)) throw error;
  return describeFault(path, error);
}

function isInputFault(error: unknown): error is Error {
  return error instanceof FlowToolsError ||
    SYSTEM_FAULTS.some((systemFault) => error instanceof systemFault);
}

/** Errors of the system do not always name the file, and files are not always ours. */
function describeFault(path: string, error: Error): string {
  const name = path === "-" ? "standard input" : path;
  const text = systemText(error.message);
  const message = text.includes(name) ? text : `${name}: ${text}`;
  const hint = foreignFileHint(error);
  return hint === undefined ? message : `${message}; ${hint}`;
}
