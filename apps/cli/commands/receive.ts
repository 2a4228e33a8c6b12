import { RECEIVE } from "@flowtools/collector/options";
import type { CommandBody } from "../command.ts";

/** The collector's `receive`; it is loaded when it is called. */
export const receiveCommand: CommandBody = {
  ...RECEIVE,
  run: async (args) => {
    const { receive } = await import("@flowtools/collector");
    return await receive(args);
  },
};
