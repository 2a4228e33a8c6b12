import type { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import type { ElementRegistry } from "../elements/registry.ts";
import { ColumnShape } from "./encode_columns.ts";
import { RecordShapes } from "./encode_records.ts";
import type { RowShape } from "./encode_shape.ts";
import { RowTraits } from "./encode_traits.ts";
import { type SchemaTemplate, templateOf } from "./record_reader.ts";

/** What shapes of rows are chosen by. */
export interface RowShapesInit {
  /** Export version to write. */
  readonly version: 9 | 10;
  /** Known elements. */
  readonly elements: ElementRegistry;
  /** Whether records tell the exporter of rows. */
  readonly exporters: boolean;
  /** Whether records are written from octets where the rows have them. */
  readonly octets: boolean;
}

/** The shapes of the rows of one schema in one batch. */
interface SchemaShapes {
  readonly schema: FlowSchema;
  readonly origin: SchemaTemplate | undefined;
  readonly records: RecordShapes | undefined;
  readonly mask: number;
  readonly columns: Map<number, ColumnShape>;
}

/** Chooses how rows are written: by the template that they came with, or by their columns. */
export class RowShapes {
  readonly #init: RowShapesInit;
  readonly #traits: RowTraits;
  readonly #known = new WeakMap<FlowBatch, WeakMap<FlowSchema, SchemaShapes>>();
  #batch: FlowBatch | undefined;
  #from = 0;
  #schemas = new WeakMap<FlowSchema, SchemaShapes>();
  #last: SchemaShapes | undefined;
  #checked: RowShape | undefined;

  /** @param init What to write */
  constructor(init: RowShapesInit) {
    this.#init = init;
    this.#traits = new RowTraits(init.exporters);
  }

  /**
   * Sets the batch.
   *
   * @param batch The rows
   * @param from The first row that is written
   */
  begin(batch: FlowBatch, from: number): void {
    this.#batch = batch;
    this.#from = from;
    this.#checked = undefined;
    this.#last = undefined;
    this.#traits.begin(batch);
    let schemas = this.#known.get(batch);
    if (schemas === undefined) this.#known.set(batch, schemas = new WeakMap());
    this.#schemas = schemas;
  }

  /** How a row was sampled: one packet in so many. */
  rate(row: number): number {
    return this.#traits.rate(row);
  }

  /**
   * How a row is written.
   *
   * @param row The row
   * @returns Its shape; `undefined` where it is in the record of the row before
   * @throws {FlowAttributeError} The batch does not keep a column that the record needs
   */
  of(row: number): RowShape | undefined {
    const batch = this.#batch!;
    const schema = batch.schemas[batch.schemaOf[row]];
    if (this.#last?.schema !== schema) this.#last = this.#schemaShapes(batch, schema);
    const known = this.#last;
    const traits = this.#traits.of(row) & known.mask;
    const { records, origin } = known;
    const octets = records === undefined ? undefined : batch.octets?.read(row);
    if (records !== undefined && octets !== undefined) {
      if (origin?.reverse !== true) return this.#check(records.shape(batch, row, traits));
      if (this.#isInRowBefore(batch, row, octets, origin)) return undefined;
    }
    let shape = known.columns.get(traits);
    if (shape === undefined) {
      const { version, elements } = this.#init;
      shape = new ColumnShape({ version, schema, traits, batch, elements });
      known.columns.set(traits, shape);
    }
    return this.#check(shape);
  }

  /** What is not kept would be sent as 0: that is a mistake of the caller. */
  #check(shape: RowShape): RowShape {
    if (shape === this.#checked) return shape;
    for (const name of shape.requires) this.#batch!.column(name);
    return this.#checked = shape;
  }

  /** Whether the record of a row that goes back was written with the row that goes there. */
  #isInRowBefore(
    batch: FlowBatch,
    row: number,
    octets: Uint8Array,
    { template }: SchemaTemplate,
  ): boolean {
    if (row <= this.#from) return false;
    const before = templateOf(batch.schemas[batch.schemaOf[row - 1]]);
    const others = batch.octets?.read(row - 1);
    return before?.template === template && !before.reverse && others !== undefined &&
      others.length === octets.length && others.every((octet, index) => octet === octets[index]);
  }

  #schemaShapes(batch: FlowBatch, schema: FlowSchema): SchemaShapes {
    let known = this.#schemas.get(schema);
    if (known === undefined) {
      const origin = templateOf(schema);
      const from = schema.version;
      const { version: to, elements, octets } = this.#init;
      const byOctets = octets && batch.octets !== undefined && (from === 9 || from === 10);
      const records = origin === undefined || !byOctets
        ? undefined
        : new RecordShapes({ schema, origin, from, to, elements });
      known = { schema, origin, records, mask: this.#traits.mask(schema), columns: new Map() };
      this.#schemas.set(schema, known);
    }
    return known;
  }
}
