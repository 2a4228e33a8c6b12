import {
  GroupExchange,
  groupExchangeMemory,
  GroupTableLimitError,
} from "@flowtools/flowset/groups";
import { readingCost } from "./flow_pieces.ts";
import { groupOptions, type GroupQuery } from "./group_query.ts";
import { THREADS_MAX } from "./modern_flags.ts";
import type { WorkerAnswer, WorkerTask } from "./parallel_groups_worker.ts";
import type { PieceQueue } from "./piece_queue.ts";

/**
 * Bytes of plain records that are worth another thread: it takes some 40 ms to start, as long again
 * until its code is compiled, and many groups go from one thread to the other.
 */
const BYTES_PER_THREAD = 1 << 27;

/** As many threads as there are cores, where the inputs are worth it. */
export async function usefulThreads({ pieces }: PieceQueue): Promise<number> {
  const worth = Math.floor(await readingCost(pieces) / BYTES_PER_THREAD);
  return Math.max(1, Math.min(navigator.hardwareConcurrency, worth));
}

/** What a helping thread found. */
type HelperAnswer = Exclude<WorkerAnswer, { limit: unknown }>;

/** This thread and those that help it. */
export interface GroupTeam {
  readonly exchange: GroupExchange;
  readonly answers: readonly Promise<HelperAnswer>[];
  /** Ends the others, whatever they do. */
  end(): void;
}

/**
 * Starts threads beside this one.
 *
 * @param query What all of them answer
 * @param queue What there is to read
 * @param wanted Threads, with this one; there are no more than pieces to read
 * @returns Nothing where this thread is to work alone
 */
export function startTeam(
  query: GroupQuery,
  queue: PieceQueue,
  wanted: number,
): GroupTeam | undefined {
  const threads = Math.min(wanted, THREADS_MAX, queue.pieces.length);
  if (threads < 2) return undefined;
  const memory = groupExchangeMemory(threads);
  const workers: Worker[] = [];
  const answers: Promise<HelperAnswer>[] = [];
  for (let thread = 1; thread < threads; thread++) {
    const url = new URL("./parallel_groups_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    const answer = new Promise<WorkerAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`a thread failed: ${event.message}`));
      };
    }).then(outcome);
    // It is awaited later; until then a failure is no unhandled one.
    answer.catch(() => {
      queue.stop();
      exchange.fail();
    });
    const { pieces, shared } = queue;
    const task: WorkerTask = { query, pieces, shared, place: { memory, threads, thread } };
    worker.postMessage(task);
    workers.push(worker);
    answers.push(answer);
  }
  const exchange = new GroupExchange(groupOptions(query), { memory, threads, thread: 0 });
  const end = () => {
    for (const worker of workers) worker.terminate();
  };
  return { exchange, answers, end };
}

function outcome(answer: WorkerAnswer): HelperAnswer {
  if ("snapshot" in answer) return answer;
  throw new GroupTableLimitError(...answer.limit);
}
