import { FAMILY_IPV6, type FlowBatch, type FlowFieldName } from "@flowtools/flow-model";
import { FlowToolsError } from "@flowtools/flow-model";
import { SCAN_DESTINATIONS_MAX, SCAN_HOSTS_MAX, SCAN_PORT_MAPS_MAX } from "../limits.ts";
import { Ager, type AgerSink } from "./ager.ts";
import { HostTable, type HostTableCounts, type HostTableLimits, scanBucket } from "./host_table.ts";
import { NONE } from "./pool.ts";
import { SCAN_PORTS } from "./port_maps.ts";
import { isMulticast, listTable, type ScanFilterOptions } from "./scan_filter.ts";
import { loadScanState, scanStateText } from "./scan_state.ts";
import { classicFindsDestination, entryMatches, SuppressList } from "./suppress_list.ts";

/** Flows between two runs of the ager. */
const AGER_FLOWS = 1000;

const TCP = 6;
const WEB = 80;
const LOW_PORTS = 1024;

/** The source was reported for scanning hosts. */
const HOST_SCAN = 1;
/** The source was reported for scanning ports. */
const PORT_SCAN = 2;

/** The columns that {@linkcode ScanDetector.add} looks at. */
export const SCAN_COLUMNS: readonly FlowFieldName[] = [
  "unix_secs",
  "unix_nsecs",
  "sysUpTime",
  "first",
  "last",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "prot",
  "tcp_flags",
  "input",
  "output",
  "dOctets",
  "dPkts",
];

/** How to look for scans. */
export interface ScanOptions extends ScanFilterOptions {
  /** Destinations of a source that make the next new one a host scan; default 200. */
  readonly hostDepth?: number;
  /** Ports below 1024 of a destination that make a port scan; default 64. */
  readonly portTrigger?: number;
  /** Flows of more octets are reported; 0 for none, the default. */
  readonly octetTrigger?: number;
  /** Flows of more packets are reported; 0 for none, the default. */
  readonly packetTrigger?: number;
  /** Flows of more milliseconds are reported; 0 for none, the default. */
  readonly timeTrigger?: number;
  /** Flows after which a destination is forgotten; 0 for never, default 90000. */
  readonly agerTimeout?: number;
  /**
   * Suppress lists mean what the manual says. In flow-dscan, and by default, an entry for a source
   * silences the source whatever ports and protocol it names, and one for a destination counts
   * only where source and destination share a bucket of the table.
   */
  readonly exactSuppress?: boolean;
  /** How much to remember at most. */
  readonly limits?: Partial<HostTableLimits>;
}

/** Told what a {@linkcode ScanDetector} finds. Rows are valid during the call. */
export interface ScanSink extends AgerSink {
  /** A source talks to too many destinations. */
  hostScan(batch: FlowBatch, row: number): void;
  /** A source tries too many ports of a destination. */
  portScan(batch: FlowBatch, row: number): void;
  /** A flow is larger or longer than a trigger; once for each trigger. */
  heavyFlow(batch: FlowBatch, row: number): void;
}

/** Flows lack what scans are found by. */
export class ScanError extends FlowToolsError {}

/**
 * Finds host scans and port scans, flow by flow, as flow-dscan does: a source that talks to more
 * than 200 destinations, or to more than 63 ports below 1024 of one destination, is reported once,
 * and again when it has been forgotten in between.
 *
 * What is remembered is bounded. Where it fills, the oldest destinations go first, and
 * `evictions` counts them.
 *
 * Source: flow-tools `flow-dscan.c`.
 *
 * @example
 * ```ts
 * import { FlowSet, SCAN_COLUMNS, ScanDetector } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * let scans = 0;
 * const detector = new ScanDetector({ hostDepth: 1 }, {
 *   hostScan: () => scans++,
 *   portScan: () => scans++,
 *   heavyFlow() {},
 * });
 * await using set = await FlowSet.open("fixtures/cli/in-v5.ft");
 * for await (const batch of set.batches({ columns: SCAN_COLUMNS })) detector.add(batch);
 * assertEquals(detector.flows, 400);
 * assertEquals(scans > 0, true);
 * ```
 */
export class ScanDetector {
  readonly #options: ScanOptions;
  readonly #sink: ScanSink;
  readonly #table: HostTable;
  readonly #ager: Ager;
  readonly #inputs: Uint8Array | undefined;
  readonly #outputs: Uint8Array | undefined;
  #suppressSources = new SuppressList();
  #suppressDestinations = new SuppressList();
  #flows = 0;
  #evictions = 0;
  #skippedIPv6 = 0;

  /**
   * Makes a detector that has seen nothing.
   *
   * @param options What to look for
   * @param sink What to tell
   */
  constructor(options: ScanOptions, sink: ScanSink) {
    this.#options = options;
    this.#sink = sink;
    this.#table = new HostTable({
      hosts: SCAN_HOSTS_MAX,
      destinations: SCAN_DESTINATIONS_MAX,
      portMaps: SCAN_PORT_MAPS_MAX,
      ...options.limits,
    });
    this.#ager = new Ager(this.#table, options.agerTimeout ?? 90_000, sink);
    this.#inputs = listTable(options.inputs);
    this.#outputs = listTable(options.outputs);
  }

  /** Flows seen. */
  get flows(): number {
    return this.#flows;
  }

  /** Destinations forgotten early, because the table was full. */
  get evictions(): number {
    return this.#evictions;
  }

  /** Flows between IPv6 addresses, which are not looked at. */
  get skippedIPv6(): number {
    return this.#skippedIPv6;
  }

  /** What was remembered and forgotten. */
  get counts(): Readonly<HostTableCounts> {
    return this.#table.counts;
  }

  /**
   * Replaces the lists of addresses that raise no alarm.
   *
   * @param sources Sources
   * @param destinations Destinations
   */
  suppress(sources: SuppressList, destinations: SuppressList): void {
    this.#suppressSources = sources;
    this.#suppressDestinations = destinations;
  }

  /**
   * Adds what another run remembered.
   *
   * @param text The text of a state file
   * @param source What it was read from, for messages
   * @throws {ScanError} The text is none, or holds more than the limits allow
   */
  loadState(text: string, source = "state"): void {
    loadScanState(this.#table, text, source);
  }

  /**
   * What is remembered, as the text of a state file.
   *
   * @returns Pieces of the text
   */
  stateText(): Generator<string, void, undefined> {
    return scanStateText(this.#table);
  }

  /**
   * Looks at further flows.
   *
   * @param batch The flows, with the columns of {@linkcode SCAN_COLUMNS}
   * @throws {ScanError} Flows lack addresses or ports
   */
  add(batch: FlowBatch): void {
    requireFields(batch);
    const srcaddr = batch.column("srcaddr");
    const dstaddr = batch.column("dstaddr");
    const dstport = batch.column("dstport");
    const sourceFamily = batch.family("srcaddr");
    const destinationFamily = batch.family("dstaddr");
    const rows = batch.length;
    const skips = this.#skipsSome();
    const triggers = this.#hasTriggers();
    for (let row = 0; row < rows; row++) {
      this.#flows++;
      if (sourceFamily?.[row] === FAMILY_IPV6 || destinationFamily?.[row] === FAMILY_IPV6) {
        this.#skippedIPv6++;
        continue;
      }
      if (skips && this.#skips(batch, row)) continue;
      if (triggers) this.#trigger(batch, row);
      if (!this.#remember(srcaddr[row], dstaddr[row], dstport[row], batch, row)) continue;
      if (this.#flows % AGER_FLOWS === 0 && this.#options.agerTimeout !== 0) {
        this.#ager.run(this.#flows >>> 0);
      }
    }
  }

  /** Remembers a flow; returns whether it was one of a new destination. */
  #remember(
    source: number,
    destination: number,
    port: number,
    batch: FlowBatch,
    row: number,
  ): boolean {
    const table = this.#table;
    if (table.full) this.#makeRoom();
    let host = table.find(source);
    if (host === NONE) {
      host = table.addHost(source, scanBucket(source));
    } else {
      // Who was reported is left alone until forgotten.
      if (table.flags[host] !== 0) return false;
      const known = table.findDestination(host, destination);
      if (known !== NONE) {
        table.time[known] = this.#flows >>> 0;
        if (port < SCAN_PORTS) this.#rememberPort(host, known, port, batch, row);
        return false;
      }
      if (table.depth[host] >= (this.#options.hostDepth ?? 200)) {
        this.#sink.hostScan(batch, row);
        table.depth[host] = 0;
        table.flags[host] |= HOST_SCAN;
        table.clearDestinations(host);
        return true;
      }
    }
    const added = table.addDestination(host, destination, this.#flows >>> 0);
    table.depth[host]++;
    if (port < SCAN_PORTS) table.portsOf[added] = port;
    return true;
  }

  #rememberPort(host: number, at: number, port: number, batch: FlowBatch, row: number): void {
    const table = this.#table;
    const ports = table.ports.with(table.portsOf[at], port);
    table.portsOf[at] = ports;
    if (table.ports.count(ports) < (this.#options.portTrigger ?? 64)) return;
    this.#sink.portScan(batch, row);
    table.ports.drop(ports);
    table.portsOf[at] = NONE;
    table.flags[host] |= PORT_SCAN;
  }

  #makeRoom(): void {
    const before = this.#table.counts.destinationsRemoved;
    this.#ager.makeRoom(this.#flows >>> 0);
    this.#evictions += this.#table.counts.destinationsRemoved - before;
  }

  #skipsSome(): boolean {
    const { skipMulticast, skipInboundWeb, skipOutboundWeb } = this.#options;
    return this.#inputs !== undefined || this.#outputs !== undefined || skipMulticast === true ||
      skipInboundWeb === true || skipOutboundWeb === true ||
      this.#suppressSources.size + this.#suppressDestinations.size > 0;
  }

  #skips(batch: FlowBatch, row: number): boolean {
    const options = this.#options;
    if (this.#inputs !== undefined && this.#inputs[batch.column("input")[row]] !== 1) return true;
    if (this.#outputs !== undefined && this.#outputs[batch.column("output")[row]] !== 1) {
      return true;
    }
    const source = batch.column("srcaddr")[row];
    const destination = batch.column("dstaddr")[row];
    if (options.skipMulticast && (isMulticast(source) || isMulticast(destination))) return true;
    const protocol = batch.column("prot")[row];
    const from = batch.column("srcport")[row];
    const to = batch.column("dstport")[row];
    if (protocol === TCP) {
      if (options.skipInboundWeb && from === WEB && to >= LOW_PORTS) return true;
      if (options.skipOutboundWeb && to === WEB && from >= LOW_PORTS) return true;
    }
    const bySource = this.#suppressSources.get(source);
    const byDestination = this.#suppressDestinations.get(destination);
    if (options.exactSuppress) {
      return entryMatches(bySource, protocol, from, to) ||
        entryMatches(byDestination, protocol, from, to);
    }
    return bySource !== undefined ||
      (byDestination !== undefined && classicFindsDestination(source, destination));
  }

  #hasTriggers(): boolean {
    const { octetTrigger, packetTrigger, timeTrigger } = this.#options;
    return Boolean(octetTrigger || packetTrigger || timeTrigger);
  }

  #trigger(batch: FlowBatch, row: number): void {
    const { octetTrigger, packetTrigger, timeTrigger } = this.#options;
    if (octetTrigger && batch.column("dOctets")[row] > octetTrigger) {
      this.#sink.heavyFlow(batch, row);
    }
    if (packetTrigger && batch.column("dPkts")[row] > packetTrigger) {
      this.#sink.heavyFlow(batch, row);
    }
    const duration = (batch.column("last")[row] - batch.column("first")[row]) >>> 0;
    if (timeTrigger && duration > timeTrigger) this.#sink.heavyFlow(batch, row);
  }
}

/** Fields without which there is nothing to find. */
const REQUIRED: readonly FlowFieldName[] = ["srcaddr", "dstaddr", "srcport", "dstport", "prot"];

function requireFields(batch: FlowBatch): void {
  for (const schema of batch.schemas) {
    const missing = REQUIRED.filter((name) => !schema.has(name));
    if (missing.length > 0) {
      throw new ScanError(
        "missing-field",
        `Cannot look for scans: ${schema.label} flows have no ${missing.join(", ")}`,
      );
    }
  }
}
