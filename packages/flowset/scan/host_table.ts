import { grown, NONE, SlotPool } from "./pool.ts";
import { PortMaps } from "./port_maps.ts";

/** Buckets of the table; state files number them. */
export const SCAN_BUCKETS = 65_536;

/** The bucket of an address. */
export function scanBucket(address: number): number {
  return (address >>> 16) ^ (address & 0xffff);
}

/** How much a {@linkcode HostTable} holds at most. */
export interface HostTableLimits {
  /** Sources. */
  readonly hosts: number;
  /** Destinations of all sources. */
  readonly destinations: number;
  /** Destinations of which more than one port was seen. */
  readonly portMaps: number;
}

/** What the table did, counted as flow-dscan counts its memory. */
export interface HostTableCounts {
  /** Destinations added. */
  destinationsAdded: number;
  /** Destinations removed. */
  destinationsRemoved: number;
  /** Sources added. */
  hostsAdded: number;
  /** Sources removed. */
  hostsRemoved: number;
  /** Destinations removed because they were old. */
  destinationsAged: number;
  /** Sources removed because all their destinations were old. */
  hostsAged: number;
}

/**
 * The sources seen, each with the destinations it talked to, as lists through typed arrays: no
 * object for a host. Sources of a bucket stand last first, destinations in the order seen, which is
 * the order of state files.
 */
export class HostTable {
  /** First source of each bucket. */
  readonly heads: Int32Array = new Int32Array(SCAN_BUCKETS).fill(NONE);
  /** Next source of the bucket, by source. */
  nextHost: Int32Array = new Int32Array(0);
  /** Address, by source. */
  hostAddress: Uint32Array = new Uint32Array(0);
  /** How many destinations there are, by source; 8 bits, as in the reference. */
  depth: Uint8Array = new Uint8Array(0);
  /** What was reported, by source. */
  flags: Uint8Array = new Uint8Array(0);
  /** First destination, by source. */
  firstOf: Int32Array = new Int32Array(0);
  /** Next destination of the source, by destination. */
  next: Int32Array = new Int32Array(0);
  /** Address, by destination. */
  address: Uint32Array = new Uint32Array(0);
  /** Number of the flow that was last seen, by destination. */
  time: Uint32Array = new Uint32Array(0);
  /** Ports seen, by destination; a number of `ports`. */
  portsOf: Int32Array = new Int32Array(0);
  /** The ports. */
  readonly ports: PortMaps;
  /** What happened. */
  readonly counts: HostTableCounts = {
    destinationsAdded: 0,
    destinationsRemoved: 0,
    hostsAdded: 0,
    hostsRemoved: 0,
    destinationsAged: 0,
    hostsAged: 0,
  };
  #lastOf: Int32Array = new Int32Array(0);
  readonly #hosts: SlotPool;
  readonly #destinations: SlotPool;

  constructor(limits: HostTableLimits) {
    this.#hosts = new SlotPool(limits.hosts);
    this.#destinations = new SlotPool(limits.destinations);
    this.ports = new PortMaps(limits.portMaps);
  }

  /** Sources in the table. */
  get hosts(): number {
    return this.#hosts.used;
  }

  /** Destinations in the table. */
  get destinations(): number {
    return this.#destinations.used;
  }

  /** Whether something must go before anything more comes. */
  get full(): boolean {
    return this.#hosts.full || this.#destinations.full || this.ports.full;
  }

  /** A source, or `NONE`. */
  find(address: number): number {
    const { nextHost, hostAddress } = this;
    let host = this.heads[scanBucket(address)];
    while (host !== NONE && hostAddress[host] !== address) host = nextHost[host];
    return host;
  }

  /** A destination of a source, or `NONE`. */
  findDestination(host: number, wanted: number): number {
    const { next, address } = this;
    let at = this.firstOf[host];
    while (at !== NONE && address[at] !== wanted) at = next[at];
    return at;
  }

  /** Adds a source in front of its bucket. */
  addHost(address: number, bucket: number): number {
    const host = this.#hosts.take();
    if (this.#hosts.capacity > this.depth.length) this.#growHosts(this.#hosts.capacity);
    this.hostAddress[host] = address;
    this.depth[host] = 0;
    this.flags[host] = 0;
    this.firstOf[host] = NONE;
    this.#lastOf[host] = NONE;
    this.nextHost[host] = this.heads[bucket];
    this.heads[bucket] = host;
    this.counts.hostsAdded++;
    return host;
  }

  /** Adds a destination behind those of its source; the depth is left to the caller. */
  addDestination(host: number, address: number, time: number): number {
    const at = this.#destinations.take();
    const { capacity } = this.#destinations;
    if (capacity > this.time.length) this.#growDestinations(capacity);
    this.address[at] = address;
    this.time[at] = time;
    this.portsOf[at] = NONE;
    this.next[at] = NONE;
    const last = this.#lastOf[host];
    if (last === NONE) this.firstOf[host] = at;
    else this.next[last] = at;
    this.#lastOf[host] = at;
    this.counts.destinationsAdded++;
    return at;
  }

  /** Removes all destinations of a source. */
  clearDestinations(host: number): void {
    for (let at = this.firstOf[host]; at !== NONE;) {
      const next = this.next[at];
      this.#release(at);
      at = next;
    }
    this.firstOf[host] = NONE;
    this.#lastOf[host] = NONE;
  }

  /** Removes the destination behind another of its source, or the first one (`NONE`). */
  removeDestination(host: number, before: number): void {
    const at = before === NONE ? this.firstOf[host] : this.next[before];
    const next = this.next[at];
    if (before === NONE) this.firstOf[host] = next;
    else this.next[before] = next;
    if (next === NONE) this.#lastOf[host] = before;
    this.#release(at);
  }

  /** Removes the source behind another of its bucket, or the first one (`NONE`). */
  removeHost(bucket: number, before: number): void {
    const host = before === NONE ? this.heads[bucket] : this.nextHost[before];
    // A source whose depth went round 256 has destinations left.
    this.clearDestinations(host);
    if (before === NONE) this.heads[bucket] = this.nextHost[host];
    else this.nextHost[before] = this.nextHost[host];
    this.#hosts.give(host);
    this.counts.hostsRemoved++;
  }

  #release(at: number): void {
    this.ports.drop(this.portsOf[at]);
    this.#destinations.give(at);
    this.counts.destinationsRemoved++;
  }

  #growHosts(length: number): void {
    this.nextHost = grown(this.nextHost, length, Int32Array);
    this.hostAddress = grown(this.hostAddress, length, Uint32Array);
    this.depth = grown(this.depth, length, Uint8Array);
    this.flags = grown(this.flags, length, Uint8Array);
    this.firstOf = grown(this.firstOf, length, Int32Array);
    this.#lastOf = grown(this.#lastOf, length, Int32Array);
  }

  #growDestinations(length: number): void {
    this.next = grown(this.next, length, Int32Array);
    this.address = grown(this.address, length, Uint32Array);
    this.time = grown(this.time, length, Uint32Array);
    this.portsOf = grown(this.portsOf, length, Int32Array);
  }
}
