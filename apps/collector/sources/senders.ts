import { type ExporterAddress, formatExporter, parseExporter } from "@flowtools/netflow-pdu";
import type { Sender } from "./source.ts";

/**
 * Senders that are kept in each of two generations. Senders can be forged, so there must be a
 * bound; real exporters beyond it only cost a new object now and then.
 */
const GENERATION_MAX = 16_384;

const PORTS = 65_536;

/**
 * The same object for the same sender. Senders heard of lately are in the young generation, or
 * come back to it from the old one, which is dropped as a whole when the young one is full.
 */
export class SenderTable {
  readonly #max: number;
  #young = new Map<number | string, Sender>();
  #old = new Map<number | string, Sender>();

  /** @param max Senders kept in each generation */
  constructor(max = GENERATION_MAX) {
    this.#max = max;
  }

  /** Senders known, those of the old generation that came back counted twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The sender of an IPv4 address. */
  ipv4(address: number, port: number): Sender {
    const key = address * PORTS + port;
    return this.#young.get(key) ?? this.#keep(key, address, port);
  }

  /** The sender of the 16 bytes of an IPv6 address, which are copied. */
  ipv6(bytes: Uint8Array, port: number): Sender {
    const key = String.fromCharCode(...bytes, port);
    return this.#young.get(key) ?? this.#keep(key, bytes.slice(), port);
  }

  /** The sender of an address as text; IPv4 may be in IPv6 clothes, IPv6 may name its interface. */
  text(address: string, port: number): Sender {
    const key = `${address} ${port}`;
    return this.#young.get(key) ?? this.#keep(key, parseExporter(address.split("%")[0]), port);
  }

  #keep(key: number | string, address: ExporterAddress, port: number): Sender {
    const sender = this.#old.get(key) ?? { address, port, name: formatExporter(address) };
    if (this.#young.size >= this.#max) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, sender);
    return sender;
  }
}
