import type { ParsedArguments } from "@flowtools/common/flags";
import { Progress } from "./progress.ts";

/** The descriptor of standard output. */
const STANDARD_OUTPUT = 1;

/** How far a command is that reads its inputs one after the other. */
export interface InputProgress extends Disposable {
  /** To be told of bytes that were read. */
  readonly onRead: (bytes: number) => void;
  /** Takes the bar away. */
  end(): void;
}

/**
 * Watches how far inputs are read. There is no bar where the output is the same terminal, which
 * the text itself goes to, unless it is written at the end; nor where it is a pipe, since the next
 * program has the terminal then.
 *
 * @param paths The inputs; they are not looked at where there is no bar
 * @param args The call, which may want no bar
 * @param atEnd Whether nothing is written before all is read
 */
export function inputProgress(
  paths: Iterable<string>,
  args: ParsedArguments,
  atEnd = false,
): InputProgress {
  const output = args.value("output");
  const wanted = Deno.stderr.isTerminal() && !args.on("no-progress") &&
    ((output !== undefined && output !== "-") ||
      (Deno.stdout.isTerminal() ? atEnd : !isPipe(STANDARD_OUTPUT)));
  let bytes = 0;
  if (wanted) { for (const path of paths) bytes += fileBytes(path); }
  const progress = new Progress(bytes, wanted);
  let read = 0;
  return {
    onRead: (count) => progress.show(read += count),
    end: () => progress.end(),
    [Symbol.dispose]: () => progress.end(),
  };
}

/** The part of Node's `process` that finds its modules. */
interface BuiltinModules {
  getBuiltinModule(name: "node:fs"): typeof import("node:fs");
}

/** An import would start Node's part of Deno in every call, also where there is no terminal. */
function isPipe(descriptor: number): boolean {
  const { process } = globalThis as unknown as { process: BuiltinModules };
  const info = process.getBuiltinModule("node:fs").fstatSync(descriptor);
  return info.isFIFO() || info.isSocket();
}

/** Bytes of a regular file, 0 of anything else. */
export function fileBytes(path: string): number {
  if (path === "-") return 0;
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile ? size : 0;
  } catch {
    return 0;
  }
}
