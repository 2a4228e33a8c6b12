import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";

/** What is changed in flows before they are sent. */
export interface ChangeOptions {
  /** Put in the place of AS number 0. */
  readonly replaceAs?: number;
  /** Bits of source and destination addresses that are kept. */
  readonly privacyMask?: number;
}

/** The first four bits of multicast addresses. */
const MULTICAST = 0xe;

/**
 * Changes that hold only while a piece of work runs: a batch belongs to all sinks, so its columns
 * are put back afterwards. Copying four columns is much cheaper than copying a batch.
 */
export class RowChanges {
  /** Whether anything is changed. */
  readonly any: boolean;
  /** Whether bits of addresses are left out. */
  readonly masks: boolean;
  /** Equal for equal changes. */
  readonly key: string;
  readonly #options: ChangeOptions;
  readonly #fields: readonly FlowFieldName[];
  readonly #saved = new Map<FlowFieldName, Uint32Array>();

  /**
   * @param options What to change
   */
  constructor(options: ChangeOptions) {
    const { replaceAs = 0, privacyMask = 0xffffffff } = options;
    this.#options = options;
    this.key = `${replaceAs}/${privacyMask}`;
    this.masks = privacyMask !== 0xffffffff;
    this.any = this.masks || replaceAs !== 0;
    this.#fields = [
      ...(replaceAs === 0 ? [] : ["src_as", "dst_as"] as const),
      ...(this.masks ? ["srcaddr", "dstaddr"] as const : []),
    ];
  }

  /** Runs `work` while the flows of a batch are changed. */
  during<Result>(batch: FlowBatch, work: () => Result): Result {
    if (this.#fields.length === 0) return work();
    const { length } = batch;
    for (const field of this.#fields) {
      let saved = this.#saved.get(field);
      if (saved === undefined || saved.length < length) {
        saved = new Uint32Array(batch.capacity);
        this.#saved.set(field, saved);
      }
      saved.set((batch.column(field) as Uint32Array).subarray(0, length));
    }
    try {
      this.#change(batch);
      return work();
    } finally {
      for (const field of this.#fields) {
        (batch.column(field) as Uint32Array).set(this.#saved.get(field)!.subarray(0, length));
      }
    }
  }

  #change(batch: FlowBatch): void {
    const { replaceAs = 0, privacyMask = 0xffffffff } = this.#options;
    const { length } = batch;
    if (replaceAs !== 0) {
      const { schemas, schemaOf } = batch;
      for (const field of ["src_as", "dst_as"] as const) {
        const column = batch.column(field);
        // Of flows that tell no AS nothing is known: theirs stay 0 whatever they are sent as.
        const told = schemas.map((schema) => schema.has(field));
        for (let row = 0; row < length; row++) {
          if (column[row] === 0 && told[schemaOf[row]]) column[row] = replaceAs;
        }
      }
    }
    if (privacyMask !== 0xffffffff) {
      const source = batch.column("srcaddr");
      const destination = batch.column("dstaddr");
      for (let row = 0; row < length; row++) {
        if (destination[row] >>> 28 === MULTICAST) continue;
        source[row] &= privacyMask;
        destination[row] &= privacyMask;
      }
    }
  }
}
