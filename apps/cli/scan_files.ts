import { SuppressList } from "@flowtools/flowset";
import { Output } from "./output.ts";
import type { LogLine } from "./scan_log.ts";

/** The suppress lists that are read where no flag names others; they need not be there. */
export const SUPPRESS_DEFAULT = "./dscan.suppress";

/** The state file, where no flag names another. */
export const STATE_DEFAULT = "/var/tmp/dscan.state";

/** The reason for which flow-dscan does not show the line. */
const NO_WILDCARD = "no src ip wildcard";

/**
 * The suppress lists of sources (`.src`) and of destinations (`.dst`).
 *
 * @param basename The path of both without these endings
 * @param log Told of lines that are wrong
 * @param announce Told what is about to be read
 */
export function loadSuppressLists(
  basename: string | undefined,
  log: LogLine,
  announce: LogLine = log,
): [sources: SuppressList, destinations: SuppressList] {
  const [sources, destinations] = [".src", ".dst"].map((suffix, index) => {
    announce(`load_suppress ${index}`);
    const path = (basename ?? SUPPRESS_DEFAULT) + suffix;
    let text: string;
    try {
      text = Deno.readTextFileSync(path);
    } catch (error) {
      if (basename === undefined && error instanceof Deno.errors.NotFound) {
        return new SuppressList();
      }
      throw error;
    }
    return SuppressList.parse(text, (reason, line) => {
      // The line comes with its end, as flow-dscan has it; wildcards are not shown there.
      log(`suppress parser: ${reason}` + (reason === NO_WILDCARD ? "" : `: ${line}\n`));
    });
  });
  return [sources, destinations];
}

/** Writes a state file; one that is there stays as it was until the new one is complete. */
export function writeState(path: string, pieces: Iterable<string>): void {
  const output = Output.open(path);
  for (const piece of pieces) output.text(piece);
  output.close();
}
