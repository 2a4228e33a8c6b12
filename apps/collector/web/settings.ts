import { variablesOf } from "@flowtools/common/config_file";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { LIVE_CLIENTS, LIVE_FLOWS_PER_SECOND, QUERY_SECONDS, TOKEN_LENGTH_MIN } from "./limits.ts";
import { HTTP_DEFAULT } from "./options.ts";
import type { WhereFiles } from "./query/where.ts";

/** What the server is told; it is posted to its thread. */
export interface ServerSettings {
  /** Address to listen on, without brackets. */
  readonly hostname: string;
  /** TCP port; 0 for any. */
  readonly port: number;
  /** Only this host can reach it. */
  readonly loopback: boolean;
  /** What visitors must present, where they must. */
  readonly token: string | undefined;
  /** Listeners to live events at the same time. */
  readonly liveClients: number;
  /** How long a query may run, seconds. */
  readonly querySeconds: number;
  /** The directory of the files, where there are any. */
  readonly directory: string | undefined;
  /** What words in filters of queries mean. */
  readonly whereFiles: WhereFiles;
  /** The program's version, for people. */
  readonly version: string;
}

/** The settings of the web part. */
export interface WebSettings extends ServerSettings {
  /** Flows a second that live tables look at. */
  readonly liveFlowsPerSecond: number;
}

/** What the rest of the collector knows. */
export interface WebContext {
  /** The directory of the files, where there are any. */
  readonly directory: string | undefined;
  /** The program's version, for people. */
  readonly version: string;
}

/**
 * Reads the settings of the web part.
 *
 * @param args The options, those of `WEB_OPTIONS` among them
 * @param context What the rest of the collector knows
 * @returns The settings, or `undefined` where the page is off
 * @throws {UsageError} A value is wrong, the token cannot be read, or an address that others can
 * reach is given without a token
 */
export function webSettings(args: ParsedArguments, context: WebContext): WebSettings | undefined {
  const address = args.value("http") ?? HTTP_DEFAULT;
  if (address === "off") return undefined;
  const { hostname, port } = parseAddress(address);
  const loopback = isLoopback(hostname);
  const file = args.value("http-token-file");
  const token = file === undefined ? undefined : readToken(file);
  if (!loopback && token === undefined && !args.on("http-insecure")) {
    throw new UsageError(
      `--http is "${address}", which others can reach: expected --http-token-file FILE with it, ` +
        "a loopback address such as 127.0.0.1:9990, or --http-insecure",
    );
  }
  return {
    hostname,
    port,
    loopback,
    token,
    liveClients: args.number("http-live-clients") ?? LIVE_CLIENTS,
    liveFlowsPerSecond: args.number("http-live-flows") ?? LIVE_FLOWS_PER_SECOND,
    querySeconds: args.number("http-query-seconds") ?? QUERY_SECONDS,
    whereFiles: whereFiles(args),
    ...context,
  };
}

/** What the collector itself filters with, where it does. */
function whereFiles(args: ParsedArguments): WhereFiles {
  const filterFile = args.value("filter-file");
  return {
    // What came through standard input cannot be read again.
    filterFile: filterFile === "-" ? undefined : filterFile,
    variables: variablesOf(args),
    symbols: args.value(SYMBOLS_FLAG.name),
  };
}

/** `HOST:PORT`, `[IPV6]:PORT`, `:PORT` or `PORT`. */
function parseAddress(text: string): { hostname: string; port: number } {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):)?(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65_535) {
    throw new UsageError(`--http is "${text}", expected HOST:PORT, [IPV6]:PORT or off`);
  }
  return { hostname: match[1] ?? (match[2] || "127.0.0.1"), port: Number(match[3]) };
}

/** Whether only this host can reach an address. */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function readToken(file: string): string {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (error) {
    const state = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--http-token-file cannot be read: ${state}`);
  }
  const token = text.trim();
  if (token.length < TOKEN_LENGTH_MIN || !/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError(
      `--http-token-file has ${token.length} characters, expected at least ${TOKEN_LENGTH_MIN} ` +
        "printable ones without spaces, on one line",
    );
  }
  return token;
}
