/**
 * What each program of the collector is for, in a line. It loads nothing, so that lists of commands
 * can show it at once.
 *
 * @module
 */

/** The line of help of each program, by its name. */
export const SUMMARIES = {
  capture: "Receive exports over UDP, store the flows in rotated files, show them on a web page",
  receive: "Receive exports over UDP and write the flows to standard output or a file",
  fanout: "Receive exports over UDP and send them on to others",
} as const;
