import { strftime } from "@flowtools/common/strftime";
import type { Facts } from "./log.ts";
import type { LogEntry, LogLevel } from "./sampled_log.ts";

/** The forms that log lines come in. */
export const LOG_FORMATS = ["auto", "text", "json", "journal"] as const;

/** How log lines are written. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What is told from which level on. */
export const LOG_LEVELS = ["info", "warn"] as const;

/** Priorities of syslog, which systemd's journal takes in front of a line. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { info: 6, warn: 4 };

/** Control characters: a line stays a line, and a terminal is not steered by what a packet said. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;

/** Who writes the log, for the lines that look like syslog's. */
export interface LogIdentity {
  /** The classic program, such as `flow-capture`. */
  readonly program: string;
  readonly hostname: string;
  readonly pid: number;
}

/**
 * Makes the function that turns an entry into a line, without its line end.
 *
 * - `text`: time, level, message, facts; a `STAT:` line looks as syslog writes it.
 * - `json`: an object; the facts stand beside `time`, `level`, `reason` and `message`.
 * - `journal`: priority and message; the journal knows time, host and program itself.
 */
export function lineFormatter(
  format: Exclude<LogFormat, "auto">,
  identity: LogIdentity,
): (entry: LogEntry) => string {
  switch (format) {
    case "text":
      return (entry) => textLine(entry, identity);
    case "json":
      return jsonLine;
    case "journal":
      return (entry) => `<${PRIORITIES[entry.level]}>${messageAndFacts(entry)}`;
  }
}

function textLine(entry: LogEntry, { program, hostname, pid }: LogIdentity): string {
  if (isStat(entry)) {
    const time = strftime("%b %e %H:%M:%S", entry.at / 1000);
    return `${time} ${hostname} ${program}[${pid}]: ${entry.message}`;
  }
  const level = entry.level === "warn" ? " warning:" : "";
  return `${new Date(entry.at).toISOString()}${level} ${messageAndFacts(entry)}`;
}

function jsonLine({ at, level, reason, message, facts }: LogEntry): string {
  const own = { time: new Date(at).toISOString(), level, reason, message };
  // It stands first, for people, and again last, so that no fact takes its place.
  return JSON.stringify({ ...own, ...facts, ...own });
}

function messageAndFacts(entry: LogEntry): string {
  const message = entry.message.replace(CONTROL, escaped);
  return isStat(entry) ? message : message + factsText(entry.facts);
}

/** ` port=9991 path="a b"`. */
function factsText(facts: Facts | undefined): string {
  if (facts === undefined) return "";
  return Object.entries(facts).map(([name, value]) => {
    const text = String(value);
    const plain = /^[^\s"=]+$/.test(text);
    return ` ${name}=${plain ? text.replace(CONTROL, escaped) : JSON.stringify(text)}`;
  }).join("");
}

/** The message of a STAT line says all: what reads it splits it at spaces. */
function isStat(entry: LogEntry): boolean {
  return entry.message.startsWith("STAT: ");
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
