import { CAPTURE } from "@flowtools/collector/options";
import type { Command } from "../command.ts";

/** The collector's `capture`; it is loaded when it is called. */
export const captureCommand: Command = {
  ...CAPTURE,
  run: async (args) => {
    const { capture } = await import("@flowtools/collector");
    return await capture(args);
  },
};
