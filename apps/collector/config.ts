import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import type { Nesting } from "@flowtools/ft-format";
import { formatExporter, parseExporter } from "@flowtools/netflow-pdu";
import { parseArgs } from "@std/cli/parse-args";

/** Everything that the collector is told. */
export interface CollectorConfig {
  /** Directory for the files. */
  readonly directory: string;
  /** Address to listen on. */
  readonly hostname: string;
  /** UDP port to listen on; 0 for any free one. */
  readonly port: number;
  /** Only this exporter is let in, where given. */
  readonly exporter?: string;
  /** Files begun in a day beyond the first: `86400 / (rotations + 1)` seconds each. */
  readonly rotations: number;
  /** How directories nest, −3 to 3, as flow-capture's `-N`. */
  readonly nesting: Nesting;
  /** zlib level of the files, 0 for none. */
  readonly compressionLevel: number;
  /** Byte order of the files. */
  readonly byteOrder: "little" | "big";
  /** Comment in the file headers. */
  readonly comments?: string;
}

/** The call is wrong. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** What flow-capture takes for granted; the nesting is that of its code, not its manual. */
const DEFAULTS = { rotations: 95, nesting: 3, compressionLevel: 6 } as const;

const DEFAULT_PORT = 9991;

export const USAGE = `Usage: collector -w DIR [FLAGS] [HOST:PORT | LOCALIP/REMOTEIP/PORT]

Receives NetFlow v1, v5, v6, v7 and v8 over UDP and writes flow-tools files.

  -w DIR    directory for the files
  -n N      files a day beyond the first, 0 to 1439 (default: 95, a file each 15 minutes)
  -N N      nesting of directories, -3 to 3 (default: 3, YYYY/YYYY-MM/YYYY-MM-DD)
  -z N      zlib level, 0 for none (default: 6)
  -b ORDER  byte order of the files, little or big (default: little)
  -C TEXT   comment for the file headers
  -h        show this help

The default is to listen on 0.0.0.0:9991. SIGINT and SIGTERM finish the file and end.
`;

/**
 * Reads the command line.
 *
 * @throws {ConfigError} An argument is unknown, missing or out of bounds
 */
export function parseConfig(args: readonly string[]): CollectorConfig | "help" {
  const parsed = parseArgs(joinValues(args), {
    string: ["w", "n", "N", "z", "b", "C"],
    boolean: ["h", "help"],
    unknown: (arg, key) => {
      if (key !== undefined) throw new ConfigError(`unknown flag ${arg}`);
    },
  });
  if (parsed.h === true || parsed.help === true) return "help";
  if (typeof parsed.w !== "string" || parsed.w === "") throw new ConfigError("-w DIR is missing");
  if (parsed._.length > 1) throw new ConfigError(`one listener expected, got ${parsed._.length}`);
  const byteOrder = parsed.b ?? "little";
  if (byteOrder !== "little" && byteOrder !== "big") {
    throw new ConfigError(`-b is "${byteOrder}", expected little or big`);
  }
  return {
    directory: parsed.w,
    ...parseListener(parsed._.length === 0 ? `0.0.0.0:${DEFAULT_PORT}` : String(parsed._[0])),
    rotations: whole("-n", parsed.n, 0, 1439, DEFAULTS.rotations),
    nesting: whole("-N", parsed.N, -3, 3, DEFAULTS.nesting) as Nesting,
    compressionLevel: whole("-z", parsed.z, 0, 9, DEFAULTS.compressionLevel),
    byteOrder,
    comments: typeof parsed.C === "string" ? parsed.C : undefined,
  };
}

/** Joins flags with their values, as getopt does: `-N -2`, `-n5`, `-wflows`. */
function joinValues(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--") return [...joined, ...args.slice(i)];
    const match = arg.match(/^-([wnNzbC])(.*)$/s);
    if (match === null) {
      joined.push(arg);
      continue;
    }
    const [, letter, attached] = match;
    const value = attached === "" ? args[++i] : attached;
    if (value === undefined) throw new ConfigError(`-${letter} needs a value`);
    joined.push(`--${letter}=${value}`);
  }
  return joined;
}

function whole(flag: string, value: unknown, low: number, high: number, absent: number): number {
  if (value === undefined) return absent;
  const number = Number(value);
  if (!/^-?\d+$/.test(String(value)) || number < low || number > high) {
    throw new ConfigError(`${flag} is "${value}", expected a whole number ${low} to ${high}`);
  }
  return number;
}

function parseListener(
  text: string,
): Pick<CollectorConfig, "hostname" | "port" | "exporter"> {
  const parts = text.split("/");
  if (parts.length === 3) {
    const [local, remote, port] = parts;
    return {
      hostname: local === "0" || local === "" ? "0.0.0.0" : local,
      port: whole("port", port, 0, 65535, DEFAULT_PORT),
      exporter: remote === "0" || remote === "" ? undefined : exporterAddress(remote),
    };
  }
  const match = text.match(/^(.*):(\d+)$/);
  if (match === null) {
    throw new ConfigError(
      `listener is "${text}", expected HOST:PORT or LOCALIP/REMOTEIP/PORT`,
    );
  }
  return {
    hostname: match[1].replace(/^\[|\]$/g, "") || "0.0.0.0",
    port: whole("port", match[2], 0, 65535, DEFAULT_PORT),
  };
}

/** The address as senders' addresses are written, since they are compared as text. */
function exporterAddress(text: string): string {
  if ((parseIPv4(text) ?? parseIPv6(text)) === undefined) {
    throw new ConfigError(`exporter is "${text}", expected an IPv4 or IPv6 address`);
  }
  return formatExporter(parseExporter(text));
}
