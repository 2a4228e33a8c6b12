import type { FlowBatch } from "@flowtools/flow-model";
import type { ClassicPduCodec } from "@flowtools/netflow-pdu";

/** Rows of a batch as the records of a version. */
interface Encoded {
  readonly key: string;
  readonly from: number;
  readonly bytes: Uint8Array;
}

/**
 * Rows of a batch as they are in packets. Targets that want the same share them: the columns are
 * encoded once.
 */
export class WireRecords {
  #encoded: Encoded[] = [];
  /** Memory to be used again. */
  #spare: Uint8Array[] = [];
  #batch: FlowBatch | undefined;
  #generation = -1;
  #length = -1;
  readonly #misfits: Map<string, number>;

  /** @param misfits Told, per field, how many values did not fit and were replaced */
  constructor(misfits: Map<string, number>) {
    this.#misfits = misfits;
  }

  /**
   * The records of some rows.
   *
   * @param batch The flows
   * @param codec The version
   * @param changesKey Tells apart what was changed in the flows before
   * @param from First row
   * @param to Row after the last; always the same for the same first row
   * @returns Records in network order, alive until another batch is asked for
   */
  of(
    batch: FlowBatch,
    { layouts: { record } }: ClassicPduCodec,
    changesKey: string,
    from: number,
    to: number,
  ): Uint8Array {
    const { generation, length } = batch;
    if (batch !== this.#batch || generation !== this.#generation || length !== this.#length) {
      this.#spare.push(...this.#encoded.map(({ bytes }) => bytes));
      this.#encoded = [];
      this.#batch = batch;
      this.#generation = generation;
      this.#length = length;
    }
    const key = `${record.schema.label} ${changesKey}`;
    const known = this.#encoded.find((entry) => entry.key === key && entry.from === from);
    if (known !== undefined) return known.bytes;
    const size = (to - from) * record.size;
    const spare = this.#spare.pop();
    const bytes = spare !== undefined && spare.length >= size ? spare : new Uint8Array(size);
    batch.storeRecords(
      record,
      from,
      to - from,
      new DataView(bytes.buffer),
      0,
      false,
      this.#misfits,
    );
    this.#encoded.push({ key, from, bytes });
    return bytes;
  }
}
