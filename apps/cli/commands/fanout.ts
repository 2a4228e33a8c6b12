import { FANOUT } from "@flowtools/collector/options";
import type { CommandBody } from "../command.ts";

/** The collector's `fanout`; it is loaded when it is called. */
export const fanoutCommand: CommandBody = {
  ...FANOUT,
  run: async (args) => {
    const { fanout } = await import("@flowtools/collector");
    return await fanout(args);
  },
};
