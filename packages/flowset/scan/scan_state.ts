import { FlowToolsError, formatIPv4, parseIPv4 } from "@flowtools/flow-model";
import { type HostTable, SCAN_BUCKETS } from "./host_table.ts";
import { NONE } from "./pool.ts";
import { SCAN_PORTS } from "./port_maps.ts";

/** A state file is none, or holds more than fits. */
export class ScanStateError extends FlowToolsError {}

/** Characters of a piece of a state file's text. */
const PIECE_CHARS = 1 << 16;

/**
 * The text of a state file: `H bucket depth flags address` for a source, below it `I  time address`
 * for each destination, and `P count port…` where low ports were seen; a `.` ends it.
 */
export function* scanStateText(table: HostTable): Generator<string, void, undefined> {
  let text = "";
  for (let bucket = 0; bucket < SCAN_BUCKETS; bucket++) {
    for (let host = table.heads[bucket]; host !== NONE; host = table.nextHost[host]) {
      const address = formatIPv4(table.hostAddress[host]);
      text += `H ${bucket} ${table.depth[host]} ${table.flags[host]} ${address}\n`;
      for (let at = table.firstOf[host]; at !== NONE; at = table.next[at]) {
        text += `I  ${table.time[at]} ${formatIPv4(table.address[at])}\n`;
        const ports = table.ports.list(table.portsOf[at]);
        if (ports.length > 0) text += `P ${ports.length} ${ports.join(" ")}\n`;
      }
      if (text.length >= PIECE_CHARS) {
        yield text;
        text = "";
      }
    }
  }
  yield text + ".\n";
}

/** Adds the sources of a state file to a table. */
export function loadScanState(table: HostTable, text: string, source: string): void {
  const reader = new StateReader(table, source);
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    if (line.startsWith(".")) return;
    reader.line(line, index + 1);
  }
}

/** Reads line by line; what belongs to a line follows it. */
class StateReader {
  readonly #table: HostTable;
  readonly #source: string;
  #host = NONE;
  #destination = NONE;

  constructor(table: HostTable, source: string) {
    this.#table = table;
    this.#source = source;
  }

  line(line: string, number: number): void {
    const [, kind, rest] = /^(.)\s*(.*)$/.exec(line)!;
    const words = rest.split(/\s+/);
    const done = kind === "H"
      ? this.#addHost(words)
      : kind === "I"
      ? this.#addDestination(words)
      : kind === "P" && this.#addPorts(words);
    if (!done) {
      throw new ScanStateError(
        "bad-state",
        `Cannot load ${this.#source}: line ${number} is "${line.slice(0, 80)}", expected ` +
          `"H bucket depth flags address", then "I time address", then "P count port…"`,
      );
    }
    if (this.#table.full) {
      throw new ScanStateError(
        "state-limit",
        `Cannot load ${this.#source}: it holds more than the limits SCAN_HOSTS_MAX, ` +
          `SCAN_DESTINATIONS_MAX and SCAN_PORT_MAPS_MAX allow, at line ${number}`,
      );
    }
  }

  #addHost([bucketText, depth, flags, addressText]: string[]): boolean {
    const bucket = Number(bucketText);
    const address = parseIPv4(addressText ?? "");
    if (address === undefined || !(bucket < SCAN_BUCKETS)) return false;
    // The bucket is that of the file, as in the reference; it follows from the address.
    this.#host = this.#table.addHost(address, bucket);
    this.#table.depth[this.#host] = Number(depth);
    this.#table.flags[this.#host] = Number(flags);
    this.#destination = NONE;
    return true;
  }

  #addDestination([time, addressText]: string[]): boolean {
    const address = parseIPv4(addressText ?? "");
    if (address === undefined || this.#host === NONE || !/^\d+$/.test(time)) return false;
    this.#destination = this.#table.addDestination(this.#host, address, Number(time));
    return true;
  }

  #addPorts([count, ...ports]: string[]): boolean {
    if (this.#destination === NONE || Number(count) !== ports.length) return false;
    const table = this.#table;
    for (const text of ports) {
      const port = Number(text);
      if (!/^\d+$/.test(text)) return false;
      if (port >= SCAN_PORTS) continue;
      const set = table.portsOf[this.#destination];
      table.portsOf[this.#destination] = table.ports.with(set, port);
    }
    return true;
  }
}
