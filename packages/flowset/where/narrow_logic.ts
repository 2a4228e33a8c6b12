import type { FlowBatch, FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import { keepMarked } from "../filter/keep_marked.ts";
import type { RowTest } from "../filter/narrow.ts";

/** The fields of tests, each once. */
function fieldsOf(tests: readonly RowTest[]): FlowFieldName[] {
  return [...new Set(tests.flatMap(({ fields }) => fields))];
}

/** Passes all rows, or none. */
export class ConstantTest implements RowTest {
  readonly fields: readonly FlowFieldName[] = [];
  readonly #passes: boolean;

  constructor(passes: boolean) {
    this.#passes = passes;
  }

  narrow(_batch: FlowBatch, _rows: Uint32Array, count: number): number {
    return this.#passes ? count : 0;
  }
}

/** Passes the rows that pass every one of several tests. */
export class AndTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #tests: readonly RowTest[];

  constructor(tests: readonly RowTest[]) {
    this.#tests = tests;
    this.fields = fieldsOf(tests);
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    let left = count;
    for (let i = 0; i < this.#tests.length && left > 0; i++) {
      left = this.#tests[i].narrow(batch, rows, left);
    }
    return left;
  }
}

/**
 * Rows of a batch that are marked while a selection is worked on; the memory is used again. Tests
 * that hold one of these within each other have one each.
 */
class Marks {
  #marks = new Uint8Array(0);
  #rows = new Uint32Array(0);

  /** No row is marked. */
  clear(batch: FlowBatch): Uint8Array {
    if (this.#marks.length < batch.capacity) {
      this.#marks = new Uint8Array(batch.capacity);
      this.#rows = new Uint32Array(batch.capacity);
    }
    return this.#marks.fill(0, 0, batch.length);
  }

  /** Room for a selection. */
  get rows(): Uint32Array {
    return this.#rows;
  }
}

/** Passes the rows that pass one of several tests; a row that passed one is not asked again. */
export class OrTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #tests: readonly RowTest[];
  readonly #marks = new Marks();
  #open = new Uint32Array(0);

  constructor(tests: readonly RowTest[]) {
    this.#tests = tests;
    this.fields = fieldsOf(tests);
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const marks = this.#marks.clear(batch);
    const hits = this.#marks.rows;
    if (this.#open.length < batch.capacity) this.#open = new Uint32Array(batch.capacity);
    let open = rows;
    let left = count;
    for (let i = 0; i < this.#tests.length && left > 0; i++) {
      hits.set(open.subarray(0, left));
      const passed = this.#tests[i].narrow(batch, hits, left);
      for (let hit = 0; hit < passed; hit++) marks[hits[hit]] = 1;
      if (i === this.#tests.length - 1) break;
      left = keepMarked(open, left, marks, 0, this.#open);
      open = this.#open;
    }
    return keepMarked(rows, count, marks, 1, rows);
  }
}

/** Passes the rows that fail a test. */
export class NotTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #test: RowTest;
  readonly #marks = new Marks();

  constructor(test: RowTest) {
    this.#test = test;
    this.fields = test.fields;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const marks = this.#marks.clear(batch);
    const hits = this.#marks.rows;
    hits.set(rows.subarray(0, count));
    const passed = this.#test.narrow(batch, hits, count);
    for (let hit = 0; hit < passed; hit++) marks[hits[hit]] = 1;
    return keepMarked(rows, count, marks, 0, rows);
  }
}

/** Passes the rows whose shape is one of those that a function picks. */
export class SchemaTest implements RowTest {
  readonly fields: readonly FlowFieldName[] = [];
  readonly #picks: (schema: FlowSchema) => boolean;

  constructor(picks: (schema: FlowSchema) => boolean) {
    this.#picks = picks;
  }

  narrow({ schemas, schemaOf }: FlowBatch, rows: Uint32Array, count: number): number {
    const marks = Uint8Array.from(schemas, (schema) => this.#picks(schema) ? 1 : 0);
    if (!marks.includes(0)) return count;
    if (!marks.includes(1)) return 0;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      rows[kept] = row;
      kept += marks[schemaOf[row]];
    }
    return kept;
  }
}

/** Passes the rows that have the fields of a test and pass it: what is not there is not 0. */
export class PresentTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  /** Everything that rows must have: canonical fields and further columns. */
  readonly needs: readonly string[];
  readonly #test: RowTest;
  readonly #present: SchemaTest;

  constructor(test: RowTest, needs: readonly string[] = test.fields) {
    this.fields = test.fields;
    this.needs = needs;
    this.#test = test;
    this.#present = new SchemaTest((schema) => needs.every((name) => schema.has(name)));
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const left = this.#present.narrow(batch, rows, count);
    return left === 0 ? 0 : this.#test.narrow(batch, rows, left);
  }
}

/**
 * Passes the rows where one of two fields passes; where all rows have both, one loop asks both.
 */
export class EitherTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #each: OrTest;
  readonly #both: RowTest;

  constructor(each: readonly PresentTest[], both: RowTest) {
    this.#each = new OrTest(each);
    this.#both = both;
    this.fields = this.#each.fields;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const present = batch.schemas.every((schema) => this.fields.every((name) => schema.has(name)));
    const wide = this.fields.some((name) => batch.family(name) !== undefined);
    return (present && !wide ? this.#both : this.#each).narrow(batch, rows, count);
  }
}
