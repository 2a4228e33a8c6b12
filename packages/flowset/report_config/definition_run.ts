import type { FlowBatch, FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import type { FlowFilter } from "../filter/flow_filter.ts";
import type { ReportResult } from "../report/result.ts";
import { ReportRun } from "../report/run_report.ts";
import type { FlowTransform } from "../transform/flow_transform.ts";
import { REPORT_FIELDS, type ReportField } from "./fields.ts";
import type { ConfiguredReport, ReportDefinition } from "./model.ts";
import type { FlowClock } from "../header_clock.ts";
import { addressFormat } from "./report_config.ts";

/** The definitions of other files that a definition of reports names. */
export interface DefinitionParts {
  /** Gives flows other masks first. */
  readonly mask?: FlowTransform;
  /** Tags flows then. */
  readonly tag?: FlowTransform;
  /** Which flows count. */
  readonly filter?: FlowFilter;
  /** Which flows count in single reports, in the order of these; all where not given. */
  readonly reportFilters?: readonly (FlowFilter | undefined)[];
  /** Bytes of the group table of each report; default `GROUP_TABLE_BYTES_MAX`. */
  readonly groupTableBytesMax?: number;
  /** How the seconds of interpolated flows are reckoned; default `uptimeToUnixMs`. */
  readonly clock?: FlowClock;
}

/** The reports of one interval, which is all time without a time series. */
export interface ReportInterval {
  /** Its number, from 0. */
  readonly number: number;
  /** A result for each report of the definition, in this order. */
  readonly results: readonly ReportResult[];
}

const TAGS = ["src_tag", "dst_tag"] as const satisfies readonly FlowFieldName[];
const RATES = new Set<string>(
  (REPORT_FIELDS as readonly ReportField[]).filter(({ rate }) => rate).map(({ name }) => name),
);

/**
 * Whether some output of a report shows rates, or is sorted by one.
 *
 * @param report The report
 * @returns Whether rates are part of its totals
 */
export function showsRates(report: ConfiguredReport): boolean {
  return report.outputs.some(({ fields, sort }) =>
    [...fields].some((name) => RATES.has(name)) || (sort !== undefined && RATES.has(sort.field))
  );
}

/**
 * The reports of a definition in the making: batches in, intervals out.
 *
 * @example
 * ```ts
 * import { DefinitionRun, FlowSet, parseReportConfig } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseReportConfig(`
 * stat-report PROTOCOLS
 *   type ip-protocol
 * stat-definition all
 *   report PROTOCOLS
 * `);
 * const run = new DefinitionRun(config.definition("all"));
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const batch of set.batches({ columns: run.columns })) {
 *   for (const _interval of run.add(batch)) throw new Error("there is no time series");
 * }
 * assertEquals(run.finish().results[0].totals.flows, 53);
 * ```
 */
export class DefinitionRun {
  /** The columns that batches must keep. */
  readonly columns: readonly FlowFieldName[];
  readonly #definition: ReportDefinition;
  readonly #parts: DefinitionParts;
  readonly #provided: readonly FlowFieldName[];
  #runs: readonly ReportRun[];
  #interval = 0;
  /** Unix time of the first flow of the interval; 0 is not known yet. */
  #start = 0;
  #rows = new Uint32Array(0);
  #reportRows = new Uint32Array(0);
  readonly #savedTags = TAGS.map(() => new Uint32Array(0));

  /**
   * Begins the reports.
   *
   * @param definition Which
   * @param parts What the definition names
   */
  constructor(definition: ReportDefinition, parts: DefinitionParts = {}) {
    this.#definition = definition;
    this.#parts = parts;
    this.#provided = parts.tag === undefined ? [] : TAGS;
    this.#runs = this.#begin();
    const filters = [parts.filter, ...parts.reportFilters ?? []];
    const masks = definition.reports.some(({ tagMask }) => tagMask !== undefined);
    this.columns = [
      ...new Set<FlowFieldName>([
        "unix_secs",
        ...this.#runs.flatMap(({ columns }) => columns),
        ...[parts.mask, parts.tag, ...filters].flatMap((part) => part?.columns ?? []),
        ...masks ? TAGS : [],
      ]),
    ];
  }

  /**
   * The fields that flows of some shape lack.
   *
   * @param schema The shape
   * @returns Their names; none where the reports can be made
   */
  missingFields(schema: FlowSchema): FlowFieldName[] {
    const missing = this.#runs.flatMap((run) => run.missingFields(schema));
    const masks = this.#definition.reports.some(({ tagMask }) => tagMask !== undefined);
    if (masks && this.#parts.tag === undefined) {
      missing.push(...TAGS.filter((name) => !schema.has(name)));
    }
    return [...new Set(missing)];
  }

  /**
   * Adds the flows of a batch, whose masks and tags change in place.
   *
   * @param batch The batch; it must keep `columns`
   * @returns The intervals that end with it; all of them must be taken
   * @throws {ReportError} A report cannot be made of these flows
   */
  *add(batch: FlowBatch): Generator<ReportInterval, void, undefined> {
    const { mask, tag } = this.#parts;
    if (mask !== undefined) mask.apply(batch);
    if (tag !== undefined) tag.apply(batch);
    if (this.#rows.length < batch.capacity) {
      this.#rows = new Uint32Array(batch.capacity);
      this.#reportRows = new Uint32Array(batch.capacity);
    }
    const { timeSeries } = this.#definition;
    let from = 0;
    if (timeSeries > 0) {
      const secs = batch.column("unix_secs");
      for (let row = 0; row < batch.length; row++) {
        if (this.#start === 0) this.#start = secs[row];
        if (secs[row] <= this.#start || secs[row] - this.#start <= timeSeries) continue;
        this.#addRows(batch, from, row);
        from = row;
        this.#start = secs[row];
        yield this.finish();
        this.#interval++;
        this.#runs = this.#begin();
      }
    }
    this.#addRows(batch, from, batch.length);
  }

  /**
   * Ends the last interval.
   *
   * @returns Its reports
   */
  finish(): ReportInterval {
    return { number: this.#interval, results: this.#runs.map((run) => run.finish()) };
  }

  #begin(): ReportRun[] {
    return this.#definition.reports.map((report) =>
      new ReportRun(report.spec, {
        scale: report.scale === 0 ? 1 : report.scale,
        rates: showsRates(report) || report.outputs.some(({ fields }) => fields.has("frecs")),
        addresses: {
          source: addressFormat(report.source),
          destination: addressFormat(report.destination),
        },
        groupTableBytesMax: this.#parts.groupTableBytesMax,
        clock: this.#parts.clock,
        provided: this.#provided,
      })
    );
  }

  #addRows(batch: FlowBatch, from: number, to: number): void {
    const rows = this.#rows;
    let count = to - from;
    for (let i = 0; i < count; i++) rows[i] = from + i;
    const { filter, reportFilters = [] } = this.#parts;
    if (filter !== undefined) count = filter.narrow(batch, rows, count);
    for (const [index, run] of this.#runs.entries()) {
      const { tagMask } = this.#definition.reports[index];
      if (tagMask !== undefined) this.#maskTags(batch, tagMask);
      const reportFilter = reportFilters[index];
      if (reportFilter === undefined) run.add(batch, rows.subarray(0, count));
      else {
        const own = this.#reportRows;
        own.set(rows.subarray(0, count));
        run.add(batch, own.subarray(0, reportFilter.narrow(batch, own, count)));
      }
      if (tagMask !== undefined) this.#restoreTags(batch);
    }
  }

  /** A report that looks at some bits of the tags only must leave all of them for the next. */
  #maskTags(batch: FlowBatch, masks: readonly number[]): void {
    for (const [index, name] of TAGS.entries()) {
      const tags = batch.column(name);
      this.#savedTags[index] = tags.slice(0, batch.length);
      for (let row = 0; row < batch.length; row++) tags[row] &= masks[index];
    }
  }

  #restoreTags(batch: FlowBatch): void {
    for (const [index, name] of TAGS.entries()) batch.column(name).set(this.#savedTags[index]);
  }
}
