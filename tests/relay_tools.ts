/** What the tests of the relay sinks share: packets, collectors that are sent to, references. */
import { assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import {
  createPduRegistry,
  decodePdu,
  PDU_CODECS,
  type PduHeader,
  V5_CODEC,
} from "@flowtools/netflow-pdu";
import { parseFlags } from "@flowtools/common/flags";
import type { Log } from "../apps/collector/log.ts";
import { createFanout, type Fanout, fanoutSettings } from "../apps/collector/relay/mod.ts";
import { FANOUT_OPTIONS } from "../apps/collector/relay/options.ts";
import { OPERATION_OPTIONS } from "../apps/collector/operation_options.ts";
import type { Sink } from "../apps/collector/sinks/sink.ts";

export const REGISTRY = createPduRegistry(PDU_CODECS);

/** A log that keeps what it is told. */
export class TestLog implements Log {
  readonly warnings: string[] = [];
  info(): void {}
  warn(reason: string, message: string): void {
    this.warnings.push(`${reason}: ${message}`);
  }
}

/** The fan-out that a call of `fanout` makes; its listener is of no matter. */
export function openFanout(args: readonly string[], log: Log = new TestLog()): Promise<Fanout> {
  // Reading the settings may fail, too.
  return Promise.resolve().then(() => {
    const flags = [...FANOUT_OPTIONS, ...OPERATION_OPTIONS];
    return createFanout(fanoutSettings(parseFlags(["0/0/9991", ...args], flags)), log);
  });
}

/** Numbers from the first to the one before the last. */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** A flow of version 5 whose number can be told again from its addresses and ports. */
export function flowValues(index: number): Record<string, number | string> {
  return {
    srcaddr: `10.1.${index >> 8 & 255}.${index & 255}`,
    dstaddr: index % 5 === 0 ? "224.0.0.5" : "192.0.2.1",
    nexthop: "10.9.9.9",
    input: 3,
    output: 4,
    dPkts: index + 1,
    dOctets: 1000 + index,
    first: 100_000,
    last: 100_500,
    srcport: 1024 + index,
    dstport: 80,
    prot: index % 2 === 0 ? 6 : 17,
    tos: 0,
    tcp_flags: 0x1b,
    src_as: 0,
    dst_as: 65001,
    src_mask: 24,
    dst_mask: 16,
  };
}

/** A packet of an exporter: its flows, and what its header says. */
export interface Packet {
  readonly exporter: string;
  readonly flows: readonly number[];
  readonly header?: Partial<PduHeader>;
}

/** A packet of version 5 as an exporter sends it. */
export function v5Packet({ flows, header }: Omit<Packet, "exporter">): Uint8Array<ArrayBuffer> {
  const batch = new FlowBatch();
  for (const flow of flows) batch.append(V5_CODEC.layouts.record.schema, flowValues(flow));
  return V5_CODEC.encode(batch, 0, flows.length, {
    sysUpTime: 200_000,
    unix_secs: 1_700_000_000,
    unix_nsecs: 5_000_000,
    sequence: 77,
    engine_type: 1,
    engine_id: 2,
    ...header,
  });
}

/** Decodes packets into a batch, as the collector does. */
export function decodeInto(batch: FlowBatch, exporter: string, bytes: Uint8Array): void {
  assertEquals(decodePdu(REGISTRY, bytes, batch, { exporter }).reason, undefined);
}

/** Packets of version 5 as a batch. */
export function batchOf(...packets: readonly Packet[]): FlowBatch {
  const batch = new FlowBatch();
  for (const packet of packets) decodeInto(batch, packet.exporter, v5Packet(packet));
  return batch;
}

/** A datagram that arrived. */
export interface Datagram {
  readonly address: string;
  readonly port: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A packet that arrived, decoded. */
export interface Arrival extends Datagram {
  readonly header: PduHeader;
  readonly flows: Record<string, unknown>[];
}

/** A collector on the loopback that is sent to. It reads all the time: the kernel keeps little. */
export class Receiver implements AsyncDisposable {
  readonly #socket: Deno.DatagramConn;
  readonly #reading: Promise<void>;
  readonly #waiting: Datagram[] = [];
  #wake: (() => void) | undefined;
  readonly port: number;
  /** Host and port. */
  readonly name: string;

  constructor(hostname = "127.0.0.1") {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.port = (this.#socket.addr as Deno.NetAddr).port;
    this.name = hostname.includes(":") ? `[${hostname}]:${this.port}` : `${hostname}:${this.port}`;
    this.#reading = this.#read();
  }

  /** Takes datagrams until so many have come. */
  async datagrams(count: number): Promise<Datagram[]> {
    const taken: Datagram[] = [];
    while (taken.length < count) taken.push(await this.#next());
    return taken;
  }

  /** Takes packets until so many flows have come. */
  async take(flows: number): Promise<Arrival[]> {
    const arrivals: Arrival[] = [];
    for (let taken = 0; taken < flows;) {
      const datagram = await this.#next();
      const batch = new FlowBatch();
      const result = decodePdu(REGISTRY, datagram.bytes, batch, { exporter: datagram.address });
      assertEquals(result.reason, undefined);
      const rows = [...batch].map((flow) => flow.toObject());
      arrivals.push({ ...datagram, header: result.header!, flows: rows });
      taken += batch.length;
    }
    return arrivals;
  }

  /** Datagrams that nobody has taken. */
  get left(): number {
    return this.#waiting.length;
  }

  async #next(): Promise<Datagram> {
    while (this.#waiting.length === 0) await new Promise<void>((wake) => this.#wake = wake);
    return this.#waiting.shift()!;
  }

  async #read(): Promise<void> {
    try {
      for await (const [bytes, from] of this.#socket) {
        const { hostname, port } = from as Deno.NetAddr;
        this.#waiting.push({ address: hostname, port, bytes: bytes.slice() });
        this.#wake?.();
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#reading;
  }
}

/** What the counters of a sink, or of what is like one, must always say. */
export function assertBalanced({ counters }: Pick<Sink, "counters">): void {
  const { given, done, queued, filtered, dropped } = counters;
  const lost = Object.values(dropped).reduce((sum, flows) => sum + flows, 0);
  assertEquals(given, done + queued + filtered + lost);
}

/** Checks that each stream counts on from 0; returns how many flows each has. */
export function checkSequences(
  arrivals: readonly Arrival[],
  streamOf: (arrival: Arrival) => string = ({ port }) => String(port),
): Record<string, number> {
  const next: Record<string, number> = {};
  for (const arrival of arrivals) {
    const stream = streamOf(arrival);
    assertEquals(arrival.header.sequence, next[stream] ?? 0, `sequence of ${stream}`);
    next[stream] = (next[stream] ?? 0) + arrival.flows.length;
  }
  return next;
}

/** Closes sinks, after which nothing may wait in them. */
export async function closeAll(
  sinks: readonly Pick<Sink, "counters" | "close">[],
): Promise<void> {
  await Promise.all(sinks.map((sink) => sink.close()));
  sinks.forEach(assertBalanced);
  for (const { counters } of sinks) assertEquals(counters.queued, 0);
}

/** Where a program of the reference is, if it is installed; links of its name may be ours. */
export function findReference(name: string): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.map((folder) => `${folder}/${name}`).find((path) => {
    try {
      return Deno.statSync(path).isFile && !Deno.realPathSync(path).endsWith("flowtools");
    } catch {
      return false;
    }
  });
}

/** A UDP port of the loopback that was free a moment ago. */
export function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

/** Waits until somebody listens on a UDP port of IPv4, as Linux tells. */
export async function listening(port: number): Promise<void> {
  const place = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  while (!Deno.readTextFileSync("/proc/net/udp").includes(place)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
