/** How benchmarks time calls: each is a process of its own, in turn with its rivals. */

/** The one in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/**
 * Runs calls in turn, round after round; the first one warms the page cache and does not count.
 *
 * @param calls The words of each
 * @param rounds Rounds that count
 * @param prepare Called before each call
 * @returns Of each call the median of its seconds
 * @throws {Error} A call fails
 */
export async function medianSeconds(
  calls: readonly (readonly string[])[],
  rounds: number,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<number[]> {
  const seconds = calls.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, call] of calls.entries()) {
      await prepare();
      const taken = await callSeconds(call);
      if (round > 0) seconds[index].push(taken);
    }
  }
  return seconds.map(median);
}

/** Seconds that a call takes, its text thrown away. */
async function callSeconds(command: readonly string[]): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await new Deno.Command(command[0], {
    args: command.slice(1),
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(`${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return (performance.now() - started) / 1000;
}
