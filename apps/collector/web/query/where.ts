import { builtInSymbols, compileWhere, type Where } from "@flowtools/flowset";

/** Expressions of the query language and what they mean, for the page and its documentation. */
export const WHERE_EXAMPLES: readonly (readonly [expression: string, meaning: string])[] = [
  ["src net 10.0.0.0/8 and dst port in [80 443]", "web requests out of a network"],
  ["host 192.0.2.1 and not icmp", "one host, either way"],
  ["udp and octets > 1M", "large flows; k, M and G stand for 10^3, 10^6, 10^9"],
  ["port https and duration > 10m", "long flows; names and units"],
  ["flags S and not flags A", "TCP flows that were never answered"],
  ["src as in [64500 64510-64520]", "AS numbers, and ranges of them"],
  ["exporter 192.0.2.254 and in if 5", "what one router saw on one interface"],
];

/**
 * Reads an expression of the query language with the built-in names of protocols and ports. It
 * names no files of this host: definitions of filters are for the command line.
 *
 * @param text The expression
 * @param nowMs Unix time in ms that times such as `-1h` start from
 * @returns The question, or `undefined` where the text is blank
 * @throws {WhereError} It is none, with the place and what was expected
 */
export async function loadQueryWhere(text: string, nowMs: number): Promise<Where | undefined> {
  if (text.trim() === "") return undefined;
  const symbols = {
    protocol: await builtInSymbols("ip-prot"),
    port: await builtInSymbols("tcp-port"),
  };
  return compileWhere(text, { symbols, nowMs });
}
