/**
 * What the executable may do. It is as much as its command that needs most: files and programs that
 * the user names, sockets, and libc for the fast source.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-ffi",
  "--allow-sys",
  "--allow-env",
  "--allow-run",
];

/** Flags of the runtime that the program needs. */
export const RUNTIME_FLAGS: readonly string[] = ["--unstable-net", "--no-prompt"];

/** Keep the runtime to the bundled program: no configuration, no packages. */
const SEALED: readonly string[] = [
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--cached-only",
  "--no-check",
];

/** Everything that a run of the bundled program is given. */
export const RUN_FLAGS: readonly string[] = [...SEALED, ...RUNTIME_FLAGS, ...PERMISSIONS];
