/** The thread that answers queries; `query/query_queue.ts` starts it, and ends it when it is late. */
import type { DomainLabels } from "../label_feed.ts";
import { lowerPriority } from "./low_priority.ts";
import { LabelNames } from "./query/label_names.ts";
import { type Query, type QueryAnswer, type QueryFault, runQuery } from "./query/query.ts";

/** What the thread is told: a query, and what exporters told when it asks for that. */
export type QueryOrder =
  | { readonly kind: "query"; readonly query: Query }
  | { readonly kind: "names"; readonly domains: readonly DomainLabels[] };

/** What a query came to. */
export type QueryOutcome = QueryAnswer | QueryFault;

/** What the thread tells: how a query ended, or that it asks for what exporters told. */
export type QueryNews =
  | { readonly kind: "outcome"; readonly outcome: QueryOutcome }
  | { readonly kind: "names" };

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<QueryOrder>) => void;
  postMessage(news: QueryNews): void;
}

const scope = globalThis as unknown as WorkerScope;

let names: PromiseWithResolvers<LabelNames> | undefined;

function askNames(): Promise<LabelNames> {
  names = Promise.withResolvers();
  scope.postMessage({ kind: "names" });
  return names.promise;
}

lowerPriority();

scope.onmessage = async ({ data: order }) => {
  if (order.kind === "names") names?.resolve(new LabelNames(order.domains));
  else scope.postMessage({ kind: "outcome", outcome: await runQuery(order.query, askNames) });
};
