import type { FlowBatch } from "@flowtools/flow-model";
import type { PduSession } from "../codec.ts";
import { appendHeld } from "./append_held.ts";
import type { BatchPlanner, ListSource } from "./batch_plan.ts";
import { DomainFacts } from "./domain_facts.ts";
import { HeldSets } from "./held_sets.ts";
import { LearnedElements } from "./learned_elements.ts";
import type { TemplateDialect } from "./read_templates.ts";
import { type SessionSnapshot, snapshotSession } from "./session_snapshot.ts";
import { TemplateHistory } from "./template_history.ts";
import { FactBudget, type KnownTemplate, leastUsed, type TemplateStore } from "./template_store.ts";
import { RecordFields, type Template } from "./template.ts";

/** What sessions of one codec are made from. */
export interface TemplateSessionInit {
  /** The version, and the elements that all exporters share. */
  readonly dialect: TemplateDialect;
  /** Bounds and counters. */
  readonly store: TemplateStore;
  /** Makes plans of how records become rows. */
  readonly planner: BatchPlanner;
}

/**
 * What is remembered of one exporter: templates by domain, facts, and data that waits.
 *
 * @example Through a restart
 * ```ts
 * import { createV9Codec } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = createV9Codec();
 * const session = codec.createSession();
 * const text = JSON.stringify(session.snapshot());
 * session.close();
 *
 * const restored = codec.restoreSession(JSON.parse(text));
 * assertEquals(restored.size, 0);
 * assertEquals(restored.facts(0), undefined);
 * ```
 */
export class TemplateSession implements PduSession, ListSource {
  /** How its packets are read: the elements of the codec, and those that the exporter described. */
  readonly dialect: TemplateDialect;
  /**
   * Elements that the exporter described (RFC 5610).
   *
   * @internal
   */
  readonly elements: LearnedElements;
  /**
   * Records that wait for their template or for room.
   *
   * @internal
   */
  readonly held: HeldSets;
  readonly #store: TemplateStore;
  readonly #planner: BatchPlanner;
  readonly #budget: FactBudget;
  /** By domain and number. */
  readonly #known = new Map<number, KnownTemplate>();
  /** By domain. */
  readonly #facts = new Map<number, DomainFacts>();
  readonly #fields = new RecordFields();
  /** The template that was asked for last: sets of one kind come in a row. */
  #last: KnownTemplate | undefined;
  readonly #history: TemplateHistory;

  /**
   * Makes the memory of an exporter that was not heard of; `TemplateCodec.createSession` is for users.
   *
   * @internal
   * @param init What it shares with the other sessions of the codec
   */
  constructor({ dialect, store, planner }: TemplateSessionInit) {
    this.#store = store;
    this.#planner = planner;
    this.#budget = new FactBudget(store);
    this.held = new HeldSets(store);
    this.#history = new TemplateHistory(store.retired);
    this.elements = new LearnedElements(store);
    this.dialect = {
      version: dialect.version,
      findElement: (enterprise, id) =>
        dialect.findElement(enterprise, id) ?? this.elements.find(enterprise, id),
    };
  }

  /** Forgets everything, where the exporter itself is forgotten. What still waits is counted. */
  close(): void {
    for (const known of [...this.#known.values()]) this.#forget(known);
    for (const facts of this.#facts.values()) facts.close();
    this.#facts.clear();
    this.held.close();
  }

  /** Templates known of the exporter. */
  get size(): number {
    return this.#known.size;
  }

  /** Sets whose template has not come yet. */
  get waiting(): number {
    return this.held.waiting;
  }

  /** Whether records of earlier packets can be decoded as soon as there is room: {@linkcode appendHeld}. */
  get holds(): boolean {
    return this.held.ready !== undefined;
  }

  /**
   * Appends records of earlier packets that there was no room for, as far as there is room now.
   *
   * @param batch Where they go
   * @returns Rows appended
   */
  appendHeld(batch: FlowBatch): number {
    return appendHeld(this, this.#planner, batch);
  }

  /**
   * What is known of the exporter, so that it survives a restart; `TemplateCodec.restoreSession` takes
   * it. Data that waits is not in it.
   *
   * @returns A value for `JSON.stringify`
   */
  snapshot(): SessionSnapshot {
    return snapshotSession(this);
  }

  /** The templates, with their domains and when they were last sent (Unix milliseconds, or 0). */
  *templates(): Generator<readonly [domain: number, template: Template, seenAt: number]> {
    for (const { domain, template, seenAt } of this.#known.values()) {
      yield [domain, template, seenAt];
    }
  }

  /** The domains of which facts are remembered. */
  get domains(): readonly number[] {
    return [...this.#facts.keys()];
  }

  /**
   * What the options records of a domain told.
   *
   * @param domain Observation domain
   * @returns The facts; `undefined` where nothing was heard of the domain
   */
  facts(domain: number): DomainFacts | undefined {
    return this.#facts.get(domain);
  }

  /**
   * The facts of a domain, to be added to.
   *
   * @param domain Observation domain
   * @returns The facts; new ones take the place of those of the domain unheard of for long
   */
  factsToLearn(domain: number): DomainFacts {
    let facts = this.#facts.get(domain);
    if (facts === undefined) {
      facts = new DomainFacts(this.#budget);
      this.#facts.set(domain, facts);
      this.#makeRoomForFacts(facts);
    } else {
      facts.used = true;
    }
    return facts;
  }

  /**
   * Finds the template of a set.
   *
   * @param domain Observation domain
   * @param id Number of the set
   * @param now Unix milliseconds; 0 where that is not known
   * @returns The template; `undefined` where it is not known, or was not sent again for too long
   */
  find(domain: number, id: number, now: number): Template | undefined {
    const key = templateKey(domain, id);
    let known = this.#last;
    if (known === undefined || known.key !== key) {
      known = this.#known.get(key);
      if (known === undefined) return undefined;
      this.#last = known;
    }
    if (now > 0) {
      const { lifetimeMs } = this.#store.limits;
      if (known.seenAt === 0) known.seenAt = now;
      if (lifetimeMs > 0 && now - known.seenAt > lifetimeMs) {
        this.#forget(known);
        this.#store.counters.expired++;
        return undefined;
      }
    }
    known.used = true;
    return known.template;
  }

  /**
   * Looks at a template, which does not count as using it.
   *
   * @param domain Observation domain
   * @param id Its number
   * @returns The template; `undefined` where it is not known
   */
  peek(domain: number, id: number): Template | undefined {
    return this.#known.get(templateKey(domain, id))?.template;
  }

  /**
   * Finds the templates that lists of records mean which are decoded now: see `ListSource`.
   *
   * @internal
   */
  listTemplates(domain: number): (id: number) => Template | undefined {
    const find = this.#history.lookup((key) => this.#known.get(key));
    return (id) => find(templateKey(domain, id));
  }

  /**
   * A number that is another one as soon as lists may mean other templates.
   *
   * @internal
   */
  get epoch(): number {
    return this.#history.epoch;
  }

  /**
   * Takes a template. Sets that waited for it can be decoded then.
   *
   * @param domain Observation domain
   * @param template The template
   * @param now Unix milliseconds; 0 where that is not known
   * @returns Whether it was taken; it is not where it has too many fields, or none with octets. One
   * that it was to replace is forgotten all the same, as records no longer have that shape
   */
  learn(domain: number, template: Template, now: number): boolean {
    const { limits, counters } = this.#store;
    const key = templateKey(domain, template.id);
    const known = this.#known.get(key);
    if (
      template.fields.length > limits.fields || template.emptyFields > limits.emptyFields ||
      template.minOctets === 0
    ) {
      counters.refused++;
      if (known !== undefined) this.#forget(known);
      return false;
    }
    if (known === undefined) this.#add(key, domain, template, now);
    else {
      known.seenAt = now;
      known.used = true;
      const same = known.template.equals(template);
      if (!same) counters.changed++;
      // The same shape means more where the exporter has described its elements since.
      if (!same || !knowsTheSame(known.template, template)) {
        if (!same) {
          this.#history.end(known);
          known.epoch = this.#history.begin();
        }
        this.#store.replace(known, template);
      }
    }
    this.held.release(key, template);
    return true;
  }

  /**
   * Learns from options records.
   *
   * @param template Their shape
   * @param domain Observation domain
   * @param view Octets that hold them
   * @param from Where the first starts
   * @param to Where the set ends
   * @returns The whole records, and where the first octet lies that belongs to none
   */
  learnFrom(
    template: Template,
    domain: number,
    view: DataView,
    from: number,
    to: number,
  ): { records: number; end: number } {
    const facts = this.#facts.get(domain) ?? this.factsToLearn(domain);
    let records = 0;
    let end = from;
    while (to - end >= template.minOctets) {
      const next = this.#fields.locate(template, view, end, to);
      if (next < 0) break;
      records++;
      end = next;
      facts.learn(template, view, this.#fields);
      this.elements.learn(template, view, this.#fields);
    }
    return { records, end };
  }

  /**
   * Forgets a template to make room.
   *
   * @internal
   * @param known The template
   */
  evict(known: KnownTemplate): void {
    if (this.#forget(known)) this.#store.counters.evicted++;
  }

  /**
   * Forgets a template that its exporter took back.
   *
   * @param domain Observation domain
   * @param id Its number
   */
  withdraw(domain: number, id: number): void {
    const known = this.#known.get(templateKey(domain, id));
    if (known !== undefined && this.#forget(known)) this.#store.counters.withdrawn++;
  }

  /**
   * Forgets all templates of a kind that their exporter took back.
   *
   * @param domain Observation domain
   * @param options Whether it is options templates
   */
  withdrawAll(domain: number, options: boolean): void {
    for (const known of [...this.#known.values()]) {
      if (known.domain === domain && known.template.options === options && this.#forget(known)) {
        this.#store.counters.withdrawn++;
      }
    }
  }

  /** Fields that a template may have. */
  get fieldsMax(): number {
    return this.#store.limits.fields;
  }

  /** Notes that records that were held end too early. */
  countDamaged(): void {
    this.#store.counters.damaged++;
  }

  #add(key: number, domain: number, template: Template, now: number): void {
    const epoch = this.#history.begin();
    const added = { owner: this, key, domain, template, seenAt: now, used: false, epoch };
    this.#known.set(key, added);
    while (this.#known.size > this.#store.limits.templates) {
      const victim = leastUsed(this.#known.values(), added, (known) => {
        this.#known.delete(known.key);
        this.#known.set(known.key, known);
      });
      if (victim === undefined) break;
      this.evict(victim);
    }
    this.#store.add(added);
  }

  #makeRoomForFacts(newest: DomainFacts): void {
    if (this.#facts.size <= this.#store.limits.domains) return;
    const entries = new Map([...this.#facts].map(([domain, facts]) => [facts, domain]));
    const victim = leastUsed(entries.keys(), newest, (facts) => {
      const domain = entries.get(facts)!;
      entries.delete(facts);
      entries.set(facts, domain);
    });
    if (victim === undefined) return;
    victim.close();
    this.#facts.delete(entries.get(victim)!);
    this.#store.counters.domainsForgotten++;
  }

  #forget(known: KnownTemplate): boolean {
    if (this.#known.get(known.key) !== known) return false;
    this.#known.delete(known.key);
    this.#store.remove(known);
    this.#history.end(known);
    if (this.#last === known) this.#last = undefined;
    return true;
  }
}

/**
 * Domain and number of a template as one exact number of 48 bits.
 *
 * @param domain Observation domain
 * @param id Number of the template
 * @returns The number
 */
export function templateKey(domain: number, id: number): number {
  return domain * 2 ** 16 + id;
}

function knowsTheSame(one: Template, other: Template): boolean {
  return one.fields.every(({ element }, index) => element === other.fields[index].element);
}
