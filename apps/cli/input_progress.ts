import type { ParsedArguments } from "@flowtools/common/flags";
import { fileBytes } from "./file_bytes.ts";
import { Progress, wantsProgress } from "./progress.ts";

/** How far a command is that reads its inputs one after the other. */
export interface InputProgress extends Disposable {
  /** To be told of bytes that were read. */
  readonly onRead: (bytes: number) => void;
  /** Takes the bar away. */
  end(): void;
}

/**
 * Watches how far inputs are read, and shows it by the rule of {@linkcode wantsProgress}.
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
  const wanted = wantsProgress(args, atEnd);
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
