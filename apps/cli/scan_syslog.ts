import type { LogLine } from "./scan_log.ts";

/** What flow-dscan logs as. */
const LOGGER = ["-i", "-t", "flow-dscan", "-p", "local6.info"];

/** Where lines go. */
export interface LogTarget extends AsyncDisposable {
  /** Takes a line. */
  readonly log: LogLine;
}

/** Lines to standard error, as flow-dscan has them there. */
export function standardErrorLog(): LogTarget {
  return {
    log: (line) => console.error(`flow-dscan: ${line}`),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Lines to the system's log, through the program `logger`, since Deno has no way to the log's
 * socket; to standard error where that program is not there or may not be run.
 */
export function systemLog(): LogTarget {
  const { state } = Deno.permissions.querySync({ name: "run", command: "logger" });
  if (state !== "granted") return fallBack("it may not be run, --allow-run=logger allows it");
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("logger", { args: LOGGER, stdin: "piped" }).spawn();
  } catch (error) {
    return fallBack(error instanceof Error ? error.message : String(error));
  }
  const writer = child.stdin.getWriter();
  const encoder = new TextEncoder();
  let written: Promise<void> = Promise.resolve();
  return {
    log: (line) => {
      // A log that is gone does not end the detector.
      written = writer.write(encoder.encode(line.trimEnd() + "\n")).catch(() => {});
    },
    [Symbol.asyncDispose]: async () => {
      await written;
      await writer.close().catch(() => {});
      await child.status;
    },
  };
}

function fallBack(reason: string): LogTarget {
  console.error(`flowtools: cannot log with "logger": ${reason}; logging to standard error`);
  return standardErrorLog();
}
