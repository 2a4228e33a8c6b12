/** The thread that groups flows of pieces of inputs; `group_team.ts` starts some of them. */
import {
  GroupExchange,
  type GroupExchangePlace,
  type GroupSnapshot,
  GroupTableLimitError,
} from "@flowtools/flowset/groups";
import type { FlowPiece } from "./flow_pieces.ts";
import { groupOptions, type GroupQuery, QueryRun } from "./group_query.ts";
import { type PieceFault, PieceQueue, readPieces } from "./piece_queue.ts";

/** What a worker is told. */
export interface WorkerTask {
  readonly query: GroupQuery;
  readonly pieces: readonly FlowPiece[];
  readonly shared: SharedArrayBuffer;
  readonly place: GroupExchangePlace;
}

/** What a worker tells: what it found, or how many groups were too many. */
export type WorkerAnswer =
  | { readonly snapshot: GroupSnapshot; readonly faults: readonly PieceFault[] }
  | { readonly limit: readonly [title: string, groups: number, bytes: number, bytesMax: number] };

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<WorkerTask>) => void;
  postMessage(answer: WorkerAnswer, transfer?: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = async ({ data: { query, pieces, shared, place } }) => {
  const exchange = new GroupExchange(groupOptions(query), place);
  try {
    const run = await QueryRun.begin(query, exchange.local);
    const faults = await readPieces(run, new PieceQueue(pieces, shared), () => exchange.turn());
    const snapshot = (await exchange.finish()).snapshot();
    const { keys, sums, totals } = snapshot;
    scope.postMessage({ snapshot, faults }, [keys.buffer, sums.buffer, totals.buffer]);
  } catch (error) {
    exchange.fail();
    if (!(error instanceof GroupTableLimitError)) throw error;
    scope.postMessage({ limit: error.counts });
  }
};
