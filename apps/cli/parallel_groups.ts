import { NO_FLAGS, type ParsedArguments } from "@flowtools/common/flags";
import { type GroupResult, GroupRun, hasToldNames, ToldLabels } from "@flowtools/flowset/groups";
import { type FlowPiece, planPieces } from "./flow_pieces.ts";
import { withMemoryHint } from "./group_memory.ts";
import { groupOptions, type GroupQuery, queryKeys, QueryRun } from "./group_query.ts";
import { startTeam, usefulThreads } from "./group_team.ts";
import { type AddPiece, type PieceFault, PieceQueue, readPieces } from "./piece_queue.ts";
import { Progress } from "./progress.ts";

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
  const team = startTeam(whole, queue, threads);
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
      const answers = await Promise.all(team.answers);
      for (const answer of answers) note(queue, answer.faults);
      result = owned.finish(answers.map(({ snapshot }) => snapshot));
    }
  } catch (error) {
    throw withMemoryHint(error);
  } finally {
    queue.stop();
    team?.end();
  }
  progress.end();
  const grouped = { result, faults: reportFaults(faults) + warnings };
  if (!origins) return grouped;
  const labels = new ToldLabels(result, groups.origins);
  const shown = result.keys.slice(0, -1).map((_, key) => key);
  return { ...grouped, result: result.project(shown).result, labels };
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
