import {
  countLost,
  fieldIndex,
  FLOW_FIELDS,
  type FlowBatch,
  type FlowFieldName,
  type FlowSchema,
  type NumberColumn,
  SAMPLING_COLUMN,
  type Store,
  storeLoop,
} from "@flowtools/flow-model";
import type { ElementRegistry } from "../elements/registry.ts";
import type { ClockNeed } from "./encode_clock.ts";
import {
  ADDED_ELEMENTS,
  COLUMN_OCTETS,
  columnElements,
  isClockColumn,
  MOMENT_FIELDS,
  momentField,
  v9Number,
  type WireField,
} from "./encode_fields.ts";
import { hasExporter, isSampled, isWide } from "./encode_traits.ts";
import {
  defineTemplate,
  type Definition,
  type EncodeSource,
  type RowShape,
} from "./encode_shape.ts";

/** Octets of the number of a sampler. */
export const SAMPLER_OCTETS = 2;
const WIDE_OCTETS = 16;

/** Writes one field of rows in a row. */
interface Step {
  readonly field: WireField;
  run(
    source: EncodeSource,
    row: number,
    count: number,
    view: DataView,
    offset: number,
    stride: number,
  ): void;
}

/** What shapes of columns are made from. */
export interface ColumnShapeInit {
  /** Export version to write. */
  readonly version: 9 | 10;
  /** Which columns the rows have. */
  readonly schema: FlowSchema;
  /** Families of their addresses, and what else differs from row to row. */
  readonly traits: number;
  /** The batch, for the further columns that it keeps. */
  readonly batch: FlowBatch;
  /** Finds elements by name. */
  readonly elements: ElementRegistry;
}

/** Rows written from their columns. */
export class ColumnShape implements RowShape {
  readonly definition: Definition;
  readonly need: ClockNeed;
  readonly moments: readonly number[];
  readonly requires: readonly FlowFieldName[];
  readonly fixed = true;
  readonly needsBoot = false;
  readonly lists = undefined;
  readonly samplerElement: number;
  readonly #octets: number;
  readonly #steps: readonly Step[];
  /** Columns that no element carries. */
  readonly #unheld: readonly number[];
  /** Further columns that no element carries, or that cannot be written. */
  readonly #unheldExtras: readonly string[];
  /** What the records had beyond the columns that the batch keeps. */
  readonly #notKept: readonly string[];

  /**
   * Makes a shape.
   *
   * @param init The columns
   */
  constructor(init: ColumnShapeInit) {
    const { version, schema, traits } = init;
    const steps: Step[] = [];
    const unheld: number[] = [];
    const moments: number[] = [];
    for (let index = 0; index < FLOW_FIELDS.length; index++) {
      const { name } = FLOW_FIELDS[index];
      if (schema.present[index] === 0 || isClockColumn(name)) continue;
      if (MOMENT_FIELDS.includes(index)) moments.push(index);
      else if (name === "exaddr" && !hasExporter(traits)) continue;
      else if (columnElements(index) === undefined) unheld.push(index);
      else steps.push(columnStep(init, index));
    }
    steps.push(...moments.map((index) => momentStep(index, version)));
    const extras = extraSteps(init);
    steps.push(...extras.steps);
    this.samplerElement = 0;
    if (isSampled(traits)) {
      const { selectorId, flowSamplerId } = ADDED_ELEMENTS;
      this.samplerElement = version === 9 ? flowSamplerId : selectorId;
      steps.push(samplerStep(this.samplerElement));
    }
    this.#steps = steps;
    this.#unheld = unheld;
    this.#unheldExtras = extras.unheld;
    this.#notKept = schema.extras.filter((name) =>
      name !== SAMPLING_COLUMN && init.batch.extra(name) === undefined
    );
    this.#octets = steps.reduce((sum, { field }) => sum + field.length, 0);
    this.definition = defineTemplate(steps.map(({ field }) => field));
    this.moments = moments;
    this.requires = schema.fields.filter((name) =>
      isClockColumn(name) ? moments.length > 0 : !unheld.includes(fieldIndex(name))
    ).filter((name) => name !== "exaddr");
    this.need = moments.length > 0 ? "moments" : "near";
  }

  octets(): number {
    return this.#octets;
  }

  write(source: EncodeSource, row: number, count: number, view: DataView, offset: number): void {
    const stride = this.#octets;
    let at = offset;
    for (let i = 0; i < this.#steps.length; i++) {
      const step = this.#steps[i];
      step.run(source, row, count, view, at, stride);
      at += step.field.length;
    }
    this.#countUnheld(source, row, count);
  }

  #countUnheld({ batch, lost }: EncodeSource, row: number, count: number): void {
    for (const index of this.#unheld) {
      const column = batch.columnAt(index);
      const values = column === undefined ? 0 : countValues(column, row, count);
      countLost(lost, FLOW_FIELDS[index].name, values);
    }
    for (const name of this.#notKept) countLost(lost, name, count);
    for (const name of this.#unheldExtras) {
      const column = batch.extra(name);
      countLost(lost, name, column === undefined ? 0 : countValues(column, row, count));
    }
  }
}

/** Values that say something: 0 is what columns hold for nothing. */
function countValues(
  column: NumberColumn | (Uint8Array | undefined)[],
  row: number,
  count: number,
): number {
  let values = 0;
  for (let i = row; i < row + count; i++) if (column[i]) values++;
  return values;
}

const SRC_ADDRESS = fieldIndex("srcaddr");
const DST_ADDRESS = fieldIndex("dstaddr");

function columnStep({ traits }: ColumnShapeInit, index: number): Step {
  const { name, kind } = FLOW_FIELDS[index];
  const elements = columnElements(index)!;
  const owner = name === "src_mask" ? SRC_ADDRESS : name === "dst_mask" ? DST_ADDRESS : index;
  const wide = isWide(traits, owner);
  const id = wide ? elements.wide : elements.narrow;
  if (kind === "address" && wide) {
    return { field: { enterprise: 0, id, length: WIDE_OCTETS }, run: wideRun(index) };
  }
  const length = COLUMN_OCTETS[kind];
  const store = storeLoop(kind, length)!;
  return {
    field: { enterprise: 0, id, length },
    run: ({ batch }, row, count, view, offset, stride) => {
      const column = batch.columnAt(index) as NumberColumn;
      store(column, row, view, offset, stride, count, false, 0);
    },
  };
}

function wideRun(index: number): Step["run"] {
  return ({ batch }, row, count, view, offset, stride) => {
    const wide = batch.wide(index)!;
    const octets = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let i = row; i < row + count; i++, offset += stride) {
      for (let octet = 0; octet < WIDE_OCTETS; octet++) {
        octets[offset + octet] = wide[i * WIDE_OCTETS + octet];
      }
    }
  };
}

function momentStep(index: number, version: 9 | 10): Step {
  const { name } = FLOW_FIELDS[index];
  return {
    field: momentField(index, version),
    run: version === 9
      ? (source, row, count, view, offset, stride) => {
        for (let i = row; i < row + count; i++, offset += stride) {
          writeUptime(source, index, i, view, offset);
        }
      }
      : ({ batch, clocks, lost }, row, count, view, offset, stride) => {
        const stamps = batch.columnAt(index) as Uint32Array;
        for (let i = row; i < row + count; i++, offset += stride) {
          const ms = clocks.unixMs(i, stamps[i]);
          if (ms < 0) countLost(lost, name, 1);
          setMilliseconds(view, offset, Math.max(0, ms));
        }
      },
  };
}

/** Writes a moment of a row as uptime of the packet, 4 octets. */
export function writeUptime(
  { batch, clock, lost }: EncodeSource,
  field: number,
  row: number,
  view: DataView,
  offset: number,
): void {
  const since = clock.since(row, (batch.columnAt(field) as Uint32Array)[row]);
  const fits = clock.fits(since);
  if (!fits) countLost(lost, FLOW_FIELDS[field].name, 1);
  // Modulo 2^32, as uptimes are.
  view.setUint32(offset, fits ? clock.sysUpTime + since : 0);
}

/** Writes Unix milliseconds, 8 octets. */
export function setMilliseconds(view: DataView, offset: number, ms: number): void {
  view.setUint32(offset, Math.floor(ms / 2 ** 32));
  view.setUint32(offset + 4, ms);
}

function samplerStep(id: number): Step {
  return {
    field: { enterprise: 0, id, length: SAMPLER_OCTETS },
    run: ({ sampler }, row, count, view, offset, stride) => {
      for (let i = row; i < row + count; i++, offset += stride) view.setUint16(offset, sampler);
    },
  };
}

/** Further columns that the batch keeps, by the elements of their names. */
function extraSteps({ batch, schema, version, elements }: ColumnShapeInit): {
  readonly steps: readonly Step[];
  readonly unheld: readonly string[];
} {
  const steps: Step[] = [];
  const unheld: string[] = [];
  for (const name of schema.extras) {
    const column = batch.extra(name);
    if (column === undefined || name === SAMPLING_COLUMN) continue;
    const element = elements.findName(name);
    const id = element === undefined
      ? undefined
      : version === 9
      ? v9Number(element.enterprise, element.id)
      : element.id;
    const loop = Array.isArray(column) ? undefined : columnLoop(column);
    if (element === undefined || id === undefined || loop === undefined) {
      unheld.push(name);
      continue;
    }
    const { store, length } = loop;
    steps.push({
      field: { enterprise: version === 9 ? 0 : element.enterprise, id, length },
      run: ({ batch }, row, count, view, offset, stride) => {
        const column = batch.extra(name) as NumberColumn;
        store(column, row, view, offset, stride, count, false, 0);
      },
    });
  }
  return { steps, unheld };
}

function columnLoop(column: NumberColumn): {
  readonly store: Store<NumberColumn>;
  readonly length: number;
} {
  const kind = column instanceof Uint8Array
    ? "u8"
    : column instanceof Uint16Array
    ? "u16"
    : column instanceof Uint32Array
    ? "u32"
    : "counter";
  const length = COLUMN_OCTETS[kind];
  return { store: storeLoop(kind, length)!, length };
}
