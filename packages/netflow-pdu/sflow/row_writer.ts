import {
  type Column,
  fieldIndex,
  FLOW_FIELDS,
  type FlowBatch,
  type FlowFieldName,
  FlowSchema,
  type RecordReader,
  SFLOW_VERSION,
} from "@flowtools/flow-model";
import type { PduHeader } from "../codec.ts";
import type { ExporterAddress } from "../exporter.ts";
import { SFLOW_COLUMNS, type SflowColumn } from "./further_columns.ts";
import { KNOWN } from "./known.ts";
import type { SampleFacts } from "./sample_facts.ts";

const UNIX_SECS = fieldIndex("unix_secs");
const UNIX_NSECS = fieldIndex("unix_nsecs");
const SYS_UPTIME = fieldIndex("sysUpTime");
const FIRST = fieldIndex("first");
const LAST = fieldIndex("last");
const EXADDR = fieldIndex("exaddr");

const IPV6_BYTES = 16;

/** Fields that every sample has, and those that some records bring along. */
const FIELDS: readonly { readonly known: number; readonly names: readonly FlowFieldName[] }[] = [
  {
    known: 0,
    names: [
      "unix_secs",
      "unix_nsecs",
      "sysUpTime",
      "exaddr",
      "dPkts",
      "dOctets",
      "first",
      "last",
      "input",
      "output",
    ],
  },
  { known: KNOWN.ip, names: ["srcaddr", "dstaddr", "prot", "tos"] },
  { known: KNOWN.ports, names: ["srcport", "dstport"] },
  { known: KNOWN.tcp, names: ["tcp_flags"] },
  { known: KNOWN.router, names: ["nexthop", "src_mask", "dst_mask"] },
  { known: KNOWN.gateway, names: ["src_as", "dst_as", "peer_nexthop"] },
];

/** The columns of a batch, those of one type of array together: loops over one type are fast. */
interface KeptColumns<Holder> {
  readonly fields: number[];
  readonly columns: Holder[];
}

/** Where the facts of samples go in one batch. */
interface BatchPlan {
  readonly u8: KeptColumns<Uint8Array>;
  readonly u16: KeptColumns<Uint16Array>;
  readonly u32: KeptColumns<Uint32Array>;
  readonly counter: KeptColumns<Float64Array>;
  readonly address: KeptColumns<Uint32Array>;
}

/** A further column that the batch has. */
interface FurtherColumn {
  readonly spec: SflowColumn;
  readonly column: Column;
}

/** Writes what samples tell into rows of batches. */
export class RowWriter {
  readonly #reader: RecordReader;
  readonly #schemas = new Map<number, FlowSchema>();
  readonly #plans = new WeakMap<FlowBatch, BatchPlan>();
  readonly #further: FurtherColumn[] = [];
  #batch: FlowBatch | undefined;
  #plan: BatchPlan | undefined;
  #header: PduHeader | undefined;
  #exporter: ExporterAddress = 0;

  /** @param reader Reads further values out of samples that a batch keeps as octets */
  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /** Turns to the samples of another datagram. */
  begin(batch: FlowBatch, header: PduHeader, exporter: ExporterAddress): void {
    let plan = this.#plans.get(batch);
    if (plan === undefined) {
      plan = makePlan(batch);
      this.#plans.set(batch, plan);
    }
    this.#batch = batch;
    this.#plan = plan;
    this.#header = header;
    this.#exporter = exporter;
    const further = this.#further;
    further.length = 0;
    for (let i = 0; i < SFLOW_COLUMNS.length; i++) {
      const spec = SFLOW_COLUMNS[i];
      const column = batch.extra(spec.name) ?? (i === 0 ? batch.addColumn(spec) : undefined);
      if (column === undefined || Array.isArray(column) !== (spec.kind === "bytes")) continue;
      further.push({ spec, column });
    }
  }

  /**
   * Writes a row.
   *
   * @param facts What the sample tells
   * @param at Where the sample starts, its format and length included
   * @param end Where it ends
   */
  write(facts: SampleFacts, at: number, end: number): void {
    const batch = this.#batch;
    const plan = this.#plan;
    const header = this.#header;
    if (batch === undefined || plan === undefined || header === undefined) return;
    const { values } = facts;
    values[UNIX_SECS] = header.unix_secs;
    values[UNIX_NSECS] = header.unix_nsecs;
    values[SYS_UPTIME] = header.sysUpTime;
    values[FIRST] = header.sysUpTime;
    values[LAST] = header.sysUpTime;
    const row = batch.takeRows(this.#schema(facts.known), 1);
    writeU8(plan.u8, values, row);
    writeU16(plan.u16, values, row);
    writeU32(plan.u32, values, row);
    writeCounter(plan.counter, values, row);
    this.#writeAddresses(batch, plan.address, facts, row);
    for (const { spec, column } of this.#further) writeFurther(spec, column, facts, row);
    batch.octets?.store(row, 1, facts.view, at, end - at);
  }

  #writeAddresses(
    batch: FlowBatch,
    { fields, columns }: KeptColumns<Uint32Array>,
    facts: SampleFacts,
    row: number,
  ): void {
    const { view, values, wideAt } = facts;
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i];
      const at = wideAt[field];
      if (field === EXADDR) {
        writeExporter(batch, columns[i], this.#exporter, row);
      } else if (at < 0) {
        columns[i][row] = values[field];
        const families = batch.family(field);
        if (families !== undefined) families[row] = 4;
      } else {
        columns[i][row] = 0;
        const { families, wide } = batch.widen(field);
        families[row] = 6;
        for (let octet = 0; octet < IPV6_BYTES; octet++) {
          wide[row * IPV6_BYTES + octet] = view.getUint8(at + octet);
        }
      }
    }
  }

  /** Few of the combinations occur; there are 8192 in all. */
  #schema(known: number): FlowSchema {
    let schema = this.#schemas.get(known);
    if (schema === undefined) {
      const has = (row: { readonly known: number }) => (known & row.known) === row.known;
      schema = new FlowSchema({
        version: SFLOW_VERSION,
        fields: FIELDS.filter(has).flatMap(({ names }) => names),
        extras: SFLOW_COLUMNS.filter(has).map(({ name }) => name),
        reader: this.#reader,
      });
      this.#schemas.set(known, schema);
    }
    return schema;
  }
}

function makePlan(batch: FlowBatch): BatchPlan {
  const plan: BatchPlan = {
    u8: { fields: [], columns: [] },
    u16: { fields: [], columns: [] },
    u32: { fields: [], columns: [] },
    counter: { fields: [], columns: [] },
    address: { fields: [], columns: [] },
  };
  for (const name of batch.columns) {
    const field = fieldIndex(name);
    const kept = plan[FLOW_FIELDS[field].kind];
    kept.fields.push(field);
    // The column is of the kind that the table of fields says, which is how `kept` was chosen.
    (kept.columns as Column[]).push(batch.column(name));
  }
  return plan;
}

// One function for each type of array: a loop that is handed several runs several times slower.

function writeU8(kept: KeptColumns<Uint8Array>, values: Float64Array, row: number): void {
  const { fields, columns } = kept;
  for (let i = 0; i < fields.length; i++) columns[i][row] = values[fields[i]];
}

function writeU16(kept: KeptColumns<Uint16Array>, values: Float64Array, row: number): void {
  const { fields, columns } = kept;
  for (let i = 0; i < fields.length; i++) columns[i][row] = values[fields[i]];
}

function writeU32(kept: KeptColumns<Uint32Array>, values: Float64Array, row: number): void {
  const { fields, columns } = kept;
  for (let i = 0; i < fields.length; i++) columns[i][row] = values[fields[i]];
}

function writeCounter(kept: KeptColumns<Float64Array>, values: Float64Array, row: number): void {
  const { fields, columns } = kept;
  for (let i = 0; i < fields.length; i++) columns[i][row] = values[fields[i]];
}

function writeExporter(
  batch: FlowBatch,
  column: Uint32Array,
  exporter: ExporterAddress,
  row: number,
): void {
  if (typeof exporter === "number") {
    column[row] = exporter;
    const families = batch.family(EXADDR);
    if (families !== undefined) families[row] = 4;
    return;
  }
  const { families, wide } = batch.widen(EXADDR);
  column[row] = 0;
  families[row] = 6;
  wide.set(exporter, row * IPV6_BYTES);
}

/** Where there is no value the column stays as the reset of the batch left it. */
function writeFurther(spec: SflowColumn, column: Column, facts: SampleFacts, row: number): void {
  if ((facts.known & spec.known) !== spec.known) return;
  const value = spec.read(facts);
  if (value !== undefined) column[row] = value;
}
