import {
  countLost,
  fieldIndex,
  FLOW_FIELDS,
  type FlowBatch,
  type FlowFieldName,
  type FlowSchema,
  SAMPLING_COLUMN,
} from "@flowtools/flow-model";
import type { ElementRegistry } from "../elements/registry.ts";
import type { ClockNeed } from "./encode_clock.ts";
import { SAMPLER_OCTETS, setMilliseconds, writeUptime } from "./encode_columns.ts";
import { ADDED_ELEMENTS, columnElements, MOMENT_FIELDS, type WireField } from "./encode_fields.ts";
import {
  defineTemplate,
  type Definition,
  type EncodeSource,
  type RowShape,
} from "./encode_shape.ts";
import { hasExporter, isSampled, isWide } from "./encode_traits.ts";
import { type FieldTranslation, textOctets, translateFields } from "./encode_translate.ts";
import type { SchemaTemplate } from "./record_reader.ts";
import { SAMPLING_ELEMENTS } from "./sampling.ts";
import { RecordFields, type Template, VARIABLE_LENGTH } from "./template.ts";

/** Elements that count from the start of the exporter, and from the clock of their packet. */
const UPTIMES: ReadonlySet<number> = new Set([21, 22]);
const DELTAS: ReadonlySet<number> = new Set([158, 159]);
/** Elements that tell the rate of sampling themselves. */
const RATES: ReadonlySet<number> = new Set([
  SAMPLING_ELEMENTS.samplingInterval,
  SAMPLING_ELEMENTS.flowSamplerRandomInterval,
  SAMPLING_ELEMENTS.samplingPacketInterval,
  SAMPLING_ELEMENTS.samplingSize,
  SAMPLING_ELEMENTS.samplingProbability,
]);
const EXADDR = fieldIndex("exaddr");
const { flowSamplerId, selectorId, systemInitTimeMilliseconds } = ADDED_ELEMENTS;

/** What is written behind the octets of a record. */
interface Addition {
  readonly field: WireField;
  run(source: EncodeSource, row: number, view: DataView, offset: number): void;
}

/** What records of a template are written with. */
export interface RecordShapesInit {
  /** The columns of the rows. */
  readonly schema: FlowSchema;
  /** The shape of the records as they came. */
  readonly origin: SchemaTemplate;
  /** Export version that they came in. */
  readonly from: 9 | 10;
  /** Export version to write. */
  readonly to: 9 | 10;
  /** Known elements. */
  readonly elements: ElementRegistry;
}

/** Shapes of rows that are written from the octets of their records. */
export class RecordShapes {
  readonly #init: RecordShapesInit;
  readonly #translations: readonly FieldTranslation[];
  /** Whether octets can be copied as they are. */
  readonly #whole: boolean;
  /** Whether the width of some field differs from record to record, and may not. */
  readonly #narrows: boolean;
  readonly #fields = new RecordFields();
  readonly #shapes = new Map<string, RecordShape>();

  /** @param init The template and the versions */
  constructor(init: RecordShapesInit) {
    const { origin, from, to, elements } = init;
    this.#init = init;
    this.#translations = translateFields(origin.template, from, to, elements);
    this.#narrows = this.#translations.some(({ kind }) => kind === "text" || kind === "exact");
    this.#whole = this.#translations.every(({ kind }) => kind === "copy");
  }

  /**
   * The shape of a row.
   *
   * @param batch The rows
   * @param row The row
   * @param traits What differs from row to row
   */
  shape(batch: FlowBatch, row: number, traits: number): RowShape {
    const widths = this.#narrows ? this.#widths(batch, row) : NO_WIDTHS;
    // Of the addresses only the exporter's matters here.
    const bits = (isSampled(traits) ? 1 : 0) |
      (hasExporter(traits) ? isWide(traits, EXADDR) ? 4 : 2 : 0);
    const key = `${bits} ${widths.join()}`;
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      if (this.#shapes.size >= SHAPES_MAX) this.#shapes.clear();
      shape = new RecordShape(this.#init, {
        translations: this.#whole ? undefined : this.#translations,
        fields: this.#wireFields(widths),
        additions: additionsOf(this.#init, traits),
      });
      this.#shapes.set(key, shape);
    }
    return shape;
  }

  /** The octets that fields of variable length take in NetFlow v9, in the order of the fields. */
  #widths(batch: FlowBatch, row: number): number[] {
    const octets = batch.octets!.read(row)!;
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    this.#fields.locate(this.#init.origin.template, view, 0, octets.length);
    return this.#translations.map(({ kind, index, field }) => {
      if (field === undefined) return 0;
      const length = this.#fields.lengths[index];
      return kind === "text" ? textOctets(length) : kind === "exact" ? length : field.length;
    });
  }

  #wireFields(widths: readonly number[]): (WireField | undefined)[] {
    return this.#translations.map(({ kind, field }, at) => {
      if (kind === "copy" || kind === "moment" || field === undefined) return field;
      return widths[at] === 0 ? undefined : { ...field, length: widths[at] };
    });
  }
}

const NO_WIDTHS: readonly number[] = [];

/** Shapes of one template at a time: more are made anew, which costs time alone. */
const SHAPES_MAX = 256;

function additionsOf({ origin, from, to }: RecordShapesInit, traits: number): Addition[] {
  const { template } = origin;
  const has = (ids: ReadonlySet<number>) => hasElement(template, ids);
  const additions: Addition[] = [];
  if (from === 9 && to === 10 && has(UPTIMES) && !has(new Set([systemInitTimeMilliseconds]))) {
    additions.push(BOOT);
  }
  const exporter = columnElements(EXADDR);
  if (exporter !== undefined && hasExporter(traits)) {
    const { narrow, wide } = exporter;
    if (!has(new Set([narrow, wide]))) {
      additions.push(isWide(traits, EXADDR) ? wideExporter(wide) : narrowExporter(narrow));
    }
  }
  // A selector that records name themselves counts before any other: they tell the rate beside it.
  if (isSampled(traits) && !has(RATES) && has(new Set([selectorId]))) additions.push(INTERVAL);
  else if (isSampled(traits) && !has(RATES)) {
    const usual = to === 9 ? flowSamplerId : selectorId;
    additions.push(sampler(has(new Set([flowSamplerId])) ? selectorId : usual));
  }
  return additions;
}

/** Whether records have one of some elements of IANA. */
function hasElement({ fields }: Template, ids: ReadonlySet<number>): boolean {
  return fields.some(({ enterprise, id, length }) => enterprise === 0 && ids.has(id) && length > 0);
}

const BOOT: Addition = {
  field: { enterprise: 0, id: systemInitTimeMilliseconds, length: 8 },
  run: ({ clocks, lost }, row, view, offset) => {
    const ms = clocks.bootMs(row);
    if (ms < 0) countLost(lost, "sysUpTime", 1);
    setMilliseconds(view, offset, Math.max(0, ms));
  },
};

const INTERVAL: Addition = {
  field: { enterprise: 0, id: SAMPLING_ELEMENTS.samplingInterval, length: 4 },
  run: ({ batch }, row, view, offset) => {
    view.setUint32(offset, (batch.extra(SAMPLING_COLUMN) as Uint32Array)[row]);
  },
};

const narrowExporter = (id: number): Addition => ({
  field: { enterprise: 0, id, length: 4 },
  run: ({ batch }, row, view, offset) => {
    view.setUint32(offset, (batch.columnAt(EXADDR) as Uint32Array)[row]);
  },
});

const wideExporter = (id: number): Addition => ({
  field: { enterprise: 0, id, length: 16 },
  run: ({ batch }, row, view, offset) => {
    const address = batch.wide(EXADDR)!.subarray(row * 16, row * 16 + 16);
    new Uint8Array(view.buffer, view.byteOffset + offset, 16).set(address);
  },
});

const sampler = (id: number): Addition => ({
  field: { enterprise: 0, id, length: SAMPLER_OCTETS },
  run: ({ sampler }, _row, view, offset) => view.setUint16(offset, sampler),
});

/** How the records are laid out. */
interface RecordPlan {
  /** How fields are translated; `undefined` where the octets are copied as they are. */
  readonly translations: readonly FieldTranslation[] | undefined;
  /** For each of them, the field to be sent; `undefined` where there is none. */
  readonly fields: readonly (WireField | undefined)[];
  readonly additions: readonly Addition[];
}

/** What records need of the clock of their packet. */
function needOf(
  deltas: boolean,
  uptimes: Pick<RecordShapesInit, "from" | "to"> | undefined,
): ClockNeed {
  if (deltas || (uptimes?.from === 9 && uptimes.to === 9)) return "header";
  if (uptimes === undefined) return "near";
  return uptimes.to === 9 ? "moments" : "boot";
}

/** Rows written from the octets of their records. */
class RecordShape implements RowShape {
  readonly definition: Definition;
  readonly need: ClockNeed;
  readonly moments: readonly number[];
  readonly requires: readonly FlowFieldName[];
  readonly fixed: boolean;
  readonly needsBoot: boolean;
  readonly lists: SchemaTemplate | undefined;
  readonly samplerElement: number;
  readonly #template: Template;
  readonly #plan: RecordPlan;
  readonly #added: number;
  readonly #octets: number;
  readonly #located = new RecordFields();

  constructor({ schema, origin, from, to }: RecordShapesInit, plan: RecordPlan) {
    const { additions } = plan;
    const { template } = origin;
    this.#template = template;
    this.#plan = plan;
    const own = plan.fields.filter((field) => field !== undefined);
    const fields = [...own, ...additions.map(({ field }) => field)];
    this.definition = defineTemplate(fields, { preferredId: template.id });
    this.lists = to === 10 && template.hasLists ? origin : undefined;
    // Each record with lists may refer to other templates.
    this.fixed = this.lists === undefined && own.every(({ length }) => length !== VARIABLE_LENGTH);
    this.#added = additions.reduce((sum, { field }) => sum + field.length, 0);
    this.#octets = fields.reduce((sum, { length }) => sum + length, 0);
    const added = additions.map(({ field }) => field.id);
    this.samplerElement = added.find((id) => id === flowSamplerId || id === selectorId) ?? 0;
    const booted = hasElement(template, new Set([systemInitTimeMilliseconds]));
    const uptimes = hasElement(template, UPTIMES);
    this.needsBoot = uptimes && from === 10 && to === 10 && !booted;
    this.need = needOf(hasElement(template, DELTAS), uptimes ? { from, to } : undefined);
    this.moments = MOMENT_FIELDS.filter((field) => schema.present[field] === 1);
    const clock: readonly FlowFieldName[] = this.need === "near" ? [] : ["unix_secs", "sysUpTime"];
    const moments = (plan.translations ?? []).flatMap(({ column }) =>
      column === undefined ? [] : [FLOW_FIELDS[column].name]
    );
    this.requires = [...clock, ...moments];
  }

  octets(batch: FlowBatch, row: number): number {
    return this.fixed ? this.#octets : batch.octets!.read(row)!.length + this.#added;
  }

  write(source: EncodeSource, row: number, count: number, view: DataView, offset: number): void {
    const { additions } = this.#plan;
    for (let at = offset, i = row; i < row + count; i++) {
      at = this.#writeOwn(source, i, view, at);
      for (let addition = 0; addition < additions.length; addition++) {
        additions[addition].run(source, i, view, at);
        at += additions[addition].field.length;
      }
    }
  }

  #writeOwn(source: EncodeSource, row: number, view: DataView, offset: number): number {
    const { batch, lost } = source;
    const octets = batch.octets!.read(row)!;
    const target = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const { translations, fields } = this.#plan;
    if (translations === undefined) {
      target.set(octets, offset);
      return offset + octets.length;
    }
    const located = this.#located;
    const from = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    located.locate(this.#template, from, 0, octets.length);
    let at = offset;
    for (let i = 0; i < translations.length; i++) {
      const { index, name, column } = translations[i];
      const length = located.lengths[index];
      const width = fields[i]?.length ?? 0;
      if (column !== undefined) {
        writeUptime(source, column, row, view, at);
        at += width;
        continue;
      }
      if (length > width) countLost(lost, name, 1);
      const kept = Math.min(length, width);
      const start = located.offsets[index];
      target.set(octets.subarray(start, start + kept), at);
      target.fill(0, at + kept, at + width);
      at += width;
    }
    return at;
  }
}
