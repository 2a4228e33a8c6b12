/** The thread that answers queries; `query/query_queue.ts` starts it, and ends it when it is late. */
import { lowerPriority } from "./low_priority.ts";
import { type Query, type QueryAnswer, type QueryFault, runQuery } from "./query/query.ts";

/** What a query came to. */
export type QueryOutcome = QueryAnswer | QueryFault;

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<Query>) => void;
  postMessage(outcome: QueryOutcome): void;
}

const scope = globalThis as unknown as WorkerScope;

lowerPriority();

scope.onmessage = async ({ data: query }) => scope.postMessage(await runQuery(query));
