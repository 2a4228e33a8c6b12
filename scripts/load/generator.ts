/**
 * Sends a load: patterns of packets from many exporters, paced or flat out.
 *
 * @module
 */
import { Burst, BurstSocket } from "./burst_socket.ts";
import {
  makePattern,
  PATTERN_PACKETS,
  type PatternOptions,
  type PatternPacket,
  Sequences,
  setSequence,
} from "./pattern.ts";

/** How often a burst is tried again before the rest of it is given up. */
const TRIES_MAX = 1000;

/** A pause is worth the call from here on. */
const PAUSE_MIN_MS = 0.2;

/** Whom a load comes from, and where it goes. */
export interface SenderOptions extends PatternOptions {
  /** How many exporters take turns, each from an address of its own (IPv6: a port of its own). */
  readonly exporters: number;
  /** The collector's address. */
  readonly host: string;
  /** The collector's port. */
  readonly port: number;
}

/** What to send. */
export interface LoadOptions extends SenderOptions {
  /** Packets in all. */
  readonly packets: number;
  /** Packets a second; 0 for as many as possible. */
  readonly rate: number;
}

/** What was sent, and what a faultless collector makes of it. */
export interface LoadReport {
  /** Packets that the kernel took. */
  packets: number;
  /** Packets that it did not take. */
  refused: number;
  /** Bytes of their payloads. */
  bytes: number;
  /** Whole flows in them. */
  flows: number;
  /** Packets by version. */
  readonly versions: Record<string, number>;
  /** Packets with a fault, by reason. */
  readonly malformed: Record<string, number>;
  /** Seconds that it took. */
  seconds: number;
}

interface Exporter {
  readonly socket: BurstSocket;
  readonly sequences: Sequences;
  next: number;
}

/** Exporters that take turns. */
export class LoadSender {
  /** What was sent so far. */
  readonly report: LoadReport = {
    packets: 0,
    refused: 0,
    bytes: 0,
    flows: 0,
    versions: {},
    malformed: {},
    seconds: 0,
  };
  readonly #pattern: readonly PatternPacket[];
  readonly #burst: Burst;
  readonly #exporters: readonly Exporter[];
  #turn = 0;

  /** @param options Whom the load comes from, and where it goes */
  constructor(options: SenderOptions) {
    this.#pattern = makePattern(options);
    this.#burst = new Burst(this.#pattern.map(({ bytes }) => bytes));
    this.#exporters = Array.from({ length: options.exporters }, (_, index) => ({
      socket: new BurstSocket(localAddress(options.host, index), options.host, options.port),
      sequences: new Sequences(),
      next: 0,
    }));
  }

  /**
   * Sends packets of the exporter whose turn it is.
   *
   * @param packets How many; fewer are sent where its pattern is at its end
   */
  send(packets: number): void {
    const exporter = this.#exporters[this.#turn++ % this.#exporters.length];
    const first = exporter.next;
    const count = Math.min(packets, PATTERN_PACKETS - first);
    for (let index = first; index < first + count; index++) {
      const sequence = exporter.sequences.take(this.#pattern[index]);
      if (sequence === undefined) continue;
      const { view, offsets } = this.#burst;
      setSequence(view, offsets[index], this.#pattern[index], sequence);
    }
    exporter.next = (first + count) % PATTERN_PACKETS;
    let sent = 0;
    for (let tries = 0; sent < count && tries < TRIES_MAX; tries++) {
      sent += exporter.socket.send(this.#burst, first + sent, count - sent);
    }
    this.#count(first, sent, count - sent);
  }

  close(): void {
    for (const { socket } of this.#exporters) socket.close();
  }

  #count(first: number, sent: number, refused: number): void {
    const { report } = this;
    report.packets += sent;
    report.refused += refused;
    for (let index = first; index < first + sent; index++) {
      const { bytes, flows, version, reason } = this.#pattern[index];
      report.bytes += bytes.length;
      report.flows += flows;
      report.versions[version] = (report.versions[version] ?? 0) + 1;
      if (reason !== undefined) report.malformed[reason] = (report.malformed[reason] ?? 0) + 1;
    }
  }
}

/**
 * Sends a load.
 *
 * @param options What to send
 * @returns What was sent
 */
export function sendLoad(options: LoadOptions): LoadReport {
  const sender = new LoadSender(options);
  const { report } = sender;
  // Paced senders send small bursts often; many exporters each send a few packets at a time.
  const paced = options.rate > 0 ? Math.ceil(options.rate / 1000) : PATTERN_PACKETS;
  const shared = Math.ceil(options.packets / options.exporters);
  const burstPackets = Math.max(1, Math.min(paced, shared, PATTERN_PACKETS));
  const started = performance.now();
  for (;;) {
    const tried = report.packets + report.refused;
    if (tried >= options.packets) break;
    if (options.rate > 0) pace(started, tried, options.rate);
    sender.send(Math.min(burstPackets, options.packets - tried));
  }
  report.seconds = (performance.now() - started) / 1000;
  sender.close();
  return report;
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Waits until so many packets are due. */
function pace(started: number, packets: number, rate: number): void {
  const early = started + (packets / rate) * 1000 - performance.now();
  if (early > PAUSE_MIN_MS) Atomics.wait(PAUSE, 0, 0, early);
}

/** Every 127.x.y.z is an address of this machine; of IPv6 there is one. */
function localAddress(host: string, index: number): string {
  if (host.includes(":")) return "::";
  return host.startsWith("127.") ? `127.1.${index >> 8}.${index & 0xff}` : "0.0.0.0";
}
