import {
  FAMILY_IPV6,
  type FlowBatch,
  type FlowFieldName,
  uptimeToUnixMs,
} from "@flowtools/flow-model";

import { ElementValues } from "../where/narrow_elements.ts";
import type { ElementWords } from "./element_words.ts";
import { FlowOrigins, type OriginLookup } from "./flow_origins.ts";

/** The fields that the moments of a flow are made from. */
export const CLOCK_FIELDS = ["unix_secs", "unix_nsecs", "sysUpTime"] as const;

/** IPv6 addresses of a column beside its IPv4 ones, for the rows of the batch. */
export interface WideAddresses {
  /** 4 or 6 a row. */
  readonly families: Uint8Array;
  /** 16 octets a row. */
  readonly octets: Uint8Array;
  /** The rows that count; nothing where all do. */
  readonly selected: Uint32Array | undefined;
}

/**
 * A batch as groups see it: the rows that count, columns as 32-bit words or doubles, so that each
 * loop behind it meets one kind of array. Columns are made when first asked for.
 */
export class GroupInput {
  /** Rows that count. */
  rows = 0;
  /** Where templates came from. */
  readonly origins = new FlowOrigins();
  readonly #elements: ElementWords;
  #batch!: FlowBatch;
  #lookup: OriginLookup | undefined;
  #selected: Uint32Array | undefined;
  readonly #words = new Map<string, Uint32Array<ArrayBuffer>>();
  readonly #doubles = new Map<string, Float64Array<ArrayBuffer>>();

  /** @param elements Words for values of elements */
  constructor(elements: ElementWords) {
    this.#elements = elements;
  }

  /** Takes the next batch: all of it, or some rows in ascending order. */
  load(batch: FlowBatch, rows?: Uint32Array, lookup?: OriginLookup): void {
    this.#batch = batch;
    this.#lookup = lookup;
    this.#selected = rows === undefined || rows.length === batch.length ? undefined : rows;
    this.rows = rows?.length ?? batch.length;
  }

  /** A field of 32 bits or fewer. For addresses these are the IPv4 ones. */
  u32(name: FlowFieldName): Uint32Array {
    const column = this.#batch.column(name);
    if (this.#selected === undefined && column instanceof Uint32Array) return column;
    const copy = this.words(name);
    const selected = this.#selected;
    if (selected === undefined) copy.set(column.subarray(0, this.rows));
    else gather(column, selected, copy, this.rows);
    return copy;
  }

  /** A counter. */
  counter(name: FlowFieldName): Float64Array {
    const column = this.#batch.column(name) as Float64Array;
    const selected = this.#selected;
    if (selected === undefined) return column;
    const copy = this.doubles(name);
    for (let row = 0; row < this.rows; row++) copy[row] = column[selected[row]];
    return copy;
  }

  /** The IPv6 addresses of a field; nothing where all its addresses are IPv4. */
  wide(name: FlowFieldName): WideAddresses | undefined {
    const families = this.#batch.family(name);
    const octets = this.#batch.wide(name);
    if (families === undefined || octets === undefined) return undefined;
    if (!families.subarray(0, this.#batch.length).includes(FAMILY_IPV6)) return undefined;
    return { families, octets, selected: this.#selected };
  }

  /**
   * Flows of each row: aggregated records say how many they stand for, all others are one.
   *
   * @returns Nothing where every row is one flow
   */
  flows(): Float64Array | undefined {
    const batch = this.#batch;
    const aggregated = batch.schemas.map((schema) => schema.has("dFlows"));
    if (!aggregated.includes(true)) return undefined;
    const column = this.counter("dFlows");
    if (!aggregated.includes(false)) return column;
    const flows = this.doubles("flows");
    for (let row = 0; row < this.rows; row++) {
      const schema = batch.schemaOf[this.#selected?.[row] ?? row];
      flows[row] = aggregated[schema] ? column[row] : 1;
    }
    return flows;
  }

  /** Unix milliseconds at which each flow began or ended. */
  moments(name: "first" | "last"): Float64Array {
    const [secs, nsecs, uptime] = CLOCK_FIELDS.map((field) => this.u32(field));
    const stamps = this.u32(name);
    const moments = this.doubles(name);
    for (let row = 0; row < this.rows; row++) {
      moments[row] = uptimeToUnixMs(secs[row], nsecs[row], uptime[row], stamps[row]);
    }
    return moments;
  }

  /** Words of the first of some elements that each record has. */
  elements(names: readonly string[], slot: string): Uint32Array {
    const values = new ElementValues(this.#batch, names);
    const out = this.words(slot);
    for (let row = 0; row < this.rows; row++) {
      out[row] = this.#elements.wordOf(values.read(this.#selected?.[row] ?? row));
    }
    return out;
  }

  /** Words of where the template of each flow came from. */
  originWords(slot: string): Uint32Array {
    const { schemas, schemaOf } = this.#batch;
    const origins = schemas.map((schema) => this.origins.wordOf(schema, this.#lookup));
    const out = this.words(slot);
    for (let row = 0; row < this.rows; row++) {
      out[row] = origins[schemaOf[this.#selected?.[row] ?? row]];
    }
    return out;
  }

  /** Milliseconds that each flow lasted, right across a wrap of the uptime. */
  durations(): Float64Array {
    const first = this.u32("first");
    const last = this.u32("last");
    const durations = this.doubles("duration");
    for (let row = 0; row < this.rows; row++) durations[row] = (last[row] - first[row]) >>> 0;
    return durations;
  }

  /** Memory for one word a row that stays as it is until the next batch. */
  words(name: string): Uint32Array<ArrayBuffer> {
    let words = this.#words.get(name);
    if (words === undefined || words.length < this.#batch.capacity) {
      words = new Uint32Array(this.#batch.capacity);
      this.#words.set(name, words);
    }
    return words;
  }

  /** Memory for one double a row that stays as it is until the next batch. */
  doubles(name: string): Float64Array<ArrayBuffer> {
    let doubles = this.#doubles.get(name);
    if (doubles === undefined || doubles.length < this.#batch.capacity) {
      doubles = new Float64Array(this.#batch.capacity);
      this.#doubles.set(name, doubles);
    }
    return doubles;
  }
}

/** Copies the selected rows of a column of any width. */
function gather(
  column: ArrayLike<number>,
  selected: Uint32Array,
  out: Uint32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) out[row] = column[selected[row]];
}
