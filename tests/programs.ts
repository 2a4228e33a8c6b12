/** Runs the programs of this repository as processes, with the permissions of their tasks. */
import { toText } from "@std/streams/to-text";
import { readText, ROOT } from "./files.ts";

/** The repository's folder as a path. */
export const ROOT_PATH: string = decodeURIComponent(ROOT.pathname).replace(/\/$/, "");

/** What a program did. */
export interface Outcome {
  readonly code: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what a program runs. */
export interface RunOptions {
  /** Given to standard input; nothing is, unless told. */
  readonly stdin?: Uint8Array | string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The arguments to Deno by which a task runs its program: what it may do is what the task says. */
export function taskArguments(task: string): string[] {
  const config: { tasks: Record<string, { command: string }> } = JSON.parse(readText("deno.json"));
  const [deno, ...words] = config.tasks[task].command.split(" ");
  if (deno !== "deno") throw new Error(`Cannot run task ${task}: it does not call deno`);
  return words.map((word) => word.endsWith(".ts") ? `${ROOT_PATH}/${word}` : word);
}

/** A command of the command line, to be spawned. */
export function flowtoolsCommand(
  args: readonly string[],
  options: Omit<Deno.CommandOptions, "args"> = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...taskArguments("flowtools"), ...args],
    cwd: ROOT_PATH,
    stdout: "piped",
    stderr: "piped",
    ...options,
    env: { NO_COLOR: "1", TZ: "UTC", ...options.env },
  });
}

/** Runs the command line to its end. */
export async function flowtools(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const { stdin, cwd = ROOT_PATH, env } = options;
  const command = flowtoolsCommand(args, {
    cwd,
    env: { ...env },
    stdin: stdin === undefined ? "null" : "piped",
  });
  const child = command.spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    // A program that fails early does not read to the end.
    await writer.write(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin)
      .catch(() => {});
    await writer.close().catch(() => {});
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    bytes: stdout,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Runs a script with bash. */
export async function bash(script: string, options: RunOptions = {}): Promise<Outcome> {
  const child = new Deno.Command("bash", {
    args: ["-euo", "pipefail", "-c", script],
    cwd: options.cwd ?? ROOT_PATH,
    env: { NO_COLOR: "1", TZ: "UTC", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    bytes: stdout,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Lines of text, without the empty one behind the last line end. */
export function lines(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** A temporary directory that is removed when it goes out of scope. */
export function temporaryDirectory(): { readonly path: string } & AsyncDisposable {
  const path = Deno.makeTempDirSync({ prefix: "flowtools-test-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** The names of a folder's files, sorted. */
export function namesOf(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, ROOT))].map(({ name }) => name).toSorted();
}

/** All of a stream, as text. */
export function readAllText(stream: ReadableStream<Uint8Array>): Promise<string> {
  return toText(stream);
}
