import { hasLibc, loadLibc, PRIO_PROCESS } from "../sources/libc.ts";

/** How nice the threads of the page are: receiving and storing come first, yet they are not starved. */
const NICE = 10;

/** The thread that asks. */
const SELF = 0;

/**
 * Lets the other threads of the collector come first where there are fewer cores than work. Linux
 * keeps a priority for each thread; elsewhere, and without the permission to call it, all are equal.
 *
 * @returns Whether it could be done
 */
export function lowerPriority(): boolean {
  if (!hasLibc() || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return false;
  return loadLibc().call.setpriority(PRIO_PROCESS, SELF, NICE) === 0;
}
