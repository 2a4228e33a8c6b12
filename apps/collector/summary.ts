import type { CollectorSnapshot } from "./snapshot.ts";

/**
 * What happened, as facts of a log line: what came, and each loss by its cause.
 *
 * @returns Counts since the start; what never happened is left out, but for packets and flows
 */
export function summaryFacts(snapshot: CollectorSnapshot): Record<string, number> {
  const { packets, flows, notAllowed, malformed, sequence, sources, sinks } = snapshot;
  const { forwarders = [], templates = {} } = snapshot;
  const facts: Record<string, number> = { packets, flows };
  const add = (name: string, count: number) => {
    if (count !== 0) facts[name] = count;
  };
  add("lost", sequence.lost);
  add("reordered", sequence.reordered);
  add("duplicate", sequence.duplicate);
  add("reset", sequence.reset);
  add("kernel-drops", sum(sources.map(({ kernelDrops }) => kernelDrops ?? 0)));
  add("truncated", sum(sources.map(({ truncated }) => truncated)));
  add("receive-errors", sum(sources.map(({ errors }) => errors)));
  add("not-allowed", notAllowed);
  for (const [reason, count] of Object.entries(malformed)) add(`malformed-${reason}`, count);
  for (const [version, { overdue, overflowed, damaged }] of Object.entries(templates)) {
    add(`v${version}-sets-overdue`, overdue);
    add(`v${version}-sets-overflowed`, overflowed);
    add(`v${version}-sets-damaged`, damaged);
  }
  for (const { name, done, queued, filtered, dropped } of [...sinks, ...forwarders]) {
    facts[`${name}-done`] = done;
    add(`${name}-queued`, queued);
    add(`${name}-filtered`, filtered);
    for (const [reason, count] of Object.entries(dropped)) add(`${name}-dropped-${reason}`, count);
  }
  return facts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
