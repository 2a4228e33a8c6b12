import { FLOW_FIELDS, type FlowFieldName, type RecordLayout } from "@flowtools/flow-model";
import { putAddress, putNumber, putOctet, TEXT_SLACK } from "./decimal_text.ts";
import { valueRank } from "../value_rank.ts";

/** How a value is written. */
const OCTET = 0;
const SHORT = 1;
const LONG = 2;
const ADDRESS = 3;

/** Bytes of the longest value: an address in quotes and a comma. */
const VALUE_BYTES_MAX = 18;

/** Fields that hold addresses though their column is a number. */
const ADDRESS_FIELDS: readonly FlowFieldName[] = ["router_sc"];

/** A value of a record: where it stands, and what it is. */
export interface TextField {
  /** Its name. */
  readonly name: FlowFieldName;
  /** Bytes in the record. */
  readonly width: 1 | 2 | 4 | 8;
  /** Whether it is written as an address. */
  readonly address: boolean;
}

/**
 * Writes records as decimal text, values apart by commas, in the order in which flow-export writes
 * them: that of `FLOW_FIELDS`, but `marked_tos` before `extra_pkts`.
 */
export class RecordText {
  /** The fields, in the order in which they are named, which is that of `FLOW_FIELDS`. */
  readonly fields: readonly TextField[];
  /** The names of the values, in the order in which they are written. */
  readonly written: readonly FlowFieldName[];
  /** Bytes that one record takes at most, with what is written beyond its end. */
  readonly bytesMax: number;
  readonly #kinds: Uint8Array;
  readonly #offsets: Int32Array;
  readonly #alwaysLittle: Uint8Array;
  readonly #quote: number;

  /**
   * Makes a writer.
   *
   * @param layout The layout of the records
   * @param mask The fields that are wanted; those that the records lack are left out
   * @param quote What stands around addresses
   */
  constructor(layout: RecordLayout, mask: bigint, quote = "") {
    const named = FLOW_FIELDS.filter(({ name, xfield }) =>
      layout.schema.has(name) && (mask & xfield) !== 0n
    );
    const rows = named.map(({ name, kind }) => ({
      row: layout.rows.find((row) => row.name === name)!,
      name,
      address: kind === "address" || ADDRESS_FIELDS.includes(name),
    }));
    this.fields = rows.map(({ row, name, address }) => ({ name, width: row.width, address }));
    const written = rows.toSorted((a, b) => valueRank(a.name) - valueRank(b.name));
    this.written = written.map(({ name }) => name);
    this.#kinds = Uint8Array.from(
      written,
      ({ row, address }) =>
        address ? ADDRESS : row.width === 1 ? OCTET : row.width === 2 ? SHORT : LONG,
    );
    this.#offsets = Int32Array.from(written, ({ row }) => row.offset);
    this.#alwaysLittle = Uint8Array.from(written, ({ row }) => Number(row.alwaysLittleEndian ?? 0));
    this.bytesMax = written.length * VALUE_BYTES_MAX + TEXT_SLACK;
    this.#quote = quote === "" ? 0 : quote.charCodeAt(0);
  }

  /**
   * Writes one record, with a comma behind every value.
   *
   * @param records Bytes that hold the record
   * @param start Where it starts
   * @param littleEndian Its byte order
   * @param out Where to write, `bytesMax` bytes from `at`
   * @param at Where the text starts
   * @returns Where it ends
   */
  put(records: DataView, start: number, littleEndian: boolean, out: DataView, at: number): number {
    const kinds = this.#kinds;
    const offsets = this.#offsets;
    const quote = this.#quote;
    for (let field = 0; field < kinds.length; field++) {
      const from = start + offsets[field];
      const kind = kinds[field];
      if (kind === OCTET) {
        at = putOctet(out, at, records.getUint8(from));
      } else if (kind === SHORT) {
        const little = littleEndian || this.#alwaysLittle[field] === 1;
        at = putNumber(out, at, records.getUint16(from, little));
      } else if (kind === LONG) {
        at = putNumber(out, at, records.getUint32(from, littleEndian));
      } else if (quote === 0) {
        at = putAddress(out, at, records.getUint32(from, littleEndian));
      } else {
        out.setUint8(at, quote);
        at = putAddress(out, at + 1, records.getUint32(from, littleEndian));
        out.setUint8(at - 1, quote);
        out.setUint8(at++, 0x2c);
      }
    }
    return at;
  }
}
