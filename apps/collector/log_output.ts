import { lineFormatter, type LogFormat } from "./log_format.ts";
import { SampledLog } from "./sampled_log.ts";

/** How the log is written. */
export interface LogSettings {
  readonly format: LogFormat;
  /** `warn` leaves out what is no trouble. */
  readonly level: "info" | "warn";
  /** The classic program that speaks, such as `flow-capture`. */
  readonly program: string;
}

/** Opens the log of a program on standard error. A closed standard error is no reason to end. */
export function openLog({ format, level, program }: LogSettings): SampledLog {
  const terminal = Deno.stderr.isTerminal();
  const line = lineFormatter(
    format === "auto" ? (terminal ? "text" : "json") : format,
    { program, hostname: Deno.hostname(), pid: Deno.pid },
  );
  const encoder = new TextEncoder();
  return new SampledLog((entry) => {
    if (level === "warn" && entry.level === "info") return;
    const bytes = encoder.encode(`${line(entry)}\n`);
    try {
      for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
    } catch {
      // Nobody is there to be told.
    }
  });
}
