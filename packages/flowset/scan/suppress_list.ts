import { scanBucket } from "./host_table.ts";

/** One line of a suppress file. */
export interface SuppressEntry {
  /** The address. */
  readonly address: number;
  /** Protocol; `undefined` for any. */
  readonly protocol: number | undefined;
  /** Source port; `undefined` for any. */
  readonly sourcePort: number | undefined;
  /** Destination port; `undefined` for any. */
  readonly destinationPort: number | undefined;
}

/**
 * Addresses that raise no alarm, as suppress files list them: address, protocol, source port,
 * destination port, where `-` stands for any.
 *
 * Source of the format: flow-tools `flow-dscan.c`.
 *
 * @example
 * ```ts
 * import { SuppressList } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const list = SuppressList.parse("# the name server\n192.0.2.53 17 - 53\n");
 * assertEquals(list.get(0xc0000235)?.destinationPort, 53);
 * assertEquals(list.size, 1);
 * ```
 */
export class SuppressList {
  readonly #entries: ReadonlyMap<number, SuppressEntry>;

  /**
   * Makes a list.
   *
   * @param entries The entries; of several for one address the first counts
   */
  constructor(entries: Iterable<SuppressEntry> = []) {
    const byAddress = new Map<number, SuppressEntry>();
    for (const entry of entries) {
      if (!byAddress.has(entry.address)) byAddress.set(entry.address, entry);
    }
    this.#entries = byAddress;
  }

  /**
   * Reads a suppress file. Lines that cannot be used are left out.
   *
   * @param text The text
   * @param warn Told about each line that is left out: why, and the line
   * @returns The list
   */
  static parse(text: string, warn?: (reason: string, line: string) => void): SuppressList {
    const entries = new Map<number, SuppressEntry>();
    for (const line of text.split("\n")) {
      const words = line.replace(/^[ \t]+/, "");
      if (words === "" || words.startsWith("#")) continue;
      const [first, ...rest] = words.split(/[ \t]+/);
      if (rest.length < 3) {
        warn?.("syntax error", line);
        continue;
      }
      const address = parseAddress(first);
      if (first.startsWith("-")) warn?.("no src ip wildcard", line);
      else if (address === undefined) warn?.("syntax error", line);
      else if (entries.has(address)) warn?.("dup ip", line);
      else {
        const [protocol, sourcePort, destinationPort] = rest.map(parseNumber);
        entries.set(address, { address, protocol, sourcePort, destinationPort });
      }
    }
    return new SuppressList(entries.values());
  }

  /** Addresses in the list. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The entry of an address.
   *
   * @param address The address
   * @returns The entry, or `undefined` where there is none
   */
  get(address: number): SuppressEntry | undefined {
    return this.#entries.get(address);
  }
}

/** Whether a flow's ports and protocol are those of an entry. */
export function entryMatches(
  entry: SuppressEntry | undefined,
  protocol: number,
  sourcePort: number,
  destinationPort: number,
): boolean {
  return entry !== undefined &&
    (entry.protocol === undefined || entry.protocol === protocol) &&
    (entry.sourcePort === undefined || entry.sourcePort === sourcePort) &&
    (entry.destinationPort === undefined || entry.destinationPort === destinationPort);
}

/** Whether flow-dscan finds a destination: it looks in the bucket of the source. */
export function classicFindsDestination(source: number, destination: number): boolean {
  return scanBucket(source) === scanBucket(destination);
}

/** One to four octets, of which those left out are 0 and of which the low eight bits count. */
function parseAddress(text: string): number | undefined {
  if (!/^[0-9]+(\.[0-9]*)*$/.test(text)) return undefined;
  const octets = text.split(".").map((octet) => Number(octet) & 255);
  while (octets.length < 4) octets.push(0);
  return octets.reduce((address, octet) => ((address << 8) | octet) >>> 0, 0);
}

function parseNumber(text: string): number | undefined {
  return text.startsWith("-") || text === "" ? undefined : parseInt(text, 10) || 0;
}
