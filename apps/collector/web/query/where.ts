import { UsageError } from "@flowtools/common/flags";
import { loadWhere, type WhereInit } from "@flowtools/common/load_where";
import { ConfigError, type Where, WhereError } from "@flowtools/flowset";
import type { QueryFault } from "./query.ts";

/** Expressions of the query language and what they mean, for the page and its documentation. */
export const WHERE_EXAMPLES: readonly (readonly [expression: string, meaning: string])[] = [
  ["src net 10.0.0.0/8 and dst port in [80 443]", "web requests out of a network"],
  ["host 192.0.2.1 and not icmp", "one host, either way"],
  ["udp and octets > 1M", "large flows; k, M and G stand for 10^3, 10^6, 10^9"],
  ["port https and duration > 10m", "long flows; names and units"],
  ["flags S and not flags A", "TCP flows that were never answered"],
  ["src as in [64500 64510-64520]", "AS numbers, and ranges of them"],
  ["exporter 192.0.2.254 and in if 5", "what one router saw on one interface"],
  ['in if "Gi0/1"', "an interface by the name that its exporter told"],
];

/** What words in expressions mean: the files that the collector itself was started with. */
export type WhereFiles = Pick<WhereInit, "filterFile" | "variables" | "symbols">;

/** An expression, and what it is read with. */
export interface QueryWhere {
  /** The expression. */
  readonly text: string;
  /** The time zone of times without one, or `local`. */
  readonly timeZone: string;
  /** What words in it mean. */
  readonly files: WhereFiles;
}

/**
 * Reads an expression as `--where` of the command line does. Names of interfaces hold for all flows
 * of the exporter that told them, whatever the version of these.
 *
 * @param where The expression; blank text for none
 * @param nowMs Unix time in ms that times such as `-1h` start from
 * @param warn Told what is odd in the filter configuration
 * @returns The question, or `undefined` where the text is blank
 * @throws {Error} It is none: {@linkcode whereFault} tells what is wrong
 */
export async function loadQueryWhere(
  { text, timeZone, files }: QueryWhere,
  nowMs: number,
  warn: (message: string) => void,
): Promise<Where | undefined> {
  if (text.trim() === "") return undefined;
  return await loadWhere(
    { ...files, expression: text, timeZone, nowMs, namesByAddress: true },
    warn,
  );
}

/**
 * What is wrong with an expression, for visitors: nothing of this host is in it.
 *
 * @param error What was thrown
 * @returns `undefined` where it is another kind of error
 */
export function whereFault(error: unknown): QueryFault | undefined {
  const message = whereMessage(error);
  if (message !== undefined) return { code: "bad-where", message };
  if (error instanceof RangeError) return { code: "bad-parameter", message: error.message };
  return undefined;
}

function whereMessage(error: unknown): string | undefined {
  if (error instanceof WhereError) return error.message;
  if (error instanceof ConfigError) {
    const { file, message } = error;
    return `Cannot use the collector's filters: ${message.replace(file, file.split("/").at(-1)!)}`;
  }
  if (error instanceof UsageError) {
    return 'Cannot use "filter": the collector has no filter configuration';
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "Cannot use the filter: the collector may not read the files of its names";
  }
  return undefined;
}
