/**
 * Feeds the collector's web part without a receiver: batches through its sink, snapshots through
 * `publish`. What it feeds is known, so that answers can be compared with it.
 */
import { FlowBatch, FlowSchema, type RowValues } from "@flowtools/flow-model";
import type { CollectorSnapshot, ExporterSnapshot } from "../apps/collector/snapshot.ts";
import type { Log } from "../apps/collector/log.ts";
import { startWeb, type Web, type WebSettings } from "../apps/collector/web/mod.ts";

/** The fields of NetFlow v5. */
const V5 = new FlowSchema({
  version: 5,
  fields: [
    "unix_secs",
    "unix_nsecs",
    "sysUpTime",
    "exaddr",
    "srcaddr",
    "dstaddr",
    "nexthop",
    "input",
    "output",
    "dPkts",
    "dOctets",
    "first",
    "last",
    "srcport",
    "dstport",
    "prot",
    "tos",
    "tcp_flags",
    "src_as",
    "dst_as",
  ],
});

/** A flow of NetFlow v5; what is not told has a value of no interest. */
export function flow(values: RowValues = {}): RowValues {
  return {
    unix_secs: Math.floor(Date.now() / 1000),
    unix_nsecs: 0,
    sysUpTime: 600_000,
    exaddr: "127.0.0.1",
    srcaddr: "10.0.0.1",
    dstaddr: "192.0.2.1",
    nexthop: "10.0.0.254",
    input: 1,
    output: 2,
    dPkts: 10,
    dOctets: 1000,
    first: 590_000,
    last: 595_000,
    srcport: 40_000,
    dstport: 443,
    prot: 6,
    tos: 0,
    tcp_flags: 27,
    src_as: 64_500,
    dst_as: 64_501,
    ...values,
  };
}

/** Flows as a batch. */
export function batchOf(flows: readonly RowValues[], schema: FlowSchema = V5): FlowBatch {
  const batch = new FlowBatch({ capacity: Math.max(1, flows.length) });
  for (const values of flows) batch.append(schema, values);
  return batch;
}

/** A snapshot of a collector that is well; what is given is otherwise. */
export function snapshot(given: Partial<CollectorSnapshot> = {}): CollectorSnapshot {
  return {
    at: Date.now(),
    startedAt: Date.now() - 3_600_000,
    sources: [{
      description: "recvmmsg 127.0.0.1:9991",
      kernelDrops: 0,
      truncated: 0,
      errors: 0,
    }],
    packets: 0,
    bytes: 0,
    flows: 0,
    octets: 0,
    flowPackets: 0,
    notAllowed: 0,
    malformed: {},
    sequence: { lost: 0, reordered: 0, duplicate: 0, reset: 0 },
    exporters: [],
    exportersForgotten: 0,
    exportersExpired: 0,
    sinks: [],
    ...given,
  };
}

/** An exporter that is well; what is given is otherwise. */
export function exporter(given: Partial<ExporterSnapshot> = {}): ExporterSnapshot {
  return {
    address: "192.0.2.10",
    port: 50_000,
    version: "5",
    source: 0,
    packets: 100,
    flows: 3_000,
    octets: 3_000_000,
    malformed: 0,
    sequence: { lost: 0, reordered: 0, duplicate: 0, reset: 0 },
    lastSeen: Date.now(),
    packetRate: 10,
    flowRate: 300,
    sampling: 1,
    ...given,
  };
}

/** A log that remembers what it was told. */
export class MemoryLog implements Log {
  readonly lines: string[] = [];
  info(message: string): void {
    this.lines.push(message);
  }
  warn(reason: string, message: string): void {
    this.lines.push(`${reason}: ${message}`);
  }
}

/** Settings of a web part on a port of its own. */
export function settings(given: Partial<WebSettings> = {}): WebSettings {
  return {
    hostname: "127.0.0.1",
    port: 0,
    loopback: true,
    token: undefined,
    liveClients: 64,
    querySeconds: 30,
    directory: undefined,
    whereFiles: {},
    version: "0.0.0",
    liveFlowsPerSecond: 1_000_000,
    ...given,
  };
}

/** A web part that closes at the end of its block. */
export interface Fed extends Web, AsyncDisposable {
  readonly log: MemoryLog;
  /** Asks for a path. */
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Asks for a path that answers JSON. */
  // deno-lint-ignore no-explicit-any
  json(path: string): Promise<any>;
}

/** Starts a web part. */
export async function feed(given: Partial<WebSettings> = {}): Promise<Fed> {
  const log = new MemoryLog();
  const web = await startWeb(settings(given), log);
  const get = (path: string, init?: RequestInit) => fetch(new URL(path, web.url), init);
  return {
    ...web,
    log,
    get,
    json: async (path) => await (await get(path)).json(),
    [Symbol.asyncDispose]: () => web.close(),
  };
}

/**
 * Waits until something is true.
 *
 * @throws {Error} It does not become true in ten seconds
 */
export async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!await check()) {
    if (performance.now() > end) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
