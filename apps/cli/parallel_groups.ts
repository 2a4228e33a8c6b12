import { NO_FLAGS, type ParsedArguments } from "@flowtools/common/flags";
import {
  GroupExchange,
  groupExchangeMemory,
  type GroupResult,
  GroupRun,
  GroupTableLimitError,
  hasToldNames,
  ToldLabels,
} from "@flowtools/flowset/groups";
import { withMemoryHint } from "./group_memory.ts";
import { groupOptions, type GroupQuery, queryKeys, QueryRun } from "./group_query.ts";
import { type FlowPiece, planPieces, readingCost } from "./flow_pieces.ts";
import type { WorkerAnswer, WorkerTask } from "./parallel_groups_worker.ts";
import { type AddPiece, type PieceFault, PieceQueue, readPieces } from "./piece_queue.ts";
import { Progress } from "./progress.ts";

/** Threads at most: beyond that the disk is what takes time, and each hands groups to all others. */
const THREADS_MAX = 16;

/**
 * Bytes of plain records that are worth another thread: it takes some 40 ms to start, as long again
 * until its code is compiled, and many groups go from one thread to the other.
 */
const BYTES_PER_THREAD = 1 << 27;

/** How inputs are read. */
export interface ReadOptions {
  /** The flags of the call, for what decodes packets; default none. */
  readonly args?: ParsedArguments;
  /** Whether to find the names that exporters tell for values of keys. */
  readonly names?: boolean;
  /** Threads at most; default one for each core, where there is enough to read. */
  readonly threads?: number;
  /** Whether to show how far it is, where somebody looks on. */
  readonly progress?: boolean;
}

/** The groups of inputs, and what could not be read. */
export interface GroupedInputs {
  readonly result: GroupResult;
  /** Inputs with faults, and 1 where packets were not faultless; all were reported. */
  readonly faults: number;
  /** The names that exporters told for values of keys, where they were asked for. */
  readonly labels?: ToldLabels;
}

/**
 * Groups the flows of inputs, on several cores where there is enough to read. The answer is the
 * same as on one.
 *
 * @throws {GroupTableLimitError} There are more groups than memory allows
 */
export async function groupInputs(
  paths: readonly string[],
  query: GroupQuery,
  options: ReadOptions = {},
): Promise<GroupedInputs> {
  const pieces = await planPieces(paths);
  // Only packets have names, and only who asks for names of theirs has to tell exporters apart.
  const origins = options.names === true && pieces.some(({ ordered }) => ordered === true) &&
    queryKeys(query).some(hasToldNames);
  const whole = { ...query, origins };
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  using progress = new Progress(bytes, options.progress ?? true);
  // What has to be read in order belongs to this thread.
  const own = new PieceQueue(pieces.filter(({ ordered }) => ordered === true));
  const queue = new PieceQueue(pieces.filter(({ ordered }) => ordered !== true));
  const faults: [FlowPiece, PieceFault][] = [];
  const note = (from: PieceQueue, found: readonly PieceFault[]) =>
    faults.push(
      ...found.map((fault): [FlowPiece, PieceFault] => [from.pieces[fault.piece], fault]),
    );
  let warnings = 0;
  const grouping = groupOptions(whole);
  // Values of elements have words that only one thread knows.
  const alone = grouping.keys.some(({ spec }) => spec.kind === "element");
  const threads = alone ? 1 : options.threads ?? await usefulThreads(queue);
  const team = startTeam(whole, queue, Math.min(threads, THREADS_MAX, queue.pieces.length));
  const groups = team?.exchange.local ?? new GroupRun(grouping);
  let result: GroupResult;
  try {
    const run = await QueryRun.begin(whole, groups);
    const tick = () => {
      team?.exchange.turn();
      progress.show(own.bytesRead + queue.bytesRead);
    };
    if (own.pieces.length > 0) {
      // Who reads nothing but files need not wait until all that decodes packets is loaded.
      const { OrderedInputs } = await import("./ordered_inputs.ts");
      const { WhereSelection } = await import("./where_selection.ts");
      const selection = await WhereSelection.of(run.where);
      const inputs = new OrderedInputs(run, selection, options.args ?? NO_FLAGS);
      const add: AddPiece = (piece, _, onRead, onBatch) => inputs.add(piece, onRead, onBatch);
      note(own, await readPieces(run, own, tick, add));
      warnings = inputs.finish();
    }
    note(queue, await readPieces(run, queue, tick));
    if (team === undefined) result = groups.finish();
    else {
      const owned = await team.exchange.finish();
      const found = await Promise.all(team.answers);
      for (const { faults } of found) note(queue, faults);
      result = owned.finish(found.map(({ snapshot }) => snapshot));
    }
  } catch (error) {
    throw withMemoryHint(error);
  } finally {
    queue.stop();
    team?.end();
  }
  progress.end();
  const found = { result, faults: reportFaults(faults) + warnings };
  if (!origins) return found;
  const labels = new ToldLabels(result, groups.origins);
  const shown = result.keys.slice(0, -1).map((_, key) => key);
  return { ...found, result: result.project(shown).result, labels };
}

/** As many threads as there are cores, where the inputs are worth it. */
async function usefulThreads({ pieces }: PieceQueue): Promise<number> {
  const worth = Math.floor(await readingCost(pieces) / BYTES_PER_THREAD);
  return Math.max(1, Math.min(navigator.hardwareConcurrency, worth));
}

/** What a helping thread found. */
type HelperAnswer = Exclude<WorkerAnswer, { limit: unknown }>;

/** This thread and those that help it. */
interface Team {
  readonly exchange: GroupExchange;
  readonly answers: readonly Promise<HelperAnswer>[];
  /** Ends the others, whatever they do. */
  end(): void;
}

/** Starts as many threads as are needed beside this one; nothing where it is to work alone. */
function startTeam(query: GroupQuery, queue: PieceQueue, threads: number): Team | undefined {
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

/** Each input once, in the order in which they were named. */
function reportFaults(faults: readonly (readonly [FlowPiece, PieceFault])[]): number {
  const messages = new Map<string, string>();
  for (const [{ path }, { message }] of faults.toSorted(([, a], [, b]) => a.piece - b.piece)) {
    if (!messages.has(path)) messages.set(path, message);
  }
  for (const message of messages.values()) console.error(`flowtools: ${message}`);
  return messages.size;
}
