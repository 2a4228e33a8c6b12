import type { Flag, ParsedArguments } from "@flowtools/common/flags";
import { LOG_FORMATS, LOG_LEVELS } from "./log_format.ts";

/** Names the one file of settings. */
export const CONFIG_FLAG: Flag = {
  name: "config",
  value: "FILE",
  doc: "TOML file with settings, whose keys are the long names of these flags",
};

/** Seconds that queues may take to empty at the end; a service manager waits ninety. */
export const DRAIN_SECONDS = 10;

/** Where templates are kept in the directory of the files, unless told otherwise. */
const STATE_FILE = ".flowtools-templates.json";

/** Minutes between STAT lines at most, as in the reference: they are aligned to the hour. */
const STAT_MINUTES_MAX = 60;

/** Holds the operands where the call has none. */
export const LISTEN_FLAG: Flag = {
  name: "listen",
  value: "ADDRESS",
  repeated: true,
  doc: "Where to listen; the same as the operands, for files of settings (default: every IPv4 " +
    "address, port 9991)",
};

/** The same for the fan-out, whose operands are not only listeners. */
export const PEERS_FLAG: Flag = {
  name: "peers",
  value: "ADDRESS",
  repeated: true,
  doc: "The listener and the targets; the same as the operands, for files of settings",
};

/** The level of flow-receive and flow-fanout, which know but what the log tells always. */
export const DEBUG_FLAG: Flag = {
  name: "debug",
  letter: "d",
  value: "LEVEL",
  range: [0, 99],
  doc: "Accepted for the sake of old scripts: what there is to tell is in the log",
};

/** How the program runs, whatever it does with the flows. */
export const OPERATION_OPTIONS: readonly Flag[] = [
  CONFIG_FLAG,
  {
    name: "check-config",
    doc:
      "Show the settings that are in effect and where each comes from, or what is wrong, and end",
  },
  {
    name: "log-format",
    value: "FORMAT",
    choices: LOG_FORMATS,
    doc: "Form of the log on standard error (default: auto, text on a terminal and json otherwise)",
  },
  {
    name: "log-level",
    value: "LEVEL",
    choices: LOG_LEVELS,
    doc: "What is logged: everything, or only trouble (default: info)",
  },
  {
    name: "drain-seconds",
    value: "N",
    range: [0, 3600],
    doc: `Seconds that queues may take to empty at the end (default: ${DRAIN_SECONDS})`,
  },
  {
    name: "stat-minutes",
    letter: "S",
    value: "N",
    range: [0, STAT_MINUTES_MAX],
    doc: "Log a STAT line for each exporter every N minutes of the hour (default: 0, never)",
  },
  {
    name: "pid-file",
    letter: "p",
    value: "FILE",
    doc: "File for the process number, with the port behind its name; - for none (default: none)",
  },
  {
    name: "state-file",
    value: "FILE",
    doc:
      "Where templates of NetFlow v9 and IPFIX are kept over a restart; - for nowhere (default: " +
      `${STATE_FILE} in the directory of the files; nowhere without one, and for packet captures)`,
  },
  {
    name: "foreground",
    letter: "D",
    doc: "Accepted for the sake of old scripts: the program always stays in the foreground",
  },
];

/**
 * Where templates are kept over a restart.
 *
 * @param args The settings
 * @param directory Where the files are, where there are any
 * @returns A path; `undefined` for nowhere
 */
export function stateFile(
  args: ParsedArguments,
  directory: string | undefined,
): string | undefined {
  const path = args.value("state-file");
  if (path === undefined || path === "") {
    return directory === undefined ? undefined : `${directory}/${STATE_FILE}`;
  }
  return path === "-" ? undefined : path;
}
