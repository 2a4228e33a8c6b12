import { DATAGRAM_OCTETS_MAX, ROW_OCTETS_MAX } from "./limits.ts";

/** Octets that the store starts with; it doubles when they are used up. */
const OCTETS_FIRST = 1 << 16;

/**
 * The records that rows were made of, as they were on the wire: what no column keeps is still there.
 */
export class RowOctets {
  #octets: Uint8Array<ArrayBuffer> = new Uint8Array(OCTETS_FIRST);
  #used = 0;
  /** Rows from here on have no octets. */
  #rows = 0;
  readonly #starts: Uint32Array<ArrayBuffer>;
  readonly #lengths: Uint32Array<ArrayBuffer>;

  /**
   * Makes an empty store.
   *
   * @param capacity Rows at most
   */
  constructor(capacity: number) {
    this.#starts = new Uint32Array(capacity);
    this.#lengths = new Uint32Array(capacity);
  }

  /** Whether there may be too little room for the records of another datagram. */
  get full(): boolean {
    return this.#used + DATAGRAM_OCTETS_MAX > ROW_OCTETS_MAX;
  }

  /** Forgets all records. */
  reset(): void {
    this.#used = 0;
    this.#lengths.fill(0, 0, this.#rows);
    this.#rows = 0;
  }

  /**
   * Keeps the records of rows that lie behind one another.
   *
   * @param row The first row
   * @param count Rows
   * @param view Octets that hold the records
   * @param offset Where the first starts
   * @param length Octets of each
   * @returns Whether there was room; without it the rows have no octets
   */
  store(row: number, count: number, view: DataView, offset: number, length: number): boolean {
    const octets = count * length;
    this.#rows = Math.max(this.#rows, row + count);
    if (!this.#reserve(octets)) {
      this.#lengths.fill(0, row, row + count);
      return false;
    }
    this.#octets.set(new Uint8Array(view.buffer, view.byteOffset + offset, octets), this.#used);
    for (let i = 0; i < count; i++) {
      this.#starts[row + i] = this.#used + i * length;
      this.#lengths[row + i] = length;
    }
    this.#used += octets;
    return true;
  }

  /**
   * The record of a row.
   *
   * @param row The row
   * @returns The octets themselves, not a copy; `undefined` where none were kept
   */
  read(row: number): Uint8Array<ArrayBuffer> | undefined {
    const length = this.#lengths[row];
    if (length === 0) return undefined;
    return this.#octets.subarray(this.#starts[row], this.#starts[row] + length);
  }

  /**
   * Keeps the records of some rows, and moves them to the front. The room of the others comes back
   * with `reset()`.
   *
   * @param rows The rows that stay, ascending
   */
  keepRows(rows: Uint32Array): void {
    for (let to = 0; to < rows.length; to++) {
      this.#starts[to] = this.#starts[rows[to]];
      this.#lengths[to] = this.#lengths[rows[to]];
    }
    if (this.#rows <= rows.length) return;
    this.#lengths.fill(0, rows.length, this.#rows);
    this.#rows = rows.length;
  }

  #reserve(octets: number): boolean {
    const needed = this.#used + octets;
    if (needed > ROW_OCTETS_MAX) return false;
    if (needed > this.#octets.length) {
      const larger = new Uint8Array(
        Math.min(ROW_OCTETS_MAX, Math.max(needed, this.#octets.length * 2)),
      );
      larger.set(this.#octets.subarray(0, this.#used));
      this.#octets = larger;
    }
    return true;
  }
}
