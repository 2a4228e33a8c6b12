/** What ends a program from outside, with the exit code that shells give for it. */
const ENDING_SIGNALS: readonly (readonly [signal: Deno.Signal, code: number])[] =
  Deno.build.os === "windows" ? [["SIGINT", 130]] : [
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ];

/** What is to be done first. */
const TASKS = new Set<() => void>();

const HANDLERS = ENDING_SIGNALS.map(([signal, code]): [Deno.Signal, () => void] => [
  signal,
  () => {
    for (const task of TASKS) task();
    Deno.exit(code);
  },
]);

/**
 * Has something done before a signal ends the program.
 *
 * @param task What; once, however often it is named
 */
export function beforeEnding(task: () => void): void {
  if (TASKS.size === 0) {
    for (const [signal, handler] of HANDLERS) Deno.addSignalListener(signal, handler);
  }
  TASKS.add(task);
}

/** Takes that back. */
export function notBeforeEnding(task: () => void): void {
  if (TASKS.delete(task) && TASKS.size === 0) {
    for (const [signal, handler] of HANDLERS) Deno.removeSignalListener(signal, handler);
  }
}
