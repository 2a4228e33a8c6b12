import { LISTEN_FLAG } from "./operation_options.ts";
import { RECEIVE } from "./options.ts";
import type { Program } from "./program.ts";
import { checkReceiveSink, createReceiveSink } from "./relay/mod.ts";

/** Writes flows to one output, as flow-receive does. */
export const receiveProgram: Program = {
  description: RECEIVE,
  operandsFlag: LISTEN_FLAG.name,
  pageDefault: false,
  listeners: ({ operands }) => operands,
  check: checkReceiveSink,
  directory: () => undefined,
  openSinks: async ({ settings, log, outputEnded }) => ({
    sinks: [await createReceiveSink(settings, log, { ended: outputEnded })],
  }),
};
