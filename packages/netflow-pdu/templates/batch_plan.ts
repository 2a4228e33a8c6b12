import type { FlowBatch } from "@flowtools/flow-model";
import { chooseColumns, chooseReverseColumns } from "./choose_columns.ts";
import type { FactOrigin, FactSource } from "./fact_origin.ts";
import { LocatedRecords } from "./located_records.ts";
import type { PacketFacts } from "./packet_facts.ts";
import { RowFiller } from "./row_filler.ts";
import type { TemplateDialect } from "./read_templates.ts";
import type { ListContext } from "./structured.ts";
import type { Template } from "./template.ts";

/**
 * What becomes of records that tell of both directions (RFC 5103, NSEL): one row, whose reverse
 * counters are read by their names, or a row for each direction.
 */
export type Biflow = "record" | "split";

/** What plans of one codec have in common. */
export interface BatchPlanInit {
  /** Export version. */
  readonly version: number;
  /** What becomes of records that tell of both directions. */
  readonly biflow: Biflow;
}

/** What knows the templates that lists of records refer to, and the names of their exporter. */
export interface ListSource extends FactSource {
  /** The version, and the elements. */
  readonly dialect: TemplateDialect;
  /** A number that is another one as soon as lists may mean other templates. */
  readonly epoch: number;
  /**
   * Finds the templates of a domain that lists mean now, at any time after. Those that come later are
   * not among them; those that are no more then are, as long as there is room for them.
   */
  listTemplates(domain: number): (id: number) => Template | undefined;
}

/** Makes a plan for each template and batch, and keeps it as long as both are there. */
export class BatchPlanner {
  readonly #init: BatchPlanInit;
  readonly #located = new LocatedRecords();
  readonly #plans = new WeakMap<FlowBatch, WeakMap<Template, BatchPlan>>();
  /** The batch that rows were appended to last, and the plans for it. */
  #lastBatch: FlowBatch | undefined;
  #last: WeakMap<Template, BatchPlan> | undefined;

  /** @param init What the plans have in common */
  constructor(init: BatchPlanInit) {
    this.#init = init;
  }

  /**
   * How records of a template get into a batch.
   *
   * @param template The template
   * @param batch The batch
   * @param source What knows the templates that lists refer to
   * @param domain The observation domain of the template
   * @returns The plan
   * @throws {RangeError} Records are to be split, and the batch has room for one row only
   */
  planOf(template: Template, batch: FlowBatch, source: ListSource, domain: number): BatchPlan {
    let plans = this.#lastBatch === batch ? this.#last : this.#plans.get(batch);
    if (plans === undefined) this.#plans.set(batch, plans = new WeakMap());
    this.#lastBatch = batch;
    this.#last = plans;
    let plan = plans.get(template);
    if (plan === undefined || (template.hasLists && plan.epoch !== source.epoch)) {
      plan = new BatchPlan(template, batch, this.#init, {
        located: this.#located,
        epoch: source.epoch,
        lists: { dialect: source.dialect, findTemplate: source.listTemplates(domain) },
        origin: { source, domain },
      });
      plans.set(template, plan);
    }
    return plan;
  }

  /** Rows that a record becomes at most. */
  get rowsPerRecord(): number {
    return this.#init.biflow === "split" ? 2 : 1;
  }
}

/** What a plan is made with beside template and batch. */
interface PlanContext {
  /** Where records of variable length are, for all plans of the codec. */
  readonly located: LocatedRecords;
  /** What lists of records are taken apart with. */
  readonly lists: ListContext;
  /** What knows the names that go with the records. */
  readonly origin: FactOrigin;
  /** Until when that holds: see `ListSource`. */
  readonly epoch: number;
}

/** How the records of one template get into the columns of one batch. */
export class BatchPlan {
  /** Records of the last call. */
  records = 0;
  /** Whether the last call stopped since the batch has no room for another record. */
  full = false;
  /** Until when it holds, where records have lists: see `ListSource`. */
  readonly epoch: number;
  readonly #template: Template;
  readonly #batch: FlowBatch;
  readonly #forward: RowFiller;
  readonly #reverse: ReverseRows | undefined;
  readonly #located: LocatedRecords;

  /**
   * Makes a plan.
   *
   * @param template The shape of the records
   * @param batch Where the rows go
   * @param init What plans of the codec have in common
   * @param context What else it needs
   * @throws {RangeError} Records are to be split, and the batch has room for one row only
   */
  constructor(
    template: Template,
    batch: FlowBatch,
    { version, biflow }: BatchPlanInit,
    { located, lists, origin, epoch }: PlanContext,
  ) {
    this.epoch = epoch;
    this.#located = located;
    this.#template = template;
    this.#batch = batch;
    const shared = { template, batch, version, lists, origin };
    this.#forward = new RowFiller({ ...shared, chosen: chooseColumns(template, version) });
    const reverse = biflow === "split" ? chooseReverseColumns(template, version) : undefined;
    if (reverse === undefined) return;
    if (batch.capacity < 2) {
      throw new RangeError("Cannot split records of both directions: FlowBatch has a single row");
    }
    const { chosen, counters } = reverse;
    this.#reverse = { rows: new RowFiller({ ...shared, chosen, reverse: true }), counters };
  }

  /**
   * Appends the records of a set, as far as there is room.
   *
   * @param view Octets that hold them
   * @param from Where the first starts
   * @param to Where the set ends
   * @param facts What their packet tells
   * @returns Where the first octet lies that was not taken
   */
  append(view: DataView, from: number, to: number, facts: PacketFacts): number {
    this.records = 0;
    this.full = false;
    if (this.#reverse !== undefined) {
      return this.#appendBothWays(this.#reverse, view, from, to, facts);
    }
    return this.#template.fixed
      ? this.#appendFixed(view, from, to, facts)
      : this.#appendVariable(view, from, to, facts);
  }

  #appendFixed(view: DataView, from: number, to: number, facts: PacketFacts): number {
    const { minOctets } = this.#template;
    const { room } = this.#batch;
    const whole = Math.floor((to - from) / minOctets);
    const count = Math.min(whole, room);
    this.full = whole > room;
    if (count === 0) return from;
    this.records = count;
    this.#forward.appendFixed(view, from, count, facts);
    return from + count * minOctets;
  }

  #appendVariable(view: DataView, from: number, to: number, facts: PacketFacts): number {
    const located = this.#located;
    const { minOctets } = this.#template;
    let offset = from;
    while (to - offset >= minOctets) {
      const { room } = this.#batch;
      this.full = room === 0;
      if (this.full) break;
      offset = located.locate(this.#template, view, offset, to, room);
      if (located.count === 0) break;
      this.#forward.appendLocated(view, located, facts);
      this.records += located.count;
    }
    return offset;
  }

  #appendBothWays(
    reverse: ReverseRows,
    view: DataView,
    from: number,
    to: number,
    facts: PacketFacts,
  ): number {
    const located = this.#located;
    const { minOctets } = this.#template;
    let offset = from;
    while (to - offset >= minOctets) {
      const end = located.locate(this.#template, view, offset, to, 1);
      if (located.count === 0) break;
      const back = countsBack(reverse, view, located);
      this.full = this.#batch.room < (back ? 2 : 1);
      if (this.full) break;
      this.#forward.appendLocated(view, located, facts);
      if (back) reverse.rows.appendLocated(view, located, facts);
      this.records++;
      offset = end;
    }
    return offset;
  }
}

/** Rows for what goes back. */
interface ReverseRows {
  readonly rows: RowFiller;
  /** The fields that count. */
  readonly counters: readonly number[];
}

/** Whether anything went back. */
function countsBack(
  { counters }: ReverseRows,
  view: DataView,
  { offsets, lengths }: LocatedRecords,
): boolean {
  return counters.some((index) => {
    for (let i = 0; i < lengths[index]; i++) {
      if (view.getUint8(offsets[index] + i) !== 0) return true;
    }
    return false;
  });
}
