import { FlowBatch, type FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import {
  type CounterName,
  FlowSet,
  GroupTableLimitError,
  type KeyName,
  ReportError,
  ReportRun,
  type Where,
  WhereError,
  WhereFieldError,
} from "@flowtools/flowset";
import { QUERY_TABLE_BYTES_MAX } from "../limits.ts";
import { FAMILY_IPV6, LIVE_FIELDS, LiveRows, presenceBits } from "../live_rows.ts";
import { loadQueryWhere } from "./where.ts";

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

/** Live flows, as the ring copies them. */
export interface LiveFlows {
  readonly buffer: ArrayBuffer;
  readonly capacity: number;
  readonly length: number;
  readonly mixed: boolean;
}

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
  readonly where: string;
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
}

/** A question that has no answer, for a reason that can be told. */
export interface QueryFault {
  readonly code: string;
  readonly message: string;
}

/** What is skipped is told so often at most. */
const SKIPPED_MAX = 100;

const RULES = { ignoreEmpty: false, portProtocols: false, times: true };

/**
 * Answers a question.
 *
 * @param query The question
 * @returns The answer, or why there is none
 */
export async function runQuery(query: Query): Promise<QueryAnswer | QueryFault> {
  try {
    const run = new QueryRun(query, await loadQueryWhere(query.where, Date.now()));
    if ("buffer" in query.source) run.addLive(query.source);
    else for (const file of query.source) await run.addFile(file);
    return run.finish();
  } catch (error) {
    if (error instanceof WhereError) {
      // The lines behind the first mark the place, which it tells.
      return { code: "bad-where", message: error.message.split("\n")[0] };
    }
    if (error instanceof GroupTableLimitError) {
      return { code: "too-many-groups", message: "There are too many groups, ask for fewer keys" };
    }
    throw error;
  }
}

class QueryRun {
  readonly #query: Query;
  readonly #where: Where | undefined;
  readonly #report: ReportRun;
  readonly #columns: readonly FlowFieldName[];
  readonly #skipped: Skipped[] = [];
  #selection = new Uint32Array(0);
  #scanned = 0;
  #matched = 0;
  #files = 0;

  constructor(query: Query, where: Where | undefined) {
    this.#query = query;
    this.#where = where;
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

  addLive({ buffer, capacity, length, mixed }: LiveFlows): void {
    const rows = new LiveRows(capacity, buffer);
    rows.mixed = mixed;
    const byShape = new Map<number, number[]>();
    let wide = 0;
    for (let row = 0; row < length; row++) {
      if (mixed && Object.values(rows.families).some((family) => family[row] === FAMILY_IPV6)) {
        wide++;
        continue;
      }
      const bits = rows.present[row];
      const shape = byShape.get(bits);
      if (shape === undefined) byShape.set(bits, [row]);
      else shape.push(row);
    }
    if (wide > 0) this.#skip("live", `${wide} flows with IPv6 addresses: queries group IPv4`);
    for (const [bits, chosen] of byShape) {
      const weights = Float64Array.from(chosen, (row) => rows.weights[row]);
      this.#add(liveBatch(rows, bits, chosen, this.#columns), "live", weights);
    }
  }

  finish(): QueryAnswer {
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
      const lacking = this.#lacking(schema);
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
    let count = 0;
    for (let row = 0; row < batch.length; row++) {
      selection[count] = row;
      if (secs[row] >= from && secs[row] < to) count++;
    }
    if (this.#where !== undefined) count = this.#where.filter.narrow(batch, selection, count);
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
  #lacking(schema: FlowSchema): string | undefined {
    const missing = this.#report.missingFields(schema);
    if (missing.length > 0) return `its flows (${schema.label}) have no ${missing.join(", ")}`;
    try {
      this.#where?.check(schema);
    } catch (error) {
      if (error instanceof WhereFieldError) return error.message;
      throw error;
    }
    return undefined;
  }

  #skip(source: string, reason: string): void {
    if (this.#skipped.length < SKIPPED_MAX) this.#skipped.push({ source, reason });
  }
}

/** Live flows of one shape as a batch. */
function liveBatch(
  rows: LiveRows,
  bits: number,
  chosen: readonly number[],
  asked: readonly FlowFieldName[],
): FlowBatch {
  // Each row says how many flows it stands for.
  const fields = LIVE_FIELDS.filter((name) => {
    return name === "dFlows" || (bits & presenceBits([name])) !== 0;
  });
  const schema = new FlowSchema({ version: 0, fields });
  const batch = new FlowBatch({
    capacity: chosen.length,
    columns: [...new Set([...LIVE_FIELDS, ...asked])],
  });
  // Rows are appended empty, and their columns filled one by one.
  for (let row = 0; row < chosen.length; row++) batch.append(schema, {});
  for (const name of LIVE_FIELDS) {
    const [source, target] = [rows.columns[name], batch.column(name)];
    for (let row = 0; row < chosen.length; row++) target[row] = source[chosen[row]];
  }
  return batch;
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
