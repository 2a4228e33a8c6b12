import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import { CryptoPan } from "./cryptopan.ts";
import type { RowAction } from "./row_action.ts";

/** When a key is read again. */
export interface KeyRefresh {
  /** Unix seconds of the next time. */
  next: number;
  /** Seconds between two times. */
  readonly interval: number;
  /** Reads the key; throws where it cannot be read. */
  readonly read: () => Uint8Array;
  /** Unix seconds now. */
  readonly now: () => number;
  /** Told what happens. */
  readonly warn: (message: string) => void;
}

/** The anonymizer of one action, with the key of the hour. */
export class Anonymizer {
  #pan: CryptoPan;
  readonly #refresh: KeyRefresh | undefined;

  constructor(key: Uint8Array, refresh?: KeyRefresh) {
    this.#pan = new CryptoPan(key);
    this.#refresh = refresh;
  }

  /** What replaces addresses now. A key that cannot be read leaves the old one in use. */
  current(): CryptoPan {
    const refresh = this.#refresh;
    if (refresh === undefined || refresh.now() <= refresh.next) return this.#pan;
    const missed = Math.ceil((refresh.now() - refresh.next) / refresh.interval);
    refresh.next += missed * refresh.interval;
    try {
      this.#pan = new CryptoPan(refresh.read());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      refresh.warn(`the key stays as it was: ${reason}`);
    }
    return this.#pan;
  }
}

/** Replaces the addresses of one field. Whether there is a new key is asked once a batch. */
export class AnonymizeAction implements RowAction {
  readonly reads: readonly FlowFieldName[];
  readonly writes: readonly FlowFieldName[];
  readonly #field: "srcaddr" | "dstaddr";
  readonly #anonymizer: Anonymizer;

  constructor(field: "srcaddr" | "dstaddr", anonymizer: Anonymizer) {
    this.reads = [field];
    this.writes = [field];
    this.#field = field;
    this.#anonymizer = anonymizer;
  }

  run(batch: FlowBatch, rows: Uint32Array, count: number): void {
    const column = batch.column(this.#field);
    const pan = this.#anonymizer.current();
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      column[row] = pan.anonymize(column[row]);
    }
  }
}
