import { grown, NONE, SlotPool } from "./pool.ts";

/** Ports below this are looked at. */
export const SCAN_PORTS = 1024;

const WORDS = SCAN_PORTS / 32;

/**
 * Sets of ports below 1024. Nearly all have one port or none, so a set is a number: `NONE`, the
 * port, or, from two ports on, 1024 + the slot of a bitmap.
 */
export class PortMaps {
  readonly #pool: SlotPool;
  #bits = new Uint32Array(0);
  #counts = new Uint16Array(0);

  constructor(max: number) {
    this.#pool = new SlotPool(max);
  }

  /** Whether no set can get its second port. */
  get full(): boolean {
    return this.#pool.full;
  }

  /** The set with one more port; the old number is dead. */
  with(set: number, port: number): number {
    if (set === NONE) return port;
    if (set === port) return set;
    let result = set;
    if (set < SCAN_PORTS) {
      result = this.#create();
      this.#add(result - SCAN_PORTS, set);
    }
    this.#add(result - SCAN_PORTS, port);
    return result;
  }

  /** Ports in a set. */
  count(set: number): number {
    if (set === NONE) return 0;
    return set < SCAN_PORTS ? 1 : this.#counts[set - SCAN_PORTS];
  }

  /** The ports of a set, in order. */
  list(set: number): number[] {
    if (set === NONE) return [];
    if (set < SCAN_PORTS) return [set];
    const ports: number[] = [];
    const from = (set - SCAN_PORTS) * WORDS;
    for (let port = 0; port < SCAN_PORTS; port++) {
      if ((this.#bits[from + (port >>> 5)] >>> (port & 31)) & 1) ports.push(port);
    }
    return ports;
  }

  /** Gives up a set. */
  drop(set: number): void {
    if (set >= SCAN_PORTS) this.#pool.give(set - SCAN_PORTS);
  }

  #create(): number {
    const slot = this.#pool.take();
    if (this.#pool.capacity > this.#counts.length) {
      this.#bits = grown(this.#bits, this.#pool.capacity * WORDS, Uint32Array);
      this.#counts = grown(this.#counts, this.#pool.capacity, Uint16Array);
    }
    this.#bits.fill(0, slot * WORDS, (slot + 1) * WORDS);
    this.#counts[slot] = 0;
    return slot + SCAN_PORTS;
  }

  #add(slot: number, port: number): void {
    const word = slot * WORDS + (port >>> 5);
    const bit = 1 << (port & 31);
    if (this.#bits[word] & bit) return;
    this.#bits[word] |= bit;
    this.#counts[slot]++;
  }
}
