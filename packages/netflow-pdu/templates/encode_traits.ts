import {
  fieldIndex,
  FLOW_FIELDS,
  type FlowBatch,
  type FlowSchema,
  SAMPLING_COLUMN,
} from "@flowtools/flow-model";

/** Indexes of the columns of addresses; the bit of each says that a row's is IPv6. */
const ADDRESS_FIELDS: readonly number[] = FLOW_FIELDS.flatMap(({ kind }, index) =>
  kind === "address" ? [index] : []
);
const EXADDR = fieldIndex("exaddr");
const EXPORTER_BIT = 1 << ADDRESS_FIELDS.length;
const SAMPLED_BIT = EXPORTER_BIT << 1;

/** Whether an address column of a row is IPv6. */
export function isWide(traits: number, field: number): boolean {
  const bit = ADDRESS_FIELDS.indexOf(field);
  return bit >= 0 && (traits >> bit & 1) === 1;
}

/** Whether a row tells its exporter. */
export function hasExporter(traits: number): boolean {
  return (traits & EXPORTER_BIT) !== 0;
}

/** Whether a row stands for more packets than were looked at. */
export function isSampled(traits: number): boolean {
  return (traits & SAMPLED_BIT) !== 0;
}

/** What differs between rows of one schema, as bits. */
export class RowTraits {
  readonly #exporters: boolean;
  readonly #families: (Uint8Array | undefined)[] = [];
  #exaddr: Uint32Array | undefined;
  #rates: ArrayLike<number> | undefined;

  /** @param exporters Whether records are to tell the exporter of rows */
  constructor(exporters: boolean) {
    this.#exporters = exporters;
  }

  /** Sets the batch. */
  begin(batch: FlowBatch): void {
    for (const [bit, field] of ADDRESS_FIELDS.entries()) this.#families[bit] = batch.family(field);
    this.#exaddr = this.#exporters ? batch.columnAt(EXADDR) as Uint32Array | undefined : undefined;
    const rates = batch.extra(SAMPLING_COLUMN);
    this.#rates = Array.isArray(rates) ? undefined : rates;
  }

  /** The traits that rows of a schema can have. */
  mask(schema: FlowSchema): number {
    let mask = SAMPLED_BIT;
    for (const [bit, field] of ADDRESS_FIELDS.entries()) mask |= schema.present[field] << bit;
    return schema.present[EXADDR] === 1 ? mask | EXPORTER_BIT : mask;
  }

  /** The traits of a row. */
  of(row: number): number {
    let traits = 0;
    const families = this.#families;
    for (let bit = 0; bit < families.length; bit++) {
      const family = families[bit];
      if (family !== undefined && family[row] === 6) traits |= 1 << bit;
    }
    const exaddr = this.#exaddr;
    if (exaddr !== undefined && (exaddr[row] !== 0 || isWide(traits, EXADDR))) {
      traits |= EXPORTER_BIT;
    }
    if (this.rate(row) !== 1) traits |= SAMPLED_BIT;
    return traits;
  }

  /** How a row was sampled: one packet in so many; 1 where that is not known (0), too. */
  rate(row: number): number {
    return this.#rates?.[row] || 1;
  }
}
