import type { DomainLabels } from "../../label_feed.ts";
import type { WorkerStart } from "../../supervised_thread.ts";
import { HttpError } from "../http_error.ts";
import { QUERIES_WAITING_MAX } from "../limits.ts";
import type { QueryNews, QueryOrder, QueryOutcome } from "../query_worker.ts";
import type { Query, QueryAnswer } from "./query.ts";

/** How queries end, for the metrics. */
export type QueryResult = "answered" | "refused" | "late" | "failed" | "busy";

/**
 * Has queries answered by a thread of their own, one after the other. The thread starts with the
 * first; one that takes too long is ended, and the next query gets a new one.
 */
export class QueryQueue {
  /** How many queries ended, by how. */
  readonly results: Map<QueryResult, number> = new Map();
  readonly #seconds: number;
  readonly #names: () => readonly DomainLabels[];
  readonly #warn: (reason: string, message: string) => void;
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;

  /**
   * Makes a queue.
   *
   * @param seconds How long a query may run
   * @param names Gives what exporters told, when a query asks for names of theirs
   * @param warn Told of failures
   * @param internals How the thread is started, where it is not to be as usual
   */
  constructor(
    seconds: number,
    names: () => readonly DomainLabels[],
    warn: (reason: string, message: string) => void,
    internals: WorkerStart = {},
  ) {
    this.#seconds = seconds;
    this.#names = names;
    this.#warn = warn;
    const url = new URL("../query_worker.ts", import.meta.url);
    this.#start = internals.startWorker ?? (() => new Worker(url, { type: "module" }));
  }

  /**
   * Answers a query when its turn comes.
   *
   * @param prepare Makes the query, when its turn comes
   * @returns The answer
   * @throws {HttpError} Too many wait, it takes too long, or it cannot be answered
   */
  async ask(prepare: () => Promise<Query>): Promise<QueryAnswer> {
    if (this.#waiting > QUERIES_WAITING_MAX || this.#closed) {
      this.#count("busy");
      const message = "Too many queries wait, try again later";
      throw new HttpError(503, "busy", message, { "retry-after": "5" });
    }
    this.#waiting++;
    const turn = this.#tail.then(async () => await this.#run(await prepare()));
    this.#tail = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }

  /** Ends the thread. */
  close(): void {
    this.#closed = true;
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #run(query: Query): Promise<QueryAnswer> {
    const worker = this.#worker ??= this.#start();
    const outcome = Promise.withResolvers<QueryOutcome | "failed" | "late">();
    const order = (order: QueryOrder, transfer: ArrayBuffer[] = []) => {
      worker.postMessage(order, transfer);
    };
    worker.onmessage = ({ data: news }: MessageEvent<QueryNews>) => {
      if (news.kind === "names") order({ kind: "names", domains: this.#names() });
      else outcome.resolve(news.outcome);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#warn("query", `A query failed: ${event.message}`);
      // It may end between two queries, too: the next one must not wait for it.
      if (this.#worker === worker) this.#worker = undefined;
      outcome.resolve("failed");
    };
    const timer = setTimeout(() => outcome.resolve("late"), this.#seconds * 1_000);
    order({ kind: "query", query }, "buffer" in query.source ? [query.source.buffer] : []);
    const result = await outcome.promise;
    clearTimeout(timer);
    if (typeof result === "string") {
      worker.terminate();
      this.#worker = undefined;
      this.#count(result);
      throw result === "late"
        ? new HttpError(504, "query-late", `The query took more than ${this.#seconds} s`)
        : new HttpError(500, "query-failed", "The query failed; the log says why");
    }
    if ("code" in result) {
      this.#count("refused");
      throw new HttpError(400, result.code, result.message);
    }
    this.#count("answered");
    return result;
  }

  #count(result: QueryResult): void {
    this.results.set(result, (this.results.get(result) ?? 0) + 1);
  }
}
