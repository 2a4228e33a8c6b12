import { FAMILY_IPV4, FAMILY_IPV6, parseIPv4, parseIPv6 } from "./address.ts";
import { moveRows } from "./column_holders.ts";
import { FLOW_FIELD_NAMES } from "./flow_fields.ts";

/** Octets of an IPv6 address. */
const WIDE_OCTETS = 16;

/** The families of the addresses of a batch, and those of IPv6; fields are indices in `FLOW_FIELDS`. */
export class BatchAddresses {
  readonly #capacity: number;
  readonly #families: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  readonly #wide: (Uint8Array<ArrayBuffer> | undefined)[] = [];

  /** @param capacity Rows */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** 4 or 6 a row, or `undefined` where no row was ever IPv6. */
  family(field: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#families[field];
  }

  /** 16 bytes a row, right where the family is 6, or `undefined` where no row was IPv6. */
  wide(field: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#wide[field];
  }

  /** Makes a column take IPv6 addresses, too. */
  widen(field: number): { families: Uint8Array<ArrayBuffer>; wide: Uint8Array<ArrayBuffer> } {
    const families = this.#families[field] ??= new Uint8Array(this.#capacity).fill(FAMILY_IPV4);
    const wide = this.#wide[field] ??= new Uint8Array(this.#capacity * WIDE_OCTETS);
    return { families, wide };
  }

  /** Notes that rows of a column are IPv4. */
  narrow(field: number, at: number, count: number): void {
    this.#families[field]?.fill(FAMILY_IPV4, at, at + count);
  }

  /** How many of some rows are IPv6. */
  countWide(field: number, at: number, count: number): number {
    const families = this.#families[field];
    if (families === undefined) return 0;
    let wide = 0;
    for (let row = at; row < at + count; row++) if (families[row] === FAMILY_IPV6) wide++;
    return wide;
  }

  /**
   * Sets an address.
   *
   * @param field The field
   * @param row The row
   * @param narrow The column of IPv4 addresses
   * @param value Text, a number, or 16 bytes
   * @throws {RangeError} The text is no address
   */
  set(
    field: number,
    row: number,
    narrow: Uint32Array,
    value: number | bigint | string | Uint8Array,
  ): void {
    const parsed = typeof value === "string" ? parseIPv4(value) ?? parseIPv6(value) : value;
    if (parsed === undefined) {
      throw new RangeError(
        `Cannot store ${FLOW_FIELD_NAMES[field]}: "${value}" is no IPv4 or IPv6 address`,
      );
    }
    if (typeof parsed === "object") {
      const { families, wide } = this.widen(field);
      families[row] = FAMILY_IPV6;
      wide.set(parsed, row * WIDE_OCTETS);
      narrow[row] = 0;
    } else {
      narrow[row] = Number(parsed);
      this.narrow(field, row, 1);
    }
  }

  /** Keeps some rows, ascending, and moves them to the front. */
  keepRows(rows: Uint32Array): void {
    for (const families of this.#families) if (families !== undefined) moveRows(families, rows);
    for (const wide of this.#wide) {
      for (let to = 0; wide !== undefined && to < rows.length; to++) {
        const from = rows[to] * WIDE_OCTETS;
        wide.copyWithin(to * WIDE_OCTETS, from, from + WIDE_OCTETS);
      }
    }
  }
}
