import { CAPTURE } from "@flowtools/collector/options";
import type { CommandBody } from "../command.ts";

/** The collector's `capture`; it is loaded when it is called. */
export const captureCommand: CommandBody = {
  ...CAPTURE,
  run: async (args) => {
    const { capture } = await import("@flowtools/collector");
    return await capture(args);
  },
};
