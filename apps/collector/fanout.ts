import { PEERS_FLAG } from "./operation_options.ts";
import { FANOUT } from "./options.ts";
import type { Program } from "./program.ts";
import { createFanout, fanoutListeners, fanoutSettings } from "./relay/mod.ts";

/** Sends flows on to others, as flow-fanout does. */
export const fanoutProgram: Program = {
  description: FANOUT,
  operandsFlag: PEERS_FLAG.name,
  pageDefault: false,
  listeners: fanoutListeners,
  check: fanoutSettings,
  directory: () => undefined,
  openSinks: ({ settings, log }) => createFanout(fanoutSettings(settings), log),
};
