import { countLost, type FlowSchema, SAMPLING_COLUMN } from "@flowtools/flow-model";
import { lostFields } from "@flowtools/ft-format";
import { LOST_COLUMNS_MAX, LOST_COLUMNS_SHOWN } from "../limits.ts";

/** Elements that tell nothing. */
const EMPTY: ReadonlySet<string> = new Set(["paddingOctets"]);

/** Shapes whose flows are counted before their columns are looked at. */
const PENDING_MAX = 256;

/**
 * Counts what flows tell and records of a version have no place for, by name: columns that the
 * records lack, and elements of NetFlow v9, IPFIX and sFlow that have no column at all. How flows
 * were sampled is told row by row, and is not counted here.
 *
 * @example
 * ```ts
 * import { LostColumns } from "@flowtools/flowset";
 * import { FlowSchema } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const v5 = new FlowSchema({ version: 5, fields: ["srcaddr"] });
 * const ipfix = new FlowSchema({ version: 10, fields: ["srcaddr"], extras: ["applicationId"] });
 * const lost = new LostColumns(v5);
 * lost.add(ipfix, 20);
 * assertEquals([...lost.flows], [["applicationId", 20]]);
 * ```
 */
export class LostColumns {
  readonly #to: FlowSchema;
  readonly #flows = new Map<string, number>();
  readonly #pending = new Map<FlowSchema, number>();

  /**
   * Makes counters.
   *
   * @param to The shape of the records
   */
  constructor(to: FlowSchema) {
    this.#to = to;
  }

  /** For each name, how many flows had it; names beyond a bound count as `others`. */
  get flows(): ReadonlyMap<string, number> {
    this.#settle();
    return this.#flows;
  }

  /**
   * Counts flows that become records.
   *
   * @param schema Their shape
   * @param flows How many
   */
  add(schema: FlowSchema, flows: number): void {
    this.#pending.set(schema, (this.#pending.get(schema) ?? 0) + flows);
    if (this.#pending.size > PENDING_MAX) this.#settle();
  }

  /**
   * Counts flows that lose one column.
   *
   * @param name The column
   * @param flows How many
   */
  count(name: string, flows: number): void {
    countLost(this.#flows, name, flows, LOST_COLUMNS_MAX);
  }

  #settle(): void {
    for (const [schema, flows] of this.#pending) {
      for (const name of lostFields(schema, this.#to)) this.count(name, flows);
      for (const name of schema.extras) {
        if (name !== SAMPLING_COLUMN && !EMPTY.has(name)) this.count(name, flows);
      }
    }
    this.#pending.clear();
  }
}

/**
 * Names and how many flows each is about, as text: those of most flows first, and not too many.
 *
 * @param counts Flows by name
 * @returns The text, such as `applicationId of 20 flows, vlanId of 1 flow and 3 more`
 */
export function lossText(counts: ReadonlyMap<string, number>): string {
  const all = [...counts].toSorted(([, a], [, b]) => b - a);
  const shown = all.slice(0, LOST_COLUMNS_SHOWN)
    .map(([name, flows]) => `${name} of ${flowCount(flows)}`).join(", ");
  return all.length <= LOST_COLUMNS_SHOWN
    ? shown
    : `${shown} and ${all.length - LOST_COLUMNS_SHOWN} more`;
}

/**
 * A number of flows as text.
 *
 * @param flows How many
 * @returns The text, such as `1 flow`
 */
export function flowCount(flows: number): string {
  return `${flows} flow${flows === 1 ? "" : "s"}`;
}
