import type { FlowBatch, FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import {
  type CounterName,
  FlowSet,
  GroupTableLimitError,
  type KeyName,
  ReportError,
  ReportRun,
  type ToldNames,
  type Where,
  WhereFieldError,
} from "@flowtools/flowset";
import { QUERY_TABLE_BYTES_MAX } from "../limits.ts";
import { liveBatches, type LiveFlows } from "./live_batches.ts";
import { loadQueryWhere, type QueryWhere, whereFault } from "./where.ts";

/** The keys that queries group by. */
export const QUERY_KEYS: readonly KeyName[] = [
  "ip-source-address",
  "ip-destination-address",
  "ip-source-port",
  "ip-destination-port",
  "ip-protocol",
  "ip-tos",
  "ip-exporter-address",
  "ip-next-hop-address",
  "input-interface",
  "output-interface",
  "source-as",
  "destination-as",
  "ip-source-prefix",
  "ip-destination-prefix",
];

/** What queries sort by. */
export const QUERY_SORTS = ["octets", "packets", "flows"] as const;

/** Keys of a query at most. */
export const QUERY_KEYS_MAX = 6;

/** A file to read. */
export interface QueryFile {
  /** Its name in the API. */
  readonly path: string;
  /** Where it is on this host. */
  readonly location: string;
  /** Whether it may end in the middle of something. */
  readonly complete: boolean;
}

/** A question. */
export interface Query {
  readonly keys: readonly KeyName[];
  /** Which flows count. */
  readonly where: QueryWhere;
  /** Only flows whose packets were sent from then on, Unix seconds. */
  readonly from: number;
  /** Only flows whose packets were sent before then, Unix seconds. */
  readonly to: number;
  readonly sort: (typeof QUERY_SORTS)[number];
  readonly limit: number;
  /** Flows of these files, or live ones. */
  readonly source: readonly QueryFile[] | LiveFlows;
}

/** What was not looked at, and why. */
export interface Skipped {
  /** The file, or `live`. */
  readonly source: string;
  readonly reason: string;
}

/** An answer. */
export interface QueryAnswer {
  readonly keys: readonly string[];
  readonly rows: readonly {
    readonly key: readonly (string | number)[];
    readonly octets: number;
    readonly packets: number;
    readonly flows: number;
  }[];
  /** Sums of everything that passed, rows that are not shown too. */
  readonly total: { readonly octets: number; readonly packets: number; readonly flows: number };
  /** Groups that there are. */
  readonly groups: number;
  /** Flows looked at, and those that passed. */
  readonly scanned: number;
  readonly matched: number;
  /** Files looked at. */
  readonly files: number;
  readonly skipped: readonly Skipped[];
  /** What else is to be said of it: names that nobody told. */
  readonly notes: readonly string[];
}

/** A question that has no answer, for a reason that can be told. */
export interface QueryFault {
  readonly code: string;
  readonly message: string;
}

/** What is skipped is told so often at most. */
const SKIPPED_MAX = 100;

/** The source of live flows in what is told of them. */
const LIVE = "live";

const RULES = { ignoreEmpty: false, portProtocols: false, times: true };

/** Gives what exporters told, for questions that ask for names of theirs. */
export type AskNames = () => Promise<ToldNames>;

/**
 * Answers a question.
 *
 * @param query The question
 * @param askNames Gives what exporters told
 * @returns The answer, or why there is none
 */
export async function runQuery(
  query: Query,
  askNames: AskNames,
): Promise<QueryAnswer | QueryFault> {
  const notes: string[] = [];
  let where: Where | undefined;
  try {
    where = await loadQueryWhere(query.where, Date.now(), (message) => notes.push(message));
  } catch (error) {
    const fault = whereFault(error);
    if (fault === undefined) throw error;
    return fault;
  }
  const told = where?.asksNames === true ? await askNames() : undefined;
  try {
    const run = new QueryRun(query, where, told);
    if ("buffer" in query.source) run.addLive(query.source);
    else for (const file of query.source) await run.addFile(file);
    const untold = told === undefined ? [] : where?.untold(told) ?? [];
    return { ...run.finish(), notes: [...notes, ...untold] };
  } catch (error) {
    if (!(error instanceof GroupTableLimitError)) throw error;
    return { code: "too-many-groups", message: "There are too many groups, ask for fewer keys" };
  }
}

class QueryRun {
  readonly #query: Query;
  readonly #where: Where | undefined;
  readonly #told: ToldNames | undefined;
  readonly #report: ReportRun;
  readonly #columns: readonly FlowFieldName[];
  readonly #skipped: Skipped[] = [];
  #selection = new Uint32Array(0);
  #scanned = 0;
  #matched = 0;
  #files = 0;

  constructor(query: Query, where: Where | undefined, told: ToldNames | undefined) {
    this.#query = query;
    this.#where = where;
    this.#told = told;
    const report = { name: "query", keys: query.keys };
    const options = { rules: RULES, groupTableBytesMax: QUERY_TABLE_BYTES_MAX };
    this.#report = new ReportRun(report, options);
    this.#columns = [...new Set([...this.#report.columns, ...(where?.fields ?? [])])];
  }

  async addFile({ path, location, complete }: QueryFile): Promise<void> {
    try {
      await using set = await FlowSet.open(location);
      this.#files++;
      for await (const batch of set.batches({ columns: this.#columns })) {
        if (!this.#add(batch, path)) return;
      }
    } catch (error) {
      // A file that is being written may end in the middle; one that has expired is gone.
      if (error instanceof GroupTableLimitError || !(error instanceof Error)) throw error;
      if (complete) this.#skip(path, error.message.replaceAll(location, path));
    }
  }

  addLive(flows: LiveFlows): void {
    for (const { batch, weights } of liveBatches(flows, this.#columns)) {
      this.#add(batch, LIVE, weights);
    }
  }

  finish(): Omit<QueryAnswer, "notes"> {
    const { sort, limit, keys } = this.#query;
    const result = this.#report.finish();
    const order = result.sorted(sort, true).subarray(0, limit);
    const counters = QUERY_SORTS.map((name) => result.counter(name as CounterName));
    const rows = Array.from(order, (group) => {
      const [octets, packets, flows] = counters.map((column) => Math.round(column[group]));
      return {
        key: keys.map((_, index) => result.keyValue(index, group)),
        octets,
        packets,
        flows,
      };
    });
    const { octets, packets, flows } = result.totals;
    const total = {
      octets: Math.round(octets),
      packets: Math.round(packets),
      flows: Math.round(flows),
    };
    return {
      keys,
      rows,
      total,
      groups: result.size,
      scanned: this.#scanned,
      matched: this.#matched,
      files: this.#files,
      skipped: this.#skipped,
    };
  }

  /** Adds the flows that pass. Gives whether more flows of the kind make sense. */
  #add(batch: FlowBatch, source: string, weights?: Float64Array): boolean {
    for (const schema of batch.schemas) {
      const lacking = this.#lacking(schema, source);
      if (lacking !== undefined) {
        this.#skip(source, lacking);
        return false;
      }
    }
    this.#scanned += batch.length;
    if (this.#selection.length < batch.capacity) this.#selection = new Uint32Array(batch.capacity);
    const selection = this.#selection;
    const secs = batch.column("unix_secs");
    const { from, to } = this.#query;
    const passed = this.#where?.select(batch, selection, this.#told);
    let count = 0;
    for (let at = 0; at < (passed ?? batch.length); at++) {
      const row = passed === undefined ? at : selection[at];
      selection[count] = row;
      if (secs[row] >= from && secs[row] < to) count++;
    }
    this.#matched += count;
    if (weights !== undefined) weigh(batch, weights, selection, count);
    try {
      if (count > 0) this.#report.add(batch, selection.subarray(0, count));
    } catch (error) {
      if (!(error instanceof ReportError) || error instanceof GroupTableLimitError) throw error;
      this.#skip(source, error.message);
    }
    return true;
  }

  /** Why flows of a shape cannot be counted; `undefined` where they can. */
  #lacking(schema: FlowSchema, source: string): string | undefined {
    const missing = this.#report.missingFields(schema);
    if (missing.length > 0) return `its flows (${schema.label}) have no ${missing.join(", ")}`;
    try {
      this.#where?.check(schema);
    } catch (error) {
      if (!(error instanceof WhereFieldError)) throw error;
      const { condition, fields, message } = error;
      // Others of the version may have it in files.
      return source === LIVE
        ? `"${condition}" needs ${
          fields.join(" or ")
        }, which queries of live flows lack (${schema.label})`
        : message;
    }
    return undefined;
  }

  #skip(source: string, reason: string): void {
    if (this.#skipped.length < SKIPPED_MAX) this.#skipped.push({ source, reason });
  }
}

/** Makes of what rows count what they stand for; filters have looked at them before. */
function weigh(
  batch: FlowBatch,
  weights: Float64Array,
  selection: Uint32Array,
  count: number,
): void {
  for (const name of ["dOctets", "dPkts", "dFlows"] as const) {
    const column = batch.column(name);
    for (let i = 0; i < count; i++) column[selection[i]] *= weights[selection[i]];
  }
}
