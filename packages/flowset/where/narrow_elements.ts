import {
  FlowAttributeError,
  type FlowBatch,
  type FlowFieldName,
  type RecordValue,
} from "@flowtools/flow-model";
import type { RowTest } from "../filter/narrow.ts";

/** Whether a value of an element passes. */
export type ValueTest = (value: RecordValue) => boolean;

/** Reads elements of the rows of a batch by their names, out of the octets of records. */
export class ElementValues {
  readonly #batch: FlowBatch;
  /** For each shape, the first of the names that its records have. */
  readonly #names: readonly (string | undefined)[];

  /**
   * @param batch The flows; where records have an element, it must keep their octets
   * @param names The elements, of which the first that a record has counts
   * @throws {FlowAttributeError} The batch keeps no octets
   */
  constructor(batch: FlowBatch, names: readonly string[]) {
    this.#batch = batch;
    this.#names = batch.schemas.map(({ reader }) =>
      names.find((name) => reader?.names.includes(name))
    );
    if (batch.octets === undefined && this.#names.some((name) => name !== undefined)) {
      throw new FlowAttributeError(names[0], "the batch keeps no octets of records");
    }
  }

  /** Whether no row has any. */
  get none(): boolean {
    return this.#names.every((name) => name === undefined);
  }

  /** The value of a row; nothing where its record has none. */
  read(row: number): RecordValue | undefined {
    const { octets, schemaOf, schemas } = this.#batch;
    const name = this.#names[schemaOf[row]];
    const record = name === undefined ? undefined : octets?.read(row);
    if (name === undefined || record === undefined) return undefined;
    return schemas[schemaOf[row]].reader?.read(record, name);
  }
}

/** Passes the rows whose records have one of some elements, with a value that passes. */
export class ElementTest implements RowTest {
  readonly fields: readonly FlowFieldName[] = [];
  readonly #names: readonly string[];
  readonly #passes: ValueTest;

  /**
   * @param names The elements, of which the first that a record has counts
   * @param passes What is asked of its value
   */
  constructor(names: readonly string[], passes: ValueTest) {
    this.#names = names;
    this.#passes = passes;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const values = new ElementValues(batch, this.#names);
    if (values.none) return 0;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const value = values.read(rows[i]);
      if (value !== undefined && this.#passesSome(value)) rows[kept++] = rows[i];
    }
    return kept;
  }

  /** An element that stands in a record more than once passes where one of its values does. */
  #passesSome(value: RecordValue): boolean {
    return Array.isArray(value) ? value.some(this.#passes) : this.#passes(value);
  }
}

/** Whether octets are wanted ones, or these and zeros: text in fixed fields is padded so. */
export function holdsOctets(value: Uint8Array, wanted: Uint8Array): boolean {
  if (value.length < wanted.length) return false;
  for (let at = 0; at < value.length; at++) if (value[at] !== (wanted[at] ?? 0)) return false;
  return true;
}
