import { strftime } from "@flowtools/common/strftime";
import type { ReportOutput } from "@flowtools/flowset/reports";
import { NewFile } from "./new_file.ts";
import { makeParent, type Output, OutputError, outputError } from "./output.ts";

/** The interpreter of commands, as popen() has it. */
const SHELL = "sh";
/** Deno opens this device only for programs that may do everything, and it may be a file. */
const STANDARD_OUTPUT = "/dev/stdout";
/** What marks a command in place of a path. */
const COMMAND = "|";

/** Where a report is written to. */
export interface ReportSink {
  /** Takes bytes, which may change afterwards. */
  write(bytes: Uint8Array): void;
  /** Waits until what was written is no longer in memory. */
  drain(): Promise<void>;
  /** Ends the output; false where its command failed. */
  close(): Promise<boolean>;
}

/** The moment of an output, Unix seconds. */
export function outputTime({ time }: ReportOutput, start: number, end: number): number {
  switch (time) {
    case "now":
      return Math.floor(Date.now() / 1000);
    case "start":
      return start;
    case "end":
      return end;
    case "mid":
      // In 32 bits: without flows the start is the highest number, the end the lowest.
      return (start + Math.floor(((end - start) >>> 0) / 2)) >>> 0;
  }
}

/**
 * Opens the output of a report.
 *
 * @param path With conversions of strftime(), a command after `|`; standard output if not given
 * @param unixSecs The moment for the conversions
 * @param append Whether the intervals before are in the file already
 * @param stdout Standard output, which stays open
 */
export function openSink(
  path: string | undefined,
  unixSecs: number,
  append: boolean,
  stdout: Output,
): ReportSink {
  const target = strftime(path ?? STANDARD_OUTPUT, unixSecs);
  if (target === STANDARD_OUTPUT) {
    return {
      write: (bytes) => stdout.bytes(bytes),
      drain: () => Promise.resolve(),
      close: () => Promise.resolve(true),
    };
  }
  if (target === "") throw new OutputError(`Cannot write report: its path "${path}" is empty`);
  if (target.startsWith(COMMAND)) return new CommandSink(target.slice(COMMAND.length));
  return new FileSink(target, append);
}

/** A file, with the directories that it needs. */
class FileSink implements ReportSink {
  readonly #newFile: NewFile | undefined;
  readonly #file: Deno.FsFile;
  readonly #path: string;

  constructor(path: string, append: boolean) {
    this.#path = path;
    try {
      makeParent(path);
      this.#newFile = append ? undefined : NewFile.begin(path);
      this.#file = this.#newFile?.open() ??
        Deno.openSync(path, { write: true, create: true, append: true });
    } catch (error) {
      throw outputError(path, error);
    }
  }

  write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    } catch (error) {
      throw outputError(this.#path, error);
    }
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<boolean> {
    this.#file.close();
    this.#newFile?.commit();
    return Promise.resolve(true);
  }
}

/** The standard input of a command. */
class CommandSink implements ReportSink {
  readonly #command: string;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Writes that are under way; once the command reads no more, nothing is written any more. */
  #pending: Promise<void> = Promise.resolve();
  #open = true;

  constructor(command: string) {
    this.#command = command;
    if (Deno.permissions.querySync({ name: "run", command: SHELL }).state !== "granted") {
      throw new OutputError(
        `Cannot run "${command}" for its report: the program was started without --allow-run`,
      );
    }
    this.#child = new Deno.Command(SHELL, { args: ["-c", command], stdin: "piped" }).spawn();
    this.#writer = this.#child.stdin.getWriter();
  }

  write(bytes: Uint8Array): void {
    const copy = bytes.slice();
    this.#pending = this.#pending.then(() => this.#send(copy));
  }

  drain(): Promise<void> {
    return this.#pending;
  }

  async close(): Promise<boolean> {
    await this.#pending;
    if (this.#open) await this.#writer.close().catch(() => this.#end());
    const { code } = await this.#child.status;
    if (code === 0) return true;
    console.error(`flow-report: command "${this.#command}" failed with exit code ${code}`);
    return false;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (!this.#open) return;
    try {
      await this.#writer.write(bytes);
    } catch {
      this.#end();
    }
  }

  #end(): void {
    this.#open = false;
  }
}
