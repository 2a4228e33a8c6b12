import type { WhereInit } from "@flowtools/common/load_where";
import { type FlowBatch, type FlowFieldName, uptimeToUnixMs } from "@flowtools/flow-model";
import type { Where } from "@flowtools/flowset/select";

/** Which flows count: plain data, so that other threads can be told. */
export interface FlowSelectionInit {
  /** Flows that ended before do not count: Unix milliseconds. */
  readonly since?: number;
  /** Flows that ended then or later do not count: Unix milliseconds. */
  readonly until?: number;
  /** Flows that do not pass do not count. */
  readonly where?: WhereInit;
}

/** Picks the flows of batches that count. */
export interface FlowSelection {
  /** The columns that it looks at. */
  readonly columns: readonly FlowFieldName[];
  /** What flows have to pass; nothing where all do. */
  readonly where: Where | undefined;
  /**
   * The rows that count, ascending; they are valid until the next call.
   *
   * @returns Nothing where all of them do
   */
  select(batch: FlowBatch): Uint32Array | undefined;
  /** The same where all flows of the batch passed `where` already. */
  selectPassed(batch: FlowBatch): Uint32Array | undefined;
}

const TIME_COLUMNS: readonly FlowFieldName[] = ["unix_secs", "unix_nsecs", "sysUpTime", "last"];

/**
 * Makes the selection that is described.
 *
 * @throws {WhereError} The expression is none
 */
export async function loadSelection(init: FlowSelectionInit): Promise<FlowSelection> {
  const { since = -Infinity, until = Infinity } = init;
  const where = init.where && await compileInit(init.where);
  const windowed = since !== -Infinity || until !== Infinity;
  const columns = [...where?.fields ?? [], ...windowed ? TIME_COLUMNS : []];
  let rows = new Uint32Array(0);
  const selectPassed = (batch: FlowBatch) => {
    if (!windowed) return undefined;
    if (rows.length < batch.capacity) rows = new Uint32Array(batch.capacity);
    return rows.subarray(0, selectEnded(batch, since, until, rows, undefined));
  };
  if (where === undefined) return { columns, where, select: selectPassed, selectPassed };
  return {
    columns,
    where,
    selectPassed,
    select: (batch) => {
      if (rows.length < batch.capacity) rows = new Uint32Array(batch.capacity);
      for (const schema of batch.schemas) where.check(schema);
      const count = where.select(batch, rows);
      return rows.subarray(0, windowed ? selectEnded(batch, since, until, rows, count) : count);
    },
  };
}

/** Threads begin sooner without what reads expressions, which is more than all else they need. */
async function compileInit(init: WhereInit): Promise<Where> {
  const { loadWhere } = await import("@flowtools/common/load_where");
  return await loadWhere(init);
}

/**
 * The rows of flows that ended in a span of time.
 *
 * @param rows Told the rows, ascending
 * @param among How many rows stand in `rows` already, of which to choose; nothing for all
 */
function selectEnded(
  batch: FlowBatch,
  since: number,
  until: number,
  rows: Uint32Array,
  among: number | undefined,
): number {
  const secs = batch.column("unix_secs");
  const nsecs = batch.column("unix_nsecs");
  const uptime = batch.column("sysUpTime");
  const last = batch.column("last");
  let count = 0;
  for (let index = 0; index < (among ?? batch.length); index++) {
    const row = among === undefined ? index : rows[index];
    const end = uptimeToUnixMs(secs[row], nsecs[row], uptime[row], last[row]);
    rows[count] = row;
    count += end >= since && end < until ? 1 : 0;
  }
  return count;
}
