import type { Template } from "./template.ts";

/** A template that is no more, or means something else. */
interface RetiredTemplate {
  readonly template: Template;
  /** When it came, in the count of its exporter. */
  readonly since: number;
  /** The last moment of that count when it was known. */
  readonly until: number;
}

/** What all exporters of a codec share of templates that are no more: the oldest go first. */
export class RetiredBudget {
  readonly #fieldsMax: number;
  readonly #order = new Map<RetiredTemplate, () => void>();
  #fields = 0;

  /** @param fieldsMax Fields of all of them together; each of them counts as 8 more */
  constructor(fieldsMax: number) {
    this.#fieldsMax = fieldsMax;
  }

  /**
   * Notes one, and forgets the oldest where they are too many.
   *
   * @param retired The template
   * @param forget Forgets it
   */
  add(retired: RetiredTemplate, forget: () => void): void {
    this.#order.set(retired, forget);
    this.#fields += weightOf(retired);
    for (const [oldest, forgetOldest] of this.#order) {
      if (this.#fields <= this.#fieldsMax) return;
      this.#order.delete(oldest);
      this.#fields -= weightOf(oldest);
      forgetOldest();
    }
  }
}

/** What a template costs beyond its fields, in fields. */
const TEMPLATE_WEIGHT = 8;

const weightOf = ({ template }: RetiredTemplate) => template.fields.length + TEMPLATE_WEIGHT;

/** A template that an exporter has now. */
interface CurrentTemplate {
  /** Domain and number. */
  readonly key: number;
  readonly template: Template;
  /** When it came, in the count of its exporter. */
  readonly epoch: number;
}

/**
 * When the templates of one exporter came and went, and those that are no more: flows that came
 * before may have lists that refer to them, and wait in a batch.
 */
export class TemplateHistory {
  readonly #budget: RetiredBudget;
  /** By domain and number, those that were known first come first. */
  readonly #retired = new Map<number, RetiredTemplate[]>();
  /** Counts what came and went. */
  #epoch = 0;
  /** When it was last asked which templates lists mean: those of before may be meant. */
  #asked = -1;

  /** @param budget What it shares with other exporters */
  constructor(budget: RetiredBudget) {
    this.#budget = budget;
  }

  /** A number that is another one as soon as lists may mean other templates. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Notes that a template comes; returns when. */
  begin(): number {
    return ++this.#epoch;
  }

  /** Notes that a template is no more, and keeps it where lists may mean it and there is room. */
  end({ key, template, epoch: since }: CurrentTemplate): void {
    // Lists hold no records of options.
    if (since > this.#asked || template.options) return;
    const retired = { template, since, until: this.#epoch++ };
    const others = this.#retired.get(key);
    if (others === undefined) this.#retired.set(key, [retired]);
    else others.push(retired);
    this.#budget.add(retired, () => {
      const left = this.#retired.get(key)?.filter((other) => other !== retired) ?? [];
      if (left.length === 0) this.#retired.delete(key);
      else this.#retired.set(key, left);
    });
  }

  /**
   * Finds the templates that are known now, at any time after.
   *
   * @param current Finds one of those that are known at the time, by domain and number
   * @returns Finds one of those that are known now; those that are no more as long as there is room
   */
  lookup(
    current: (key: number) => CurrentTemplate | undefined,
  ): (key: number) => Template | undefined {
    const at = this.#epoch;
    this.#asked = at;
    return (key) => {
      const known = current(key);
      if (known !== undefined && known.epoch <= at) return known.template;
      const retired = this.#retired.get(key);
      return retired?.find(({ since, until }) => since <= at && at <= until)?.template;
    };
  }
}
