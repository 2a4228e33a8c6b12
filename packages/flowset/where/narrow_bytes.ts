import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import type { RowTest } from "../filter/narrow.ts";
import { holdsOctets } from "./narrow_elements.ts";

/** Passes the rows whose octets, padding at the end aside, are given ones. */
export class BytesTest implements RowTest {
  readonly fields: readonly FlowFieldName[] = [];
  readonly #element: string;
  readonly #wanted: readonly Uint8Array[];

  constructor(element: string, wanted: readonly Uint8Array[]) {
    this.#element = element;
    this.#wanted = wanted;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const column = batch.extra(this.#element);
    if (!Array.isArray(column)) return 0;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const value = column[rows[i]];
      if (value !== undefined && this.#isWanted(value)) rows[kept++] = rows[i];
    }
    return kept;
  }

  #isWanted(value: Uint8Array): boolean {
    for (let at = 0; at < this.#wanted.length; at++) {
      if (holdsOctets(value, this.#wanted[at])) return true;
    }
    return false;
  }
}
