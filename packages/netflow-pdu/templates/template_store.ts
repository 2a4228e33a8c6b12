import type { TemplateLimits } from "./limits.ts";
import { RetiredBudget } from "./template_history.ts";
import type { Template } from "./template.ts";
import { type TemplateCounters, zeroTemplateCounters } from "./template_counters.ts";

/** What can be forgotten to make room, and whether it was used since that was last considered. */
export interface Forgettable {
  /** `false` for what is new: a flood of what nobody uses pushes out itself. */
  used: boolean;
}

/** A template as an exporter's domain has it. */
export interface KnownTemplate extends Forgettable {
  /** What remembers it. */
  readonly owner: TemplateOwner;
  /** Domain and number. */
  readonly key: number;
  readonly domain: number;
  template: Template;
  /** When it was last sent, Unix milliseconds; 0 where that is not known. */
  seenAt: number;
  /** Counts the templates of the exporter that were new or changed, up to when this one was. */
  epoch: number;
}

/** What remembers templates and may be told to forget one. */
export interface TemplateOwner {
  /** Forgets a template to make room. */
  evict(known: KnownTemplate): void;
}

/**
 * Finds what was not used for long. What was used gets another turn: it goes behind the others, so
 * that using something costs no more than setting a flag.
 *
 * @param all Everything, what came first first; it may change while it is gone through
 * @param newest What has just come, and stays
 * @param requeue Puts one behind the others
 * @returns The one to forget; `undefined` where there is none
 */
export function leastUsed<Item extends Forgettable>(
  all: Iterable<Item>,
  newest: Item,
  requeue: (item: Item) => void,
): Item | undefined {
  let rounds = 0;
  for (const item of all) {
    // In the second round nothing counts as used any more: when it ends, there is nothing else.
    if (item === newest && ++rounds > 2) return undefined;
    if (!item.used && item !== newest) return item;
    item.used = false;
    requeue(item);
  }
  return undefined;
}

/** What all sessions of a codec share: bounds, counters, and the templates of all of them. */
export class TemplateStore {
  /** The bounds. */
  readonly limits: TemplateLimits;
  /** What was counted so far. */
  readonly counters: TemplateCounters = zeroTemplateCounters();
  /**
   * Templates that are no more.
   *
   * @internal
   */
  readonly retired: RetiredBudget;
  readonly #known = new Set<KnownTemplate>();
  #fields = 0;

  /**
   * Makes a store of a new codec.
   *
   * @internal
   * @param limits Bounds
   */
  constructor(limits: TemplateLimits) {
    this.limits = limits;
    this.retired = new RetiredBudget(limits.retiredFieldsInAll);
  }

  /**
   * Notes a template, and makes room for it.
   *
   * @internal
   * @param known The template
   */
  add(known: KnownTemplate): void {
    this.#known.add(known);
    this.counters.templates++;
    this.#fields += known.template.fields.length;
    this.#makeRoom(known);
  }

  /**
   * Gives a known template another shape.
   *
   * @internal
   * @param known The template
   * @param template Its new shape
   */
  replace(known: KnownTemplate, template: Template): void {
    this.#fields += template.fields.length - known.template.fields.length;
    known.template = template;
    this.#makeRoom(known);
  }

  /**
   * Notes that a template is no more.
   *
   * @internal
   * @param known The template
   */
  remove(known: KnownTemplate): void {
    if (!this.#known.delete(known)) return;
    this.counters.templates--;
    this.#fields -= known.template.fields.length;
  }

  #makeRoom(newest: KnownTemplate): void {
    const { templatesInAll, fieldsInAll } = this.limits;
    while (
      this.#known.size > templatesInAll || (this.#fields > fieldsInAll && this.#known.size > 1)
    ) {
      const victim = leastUsed(this.#known, newest, (known) => {
        this.#known.delete(known);
        this.#known.add(known);
      });
      if (victim === undefined) return;
      victim.owner.evict(victim);
    }
  }
}

/** The room that the facts of one exporter have. */
export class FactBudget {
  readonly #store: TemplateStore;
  #taken = 0;

  /** @param store What it shares with the other exporters of the codec */
  constructor(store: TemplateStore) {
    this.#store = store;
  }

  /**
   * Takes room for one fact.
   *
   * @returns Whether there was some
   */
  take(): boolean {
    const { limits, counters } = this.#store;
    if (this.#taken >= limits.facts || counters.facts >= limits.factsInAll) return false;
    this.#taken++;
    counters.facts++;
    return true;
  }

  /**
   * Gives room back.
   *
   * @param facts How many are no more
   */
  give(facts: number): void {
    this.#taken -= facts;
    this.#store.counters.facts -= facts;
  }

  /** Notes that a fact was forgotten, or not taken. */
  countForgotten(): void {
    this.#store.counters.factsForgotten++;
  }
}
