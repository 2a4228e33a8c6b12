import type { FlowBatch, FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import { FlowSet } from "../flow_set.ts";
import type { FlowClock } from "../header_clock.ts";
import { GROUP_TABLE_BYTES_MAX } from "../limits.ts";
import {
  accumulate,
  accumulateRates,
  averageRates,
  type CounterName,
  COUNTERS,
  RATE_COUNTERS,
} from "./accumulate.ts";
import { MissingFieldError } from "./errors.ts";
import { GroupTable } from "./group_table.ts";
import { ReportInput } from "./input.ts";
import { Interpolation } from "./interpolate.ts";
import {
  keyAddress,
  keyColumns,
  type KeyName,
  KEYS,
  keyWords,
  wideKeys,
  withLength,
} from "./keys.ts";
import {
  type AddressFormats,
  type CountingRules,
  findReport,
  inFormat,
  REPORT_RULES,
  reportFields,
  type ReportSpec,
} from "./reports.ts";
import { ReportResult, type ReportTotals } from "./result.ts";
import { Summary } from "./summary.ts";

/** How to make a report. */
export interface ReportOptions {
  /** How flows are counted; default as flow-report does. */
  readonly rules?: CountingRules;
  /** How addresses become keys. */
  readonly addresses?: AddressFormats;
  /** What octets and packets are multiplied by; default 1. */
  readonly scale?: number;
  /** Keep bits and packets a second; default not. */
  readonly rates?: boolean;
  /** Fields that are there though records lack them: a transform sets them. */
  readonly provided?: readonly FlowFieldName[];
  /** Bytes of the group table; default {@linkcode GROUP_TABLE_BYTES_MAX}. */
  readonly groupTableBytesMax?: number;
  /** How the seconds of interpolated flows are reckoned; default `uptimeToUnixMs`. */
  readonly clock?: FlowClock;
}

/** The columns of a total's rates, in the order in which they are kept. */
const RATE_NAMES: readonly CounterName[] = RATE_COUNTERS.slice(COUNTERS.length);

/**
 * A report in the making: batches in, a result out.
 *
 * @example
 * ```ts
 * import { findReport, FlowSet, ReportRun } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const run = new ReportRun(findReport("ip-protocol"));
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const batch of set.batches({ columns: run.columns })) run.add(batch);
 * assertEquals(run.finish().totals.flows, 53);
 * ```
 */
export class ReportRun {
  /** The report. */
  readonly report: ReportSpec;
  /** The columns that batches must keep. */
  readonly columns: readonly FlowFieldName[];
  readonly #required: readonly FlowFieldName[];
  readonly #rules: CountingRules;
  readonly #rates: boolean;
  readonly #keys: readonly KeyName[];
  readonly #alsoKeys: readonly KeyName[] | undefined;
  readonly #distinctKey: KeyName | undefined;
  readonly #input: ReportInput;
  /** The addresses that keys are made of. */
  readonly #addresses: readonly FlowFieldName[];
  #table: GroupTable;
  #distinctTable: GroupTable | undefined;
  /** Whether keys have a word that says which of them are IPv6. */
  #wide = false;
  readonly #interpolation: Interpolation | undefined;
  readonly #summary: Summary | undefined;
  readonly #checked = new WeakSet<FlowSchema>();
  readonly #totals: ReportTotals = {
    records: 0,
    ignored: 0,
    flows: 0,
    octets: 0,
    packets: 0,
    duration: 0,
    timeStart: 0xffffffff,
    timeEnd: 0,
    rates: new Map(),
  };
  /** The rates of all flows, as of one group. */
  readonly #totalRates = new Float64Array(RATE_COUNTERS.length);
  #groups = new Uint32Array(0);
  #noGroups = new Uint32Array(0);
  /** The first and the second key of each row in turn, for reports that count twice. */
  #pairs: Uint32Array<ArrayBuffer>[] = [];
  #distinct = new Uint32Array(0);

  /**
   * Begins a report.
   *
   * @param report Which
   * @param options How
   */
  constructor(report: ReportSpec, options: ReportOptions = {}) {
    const { rules = REPORT_RULES, addresses = {}, scale = 1, rates = false } = options;
    const bytesMax = options.groupTableBytesMax ?? GROUP_TABLE_BYTES_MAX;
    this.report = report;
    const fields = reportFields(report, rules, addresses);
    // Aggregated records say how many flows they stand for; others lack it without harm.
    this.columns = [...fields, "dFlows"];
    this.#required = fields.filter((field) => !options.provided?.includes(field));
    this.#rules = rules;
    this.#rates = rates;
    this.#keys = report.keys.map((key) => inFormat(key, addresses));
    this.#alsoKeys = report.alsoKeys?.map((key) => inFormat(key, addresses));
    if (this.#alsoKeys !== undefined && sumOfWords(this.#keys) !== sumOfWords(this.#alsoKeys)) {
      this.#keys = this.#keys.map(withLength);
      this.#alsoKeys = this.#alsoKeys.map(withLength);
    }
    this.#distinctKey = report.distinct && inFormat(report.distinct, addresses);
    const keys = [...this.#keys, ...this.#alsoKeys ?? [], this.#distinctKey ?? []].flat();
    this.#addresses = [...new Set(keys.map(keyAddress).filter((name) => name !== undefined))];
    this.#input = new ReportInput(report.name, scale, bytesMax);
    this.#table = new GroupTable({
      words: sumOfWords(this.#keys),
      counters: rates ? RATE_COUNTERS.length : COUNTERS.length,
      bytesMax,
      title: report.name,
    });
    if (this.#distinctKey !== undefined) {
      const words = 1 + keyWords(this.#distinctKey);
      this.#distinctTable = new GroupTable({ words, counters: 0, bytesMax, title: report.name });
    }
    if (report.interpolate) this.#interpolation = new Interpolation(this.#table, options.clock);
    if (report.detail) this.#summary = new Summary();
  }

  /** Records so far that were left out because they have no packets. */
  get ignored(): number {
    return this.#totals.ignored;
  }

  /**
   * The fields that flows of some shape lack.
   *
   * @param schema The shape
   * @returns Their names; none where the report can be made
   */
  missingFields(schema: FlowSchema): FlowFieldName[] {
    return this.#required.filter((name) => !schema.has(name));
  }

  /**
   * Adds the flows of a batch.
   *
   * @param batch The batch; it must keep `columns`
   * @param rows Indices of the rows that count, ascending; default all
   * @throws {MissingFieldError} Its flows lack a field
   * @throws {GroupTableLimitError} There are more groups, or IPv6 addresses, than memory allows
   */
  add(batch: FlowBatch, rows?: Uint32Array): void {
    for (const schema of batch.schemas) this.#check(schema);
    const input = this.#input;
    input.load(batch);
    if (rows !== undefined) input.select(rows);
    if (this.#rules.portProtocols && this.report.ports) input.keep("tcp-or-udp");
    if (this.#rules.ignoreEmpty) this.#totals.ignored += input.keep("has-packets");
    else if (this.#summary !== undefined) this.#totals.ignored += input.keep("has-packets");
    this.#addTotals();
    if (this.report.divides && !this.#rules.ignoreEmpty) {
      this.#totals.ignored += input.keep("has-packets");
    }
    this.#summary?.add(input);
    if (this.#interpolation !== undefined) this.#interpolation.add(input, batch);
    else if (this.#keys.length > 0) this.#addGroups(batch.capacity);
  }

  /**
   * Ends the report.
   *
   * @returns The groups and their sums
   */
  finish(): ReportResult {
    const { size, keys, sums } = this.#table;
    if (this.#rates) {
      averageRates(sums, size);
      averageRates(this.#totalRates, 1);
      for (const [index, name] of RATE_NAMES.entries()) {
        this.#totals.rates.set(name, this.#totalRates[COUNTERS.length + index]);
      }
    }
    return new ReportResult({
      report: this.report,
      keys: this.#keys,
      size,
      keyWords: keys,
      sums,
      rates: this.#rates,
      totals: this.#totals,
      distinct: this.#distinctTable && this.#distinct.subarray(0, size),
      addresses: this.#wide ? this.#input.addresses : undefined,
      detail: this.#summary?.detail(),
    });
  }

  #check(schema: FlowSchema): void {
    if (this.#checked.has(schema)) return;
    const missing = this.missingFields(schema);
    if (missing.length > 0) throw new MissingFieldError(this.report.name, schema.label, missing);
    this.#checked.add(schema);
  }

  #addTotals(): void {
    const totals = this.#totals;
    const { rows, flows, octets, packets, durations } = this.#input;
    for (let row = 0; row < rows; row++) {
      totals.octets += octets[row];
      totals.packets += packets[row];
      totals.duration += durations[row];
      if (durations[row] !== 0) totals.records++;
    }
    if (flows === undefined) totals.flows += rows;
    else for (let row = 0; row < rows; row++) totals.flows += flows[row];
    if (this.#rules.times || this.#summary !== undefined) {
      const secs = this.#input.u32("unix_secs");
      for (let row = 0; row < rows; row++) {
        if (secs[row] < totals.timeStart) totals.timeStart = secs[row];
        if (secs[row] > totals.timeEnd) totals.timeEnd = secs[row];
      }
    }
    if (this.#rates) {
      if (this.#noGroups.length < rows) this.#noGroups = new Uint32Array(rows);
      accumulateRates(this.#totalRates, this.#noGroups, this.#input, 0);
    }
  }

  #addGroups(capacity: number): void {
    const input = this.#input;
    if (!this.#wide && this.#addresses.some((name) => input.hasWide(name))) this.#widen();
    const table = this.#table;
    let keys = this.#columnsOf(this.#keys);
    let shift = 0;
    if (this.#alsoKeys !== undefined) {
      keys = this.#interleave(keys, this.#columnsOf(this.#alsoKeys));
      shift = 1;
    }
    if (this.#groups.length < capacity << shift) this.#groups = new Uint32Array(capacity << shift);
    const groups = this.#groups;
    const small = this.#keys.length === 1 && KEYS[this.#keys[0]].kind === "small";
    table.find(keys, input.rows << shift, groups, small);
    accumulate(table.sums, table.counters, groups, input, shift);
    if (this.#rates) accumulateRates(table.sums, groups, input, shift);
    if (this.#distinctTable !== undefined) this.#addDistinct(this.#distinctTable, groups);
  }

  /** From the first IPv6 address on, keys say which of them are IPv6. */
  #widen(): void {
    this.#wide = true;
    this.#table = this.#table.widened();
    this.#distinctTable = this.#distinctTable?.widened();
  }

  #columnsOf(keys: readonly KeyName[]): readonly Uint32Array[] {
    const columns = keys.flatMap((key) => keyColumns(key, this.#input));
    return this.#wide ? [...columns, wideKeys(keys, this.#input)] : columns;
  }

  #interleave(
    first: readonly Uint32Array[],
    second: readonly Uint32Array[],
  ): readonly Uint32Array[] {
    const { rows } = this.#input;
    return first.map((column, word) => {
      let pairs = this.#pairs[word];
      if (pairs === undefined || pairs.length < rows * 2) {
        pairs = new Uint32Array(rows * 2);
        this.#pairs[word] = pairs;
      }
      const other = second[word];
      for (let row = 0; row < rows; row++) {
        pairs[row * 2] = column[row];
        pairs[row * 2 + 1] = other[row];
      }
      return pairs;
    });
  }

  /** Counts, for each group, the pairs of group and other key that are new. */
  #addDistinct(pairs: GroupTable, groups: Uint32Array): void {
    const before = pairs.size;
    const found = this.#input.scratch("distinct");
    const keys = [groups, ...this.#columnsOf([this.#distinctKey!])];
    pairs.find(keys, this.#input.rows, found);
    if (this.#distinct.length < this.#table.capacity) {
      const distinct = new Uint32Array(this.#table.capacity);
      distinct.set(this.#distinct);
      this.#distinct = distinct;
    }
    for (let pair = before; pair < pairs.size; pair++) {
      this.#distinct[pairs.keys[pair * pairs.words]]++;
    }
  }
}

/**
 * Makes a report of flows.
 *
 * @param source A flow set, or batches that keep the columns of the report
 * @param report The report, its name, or its number among flow-stat's formats
 * @param options How flows are counted, limits
 * @returns The groups and their sums
 * @throws {MissingFieldError} Flows lack a field that the report needs
 * @throws {GroupTableLimitError} There are more groups than memory allows
 *
 * @example The three sources with the most octets
 * ```ts
 * import { FlowSet, runReport } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * const result = await runReport(set, "ip-source-address");
 * const octets = result.counter("octets");
 * const top = result.sorted("octets", true).subarray(0, 3);
 * const lines = [...top].map((group) => `${result.keyValue(0, group)} ${octets[group]}`);
 * assertEquals(lines.length, 3);
 * assertEquals(octets[top[0]] >= octets[top[1]], true);
 * ```
 */
export async function runReport(
  source: FlowSet | Iterable<FlowBatch> | AsyncIterable<FlowBatch>,
  report: ReportSpec | string | number,
  options: ReportOptions = {},
): Promise<ReportResult> {
  const run = new ReportRun(typeof report === "object" ? report : findReport(report), options);
  const batches = source instanceof FlowSet ? source.batches({ columns: run.columns }) : source;
  for await (const batch of batches) run.add(batch);
  return run.finish();
}

function sumOfWords(keys: readonly KeyName[]): number {
  return keys.reduce((sum, key) => sum + keyWords(key), 0);
}
