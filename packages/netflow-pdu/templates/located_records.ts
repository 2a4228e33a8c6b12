import { RecordFields, type Template } from "./template.ts";

/** Records that are located together at most: what is known of them stays in the cache. */
const RECORDS_MAX = 256;

/** Fields of such records that there is room for, whatever the template. */
const FIELDS_FIRST = 1 << 14;

/**
 * Where the fields of some records lie that are behind one another, record by record: one object is
 * used for set after set.
 */
export class LocatedRecords {
  /** Fields of a record. */
  fields = 0;
  /** Records that are located. */
  count = 0;
  /** For each field of each record, where its octets start in the view. */
  offsets: Int32Array = new Int32Array(FIELDS_FIRST);
  /** For each field of each record, its octets. */
  lengths: Int32Array = new Int32Array(FIELDS_FIRST);
  /** Where each record starts, and, behind them, where the last one ends. */
  readonly starts: Int32Array = new Int32Array(RECORDS_MAX + 1);
  readonly #record = new RecordFields();

  /**
   * Locates records.
   *
   * @param template Their shape
   * @param view Octets that hold them
   * @param from Where the first starts
   * @param to Where the set ends
   * @param most Records at most
   * @returns Where the last one ends; `count` says how many they are
   */
  locate(template: Template, view: DataView, from: number, to: number, most: number): number {
    const { minOctets } = template;
    const fields = template.fields.length;
    this.fields = fields;
    if (fields > this.offsets.length) {
      this.offsets = new Int32Array(fields);
      this.lengths = new Int32Array(fields);
    }
    const limit = Math.min(most, RECORDS_MAX, Math.floor(this.offsets.length / fields));
    const { offsets, lengths, starts } = this;
    let count = 0;
    let offset = from;
    starts[0] = from;
    while (count < limit && to - offset >= minOctets) {
      const end = this.#record.locate(template, view, offset, to);
      if (end < 0) break;
      const at = count * fields;
      for (let index = 0; index < fields; index++) {
        offsets[at + index] = this.#record.offsets[index];
        lengths[at + index] = this.#record.lengths[index];
      }
      starts[++count] = end;
      offset = end;
    }
    this.count = count;
    return offset;
  }
}
