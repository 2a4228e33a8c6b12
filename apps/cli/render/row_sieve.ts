import { UsageError } from "@flowtools/common/flags";
import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";

/** What rows are sorted by. */
export interface RowOrder {
  /** A column. */
  readonly name: string;
  /** Greatest first. */
  readonly descending: boolean;
}

/** Which rows are shown, and what of them. */
export interface RowChoice {
  /** The columns, in their order; default as the command has them. */
  readonly fields?: readonly string[];
  /** The order of the rows; default as they are found. */
  readonly sort?: RowOrder;
  /** Rows at most; Infinity for all. */
  readonly limit: number;
}

/** Everything, as it comes. */
export const ALL_ROWS: RowChoice = { limit: Infinity };

/** Rows that are kept to be sorted at most: some hundred megabytes. */
const ROWS_MAX = 1_000_000;

/** Rows that are kept beyond the limit before the last of them are dropped. */
const SPARE = 8192;

/** What a row is sorted by. */
type SortKey = string | number | undefined;

/** A row that is kept. */
interface KeptRow<Row> {
  readonly row: Row;
  readonly key: SortKey;
}

/**
 * Lets those rows through that are asked for: at once, or where they are to be sorted, at the end.
 * Rows that are equal stay in the order in which they came; those without a value come last.
 */
export class RowSieve<Row> {
  readonly #choice: RowChoice;
  readonly #valueOf: (row: Row, name: string) => unknown;
  readonly #write: (row: Row) => void;
  readonly #rowsMax: number;
  #kept: KeptRow<Row>[] = [];
  #written = 0;

  /**
   * Begins.
   *
   * @param choice What is asked for
   * @param valueOf The value of a column of a row
   * @param write Takes the rows that are shown
   * @param rowsMax Rows that are kept at most
   */
  constructor(
    choice: RowChoice,
    valueOf: (row: Row, name: string) => unknown,
    write: (row: Row) => void,
    rowsMax = ROWS_MAX,
  ) {
    this.#choice = choice;
    this.#valueOf = valueOf;
    this.#write = write;
    this.#rowsMax = rowsMax;
  }

  /** Whether no further row can be shown. */
  get full(): boolean {
    return this.#choice.sort === undefined && this.#written >= this.#choice.limit;
  }

  /**
   * Takes a row.
   *
   * @throws {UsageError} There are too many to be sorted
   */
  add(row: Row): void {
    const { sort, limit } = this.#choice;
    if (sort === undefined) {
      if (!this.full) this.#pass(row);
      return;
    }
    this.#kept.push({ row, key: sortKey(this.#valueOf(row, sort.name)) });
    if (this.#kept.length > limit * 2 + SPARE) this.#kept = this.#sorted();
    if (this.#kept.length <= this.#rowsMax) return;
    throw new UsageError(
      `--sort: there are more than ${this.#rowsMax} rows; --limit keeps the first ones only`,
    );
  }

  /** Lets through what was kept. */
  end(): void {
    for (const { row } of this.#sorted()) this.#pass(row);
    this.#kept = [];
  }

  #pass(row: Row): void {
    this.#written++;
    this.#write(row);
  }

  #sorted(): KeptRow<Row>[] {
    const sign = this.#choice.sort?.descending ? -1 : 1;
    const order = this.#kept.toSorted(({ key: a }, { key: b }) =>
      a === undefined || b === undefined
        ? Number(a === undefined) - Number(b === undefined)
        : sign * compareKeys(a, b)
    );
    return order.slice(0, this.#choice.limit);
  }
}

/** Numbers are before text. */
function compareKeys(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a value is sorted by: addresses are numbers of theirs, IPv4 before IPv6. */
function sortKey(value: unknown): SortKey {
  if (value === null || value === undefined || value === "") return undefined;
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string") return JSON.stringify(value);
  const address = parseIPv4(value) ?? parseIPv6(value);
  if (address === undefined) return value;
  return typeof address === "number"
    ? `4${address.toString(16).padStart(8, "0")}`
    : `6${address.toHex()}`;
}
