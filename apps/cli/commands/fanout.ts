import { FANOUT } from "@flowtools/collector/options";
import type { Command } from "../command.ts";

/** The collector's `fanout`; it is loaded when it is called. */
export const fanoutCommand: Command = {
  ...FANOUT,
  run: async (args) => {
    const { fanout } = await import("@flowtools/collector");
    return await fanout(args);
  },
};
