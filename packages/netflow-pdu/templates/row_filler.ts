import {
  fieldIndex,
  FLOW_FIELDS,
  type FlowBatch,
  type FlowFieldName,
  FlowSchema,
  type NumberColumn,
  SAMPLING_COLUMN,
} from "@flowtools/flow-model";
import { type ChosenColumns, uptimeField, usesUptime } from "./choose_columns.ts";
import { makeExtraStep, makeSteps, type Step } from "./column_steps.ts";
import type { FactOrigin } from "./fact_origin.ts";
import type { LocatedRecords } from "./located_records.ts";
import { readNumber } from "./number.ts";
import { type Moment, type PacketFacts, UPTIME_UNKNOWN } from "./packet_facts.ts";
import { readerOf } from "./record_reader.ts";
import { SamplingStep } from "./sampling.ts";
import type { ListContext } from "./structured.ts";
import type { Template } from "./template.ts";

/** A column that all records of a packet share, or lack. */
interface Constant {
  readonly column: NumberColumn;
  readonly field: number;
}

const UNIX_SECS = fieldIndex("unix_secs");
const SYS_UPTIME = fieldIndex("sysUpTime");
const EXADDR = fieldIndex("exaddr");
const FIRST = fieldIndex("first");
const SHARED: readonly FlowFieldName[] = ["unix_secs", "unix_nsecs", "sysUpTime", "exaddr"];

/** What a filler is made from. */
export interface RowFillerInit {
  /** The shape of the records. */
  readonly template: Template;
  /** Where the rows go. */
  readonly batch: FlowBatch;
  /** Export version. */
  readonly version: number;
  /** Which fields fill which columns. */
  readonly chosen: ChosenColumns;
  /** What lists of records are taken apart with. */
  readonly lists: ListContext;
  /** What knows the names that go with the records. */
  readonly origin: FactOrigin;
  /** Whether rows are what goes back, beside those of another filler. */
  readonly reverse?: boolean;
}

/** Makes rows of a batch from records of a template. */
export class RowFiller {
  readonly #template: Template;
  readonly #batch: FlowBatch;
  readonly #schema: FlowSchema;
  readonly #steps: readonly Step[];
  readonly #constants: readonly Constant[];
  readonly #moment: Moment = { sentMs: 0, sysUpTime: 0 };
  /** The field whose uptime shows when the exporter started, where nothing else does; or -1. */
  readonly #uptimeField: number;
  /** Whether the times of records are uptimes, which the packet's must be comparable with. */
  readonly #usesUptime: boolean;
  readonly #sampling: SamplingStep | undefined;

  /** @param init Records, rows, and which field goes where */
  constructor(init: RowFillerInit) {
    const { template, batch, version, chosen } = init;
    this.#template = template;
    this.#batch = batch;
    this.#schema = schemaOf(init);
    const filled = new Set<number>();
    this.#steps = [
      ...canonicalSteps(batch, chosen, this.#moment, filled),
      ...extraSteps(template, batch, this.#schema),
    ];
    this.#usesUptime = usesUptime(chosen);
    this.#uptimeField = version === 10 && !chosen.has("sysUpTime") ? uptimeField(chosen) : -1;
    const rates = batch.extra(SAMPLING_COLUMN);
    this.#sampling = rates === undefined || Array.isArray(rates)
      ? undefined
      : new SamplingStep(template, rates, chosen.get("input")?.[0].index ?? -1);
    this.#constants = batch.columns.map(fieldIndex).filter((field) => !filled.has(field))
      .map((field) => ({ field, column: batch.columnAt(field) as NumberColumn }));
  }

  /**
   * Appends records of fixed length that lie behind one another.
   *
   * @param view Octets that hold them
   * @param from Where the first starts
   * @param count Records; the batch has room for them
   * @param facts What their packet tells
   */
  appendFixed(view: DataView, from: number, count: number, facts: PacketFacts): void {
    const { minOctets: stride, offsets, lengths } = this.#template;
    const uptime = this.#uptimeField;
    if (uptime >= 0) {
      this.#setMoment(facts, latest(view, from + offsets[uptime], stride, lengths[uptime], count));
    } else {
      this.#setMoment(facts, 0);
    }
    const at = this.#begin(count, facts);
    if (this.#sampling !== undefined && !this.#sampling.fill(at, count, facts.domain)) {
      for (let row = 0; row < count; row++) {
        const base = from + row * stride;
        this.#sampling.run(at + row, facts.domain, view, offsets, lengths, base);
      }
    }
    for (let i = 0; i < this.#steps.length; i++) {
      const step = this.#steps[i];
      const { index } = step;
      step.run(at, count, view, from + offsets[index], stride, lengths[index]);
    }
    this.#batch.octets?.store(at, count, view, from, stride);
  }

  /**
   * Appends records that were located.
   *
   * @param view Octets that hold them
   * @param records Where they are
   * @param facts What their packet tells
   */
  appendLocated(view: DataView, records: LocatedRecords, facts: PacketFacts): void {
    const { count, fields, offsets, lengths, starts } = records;
    const uptime = this.#uptimeField;
    let latest = 0;
    for (let at = uptime; uptime >= 0 && at < count * fields; at += fields) {
      latest = Math.max(latest, readNumber(view, offsets[at], lengths[at]));
    }
    this.#setMoment(facts, latest);
    const at = this.#begin(count, facts);
    if (this.#sampling !== undefined && !this.#sampling.fill(at, count, facts.domain)) {
      for (let row = 0; row < count; row++) {
        const from = row * fields;
        const own = [offsets, lengths].map((all) => all.subarray(from, from + fields));
        this.#sampling.run(at + row, facts.domain, view, own[0], own[1], 0);
      }
    }
    for (let i = 0; i < this.#steps.length; i++) {
      const step = this.#steps[i];
      for (let row = 0, index = step.index; row < count; row++, index += fields) {
        step.run(at + row, 1, view, offsets[index], 0, lengths[index]);
      }
    }
    const { octets } = this.#batch;
    for (let row = 0; octets !== undefined && row < count; row++) {
      octets.store(at + row, 1, view, starts[row], starts[row + 1] - starts[row]);
    }
  }

  /** Notes when the packet was sent. */
  #setMoment(facts: PacketFacts, uptime: number): void {
    const moment = this.#moment;
    moment.sentMs = facts.unixSecs * 1000;
    if (this.#uptimeField >= 0) {
      // Of a packet that tells no uptime, those at the ends of its flows show it.
      moment.sysUpTime = (moment.sentMs - facts.domain.guessBoot(moment.sentMs, uptime)) % 2 ** 32;
    } else {
      // An uptime of 0 is none: moments before it could not be told.
      const known = this.#usesUptime || facts.sysUpTime > 0;
      moment.sysUpTime = known ? facts.sysUpTime : UPTIME_UNKNOWN;
    }
  }

  /** Takes rows and fills in what the records do not tell. */
  #begin(count: number, facts: PacketFacts): number {
    const at = this.#batch.takeRows(this.#schema, count);
    for (let i = 0; i < this.#constants.length; i++) {
      const { column, field } = this.#constants[i];
      const value = this.#shared(field, facts);
      if (typeof value === "number") {
        column.fill(value, at, at + count);
        this.#batch.family(field)?.fill(4, at, at + count);
      } else {
        const { families, wide } = this.#batch.widen(field);
        column.fill(0, at, at + count);
        families.fill(6, at, at + count);
        for (let row = at; row < at + count; row++) wide.set(value, row * 16);
      }
    }
    return at;
  }

  #shared(field: number, facts: PacketFacts): number | Uint8Array {
    if (field === UNIX_SECS) return facts.unixSecs;
    if (field === SYS_UPTIME) return this.#moment.sysUpTime;
    return field === EXADDR ? facts.exporter : 0;
  }
}

/** The highest value of a field. */
function latest(
  view: DataView,
  from: number,
  stride: number,
  length: number,
  count: number,
): number {
  let highest = 0;
  for (let row = 0, offset = from; row < count; row++, offset += stride) {
    highest = Math.max(highest, readNumber(view, offset, length));
  }
  return highest;
}

function schemaOf(
  { template, batch, version, chosen, lists, origin, reverse }: RowFillerInit,
): FlowSchema {
  const mapped = new Set([...chosen.values()].flat().map(({ index }) => index));
  const extras = template.fields.filter((_, index) => !mapped.has(index)).map(({ name }) => name);
  if (batch.extra(SAMPLING_COLUMN) !== undefined) extras.push(SAMPLING_COLUMN);
  return new FlowSchema({
    version,
    fields: [...SHARED, ...chosen.keys()],
    extras: [...new Set(extras)],
    reader: readerOf(template, reverse, lists, origin),
  });
}

/** The steps that fill canonical columns; the indexes of those are put into `filled`. */
function canonicalSteps(
  batch: FlowBatch,
  chosen: ChosenColumns,
  moment: Moment,
  filled: Set<number>,
): Step[] {
  const starts = batch.columnAt(FIRST) as NumberColumn | undefined ??
    (needsStarts(batch, chosen) ? startsOf(batch) : undefined);
  const steps: Step[] = [];
  // Ends may be told as lengths, so that starts must be there before them.
  const columns = [...chosen].toSorted(([a], [b]) => Number(b === "first") - Number(a === "first"));
  for (const [name, sources] of columns) {
    const field = fieldIndex(name);
    const kept = batch.columnAt(field) as NumberColumn | undefined;
    const column = kept ?? (name === "first" ? starts : undefined);
    if (column === undefined) continue;
    const { kind } = FLOW_FIELDS[field];
    const made = makeSteps({ field, kind, column, batch, moment, starts }, sources);
    if (made.length > 0) filled.add(field);
    steps.push(...made);
  }
  return steps;
}

const STARTS = new WeakMap<FlowBatch, Uint32Array>();

/** Starts of flows for a batch that does not keep them; one for all templates. */
function startsOf(batch: FlowBatch): Uint32Array {
  let starts = STARTS.get(batch);
  if (starts === undefined) STARTS.set(batch, starts = new Uint32Array(batch.capacity));
  return starts;
}

/** Whether ends of flows are told as lengths, and the batch keeps them but not the starts. */
function needsStarts(batch: FlowBatch, chosen: ChosenColumns): boolean {
  return batch.hasColumn("last") &&
    chosen.get("last")?.[0].conversion.startsWith("duration") === true;
}

/** Fills the further columns that the batch keeps from the elements that they are for. */
function extraSteps(template: Template, batch: FlowBatch, schema: FlowSchema): Step[] {
  return batch.extras.flatMap(({ name, element = name }) => {
    // What a canonical column has is in no further one.
    if (!schema.extras.includes(element)) return [];
    const index = template.fields.findIndex((field) => field.name === element);
    // The sampling rate is no field: it is found out.
    if (index < 0) return [];
    return [makeExtraStep(index, batch.extra(name)!, template.fields[index].length)];
  });
}
