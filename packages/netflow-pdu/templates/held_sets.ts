import type { PacketFacts } from "./packet_facts.ts";
import { WAITING_SET_OCTETS } from "./limits.ts";
import type { Template } from "./template.ts";
import type { TemplateStore } from "./template_store.ts";

/** Records that came and could not be decoded yet. */
export interface HeldSet {
  /** Domain and number of the template as one number. */
  readonly key: number;
  /** Observation domain. */
  readonly domain: number;
  /** Number of the template. */
  readonly id: number;
  /** The octets of the records, copied. */
  readonly octets: DataView;
  /** What the packet told that they came in. */
  readonly facts: PacketFacts;
  /** Where in `octets` the first record starts that was not decoded. */
  from: number;
  /** Their shape, as soon as it is known. */
  template: Template | undefined;
  /** When they came, Unix milliseconds; 0 where that is not known. */
  at: number;
  /** How many came before. */
  readonly order: number;
}

/** Records of one packet that are to be held. */
export interface SetToHold {
  readonly domain: number;
  readonly id: number;
  readonly facts: PacketFacts;
  readonly now: number;
  readonly view: DataView;
  readonly from: number;
  readonly to: number;
}

/**
 * The records of one exporter that wait: for their template, and then for room in a batch. Those of
 * one template stay in order, and what became ready is decoded before anything that comes later.
 */
export class HeldSets {
  readonly #store: TemplateStore;
  /** Sets whose template is not known, what came first first. */
  readonly #waiting = new Set<HeldSet>();
  /** The same by domain and number. */
  readonly #byTemplate = new Map<number, Set<HeldSet>>();
  /** Sets whose templates have just come; in no order yet. */
  #released: HeldSet[] = [];
  /** Sets that can be decoded, in order, from `#next` on. */
  #ready: HeldSet[] = [];
  #next = 0;
  #octets = 0;
  #held = 0;

  /** @param store What it shares with the other sessions of the codec */
  constructor(store: TemplateStore) {
    this.#store = store;
  }

  /** Sets that wait for their template. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The set that is to be decoded next; `undefined` where none can be. */
  get ready(): HeldSet | undefined {
    if (this.#released.length > 0) {
      this.#ready.push(...this.#released.sort((a, b) => a.order - b.order));
      this.#released = [];
    }
    return this.#ready[this.#next];
  }

  /**
   * Keeps a set until its template comes; what has waited longest makes room.
   *
   * @param key Domain and number of the template
   * @param set The set
   * @returns Whether it was kept
   */
  wait(key: number, set: SetToHold): boolean {
    const held = this.#hold(key, set, undefined);
    if (held === undefined) return false;
    this.#waiting.add(held);
    const others = this.#byTemplate.get(key);
    if (others === undefined) this.#byTemplate.set(key, new Set([held]));
    else others.add(held);
    this.#store.counters.waited++;
    return true;
  }

  /**
   * Keeps records that there is no room for in the batch.
   *
   * @param key Domain and number of the template
   * @param template Their shape
   * @param set The records
   * @returns Whether they were kept
   */
  defer(key: number, template: Template, set: SetToHold): boolean {
    const held = this.#hold(key, set, template);
    if (held === undefined) return false;
    this.#released.push(held);
    return true;
  }

  /**
   * Notes that a template has come.
   *
   * @param key Domain and number of the template
   * @param template The template
   */
  release(key: number, template: Template): void {
    const sets = this.#byTemplate.get(key);
    if (sets === undefined) return;
    this.#byTemplate.delete(key);
    for (const set of sets) {
      this.#waiting.delete(set);
      set.template = template;
      this.#released.push(set);
      this.#store.counters.resumed++;
    }
  }

  /** Takes away the set that was `ready`, which has been decoded. */
  shift(): void {
    const set = this.ready;
    if (set === undefined) return;
    this.#count(-costOf(set));
    this.#next++;
    if (this.#next < this.#ready.length) return;
    this.#ready = [];
    this.#next = 0;
  }

  /**
   * Drops what has waited for too long.
   *
   * @param now Unix milliseconds
   */
  expire(now: number): void {
    const { waitingMs } = this.#store.limits;
    for (const set of this.#waiting) {
      if (set.at === 0) set.at = now;
      if (now - set.at <= waitingMs) return;
      this.#drop(set);
      this.#store.counters.overdue++;
    }
  }

  /** Drops everything. */
  close(): void {
    while (this.ready !== undefined) {
      this.#store.counters.overdue++;
      this.shift();
    }
    for (const set of this.#waiting) {
      this.#drop(set);
      this.#store.counters.overdue++;
    }
  }

  #hold(key: number, set: SetToHold, template: Template | undefined): HeldSet | undefined {
    const { domain, id, facts, now, view, from, to } = set;
    if (!this.#makeRoom(to - from + WAITING_SET_OCTETS)) {
      this.#store.counters.overflowed++;
      return undefined;
    }
    const octets = new Uint8Array(to - from);
    octets.set(new Uint8Array(view.buffer, view.byteOffset + from, to - from));
    const held = {
      key,
      domain,
      id,
      octets: new DataView(octets.buffer),
      facts: { ...facts },
      from: 0,
      template,
      at: now,
      order: this.#held++,
    };
    this.#count(costOf(held));
    return held;
  }

  #makeRoom(octets: number): boolean {
    const { limits: { waitingOctets, waitingOctetsInAll }, counters } = this.#store;
    if (octets > waitingOctets) return false;
    while (
      this.#octets + octets > waitingOctets || counters.waitingOctets + octets > waitingOctetsInAll
    ) {
      const oldest = this.#waiting.values().next();
      if (oldest.done) return false;
      this.#drop(oldest.value);
      counters.overflowed++;
    }
    return true;
  }

  /** Drops a set that waits for its template. */
  #drop(set: HeldSet): void {
    this.#waiting.delete(set);
    const others = this.#byTemplate.get(set.key);
    others?.delete(set);
    if (others?.size === 0) this.#byTemplate.delete(set.key);
    this.#count(-costOf(set));
  }

  #count(octets: number): void {
    this.#octets += octets;
    this.#store.counters.waitingOctets += octets;
  }
}

function costOf({ octets }: HeldSet): number {
  return octets.byteLength + WAITING_SET_OCTETS;
}
