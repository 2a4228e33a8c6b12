import { openRecords, type RecordShaper, type RecordSource } from "@flowtools/flowset/select";
import type { ParsedArguments } from "@flowtools/common/flags";
import { type InputProgress, inputProgress } from "./input_progress.ts";
import { listInputs } from "./inputs.ts";
import { PacketWarnings } from "./packet_warnings.ts";
import type { WhereSelection } from "./where_selection.ts";

/**
 * Opens the inputs of a call that passes records on: flow-tools files, and captures and IPFIX files,
 * whose flows become records. What records have no place for is told on standard error.
 */
export class RecordInputs implements Disposable {
  readonly #packets: PacketWarnings;
  readonly #progress: InputProgress;

  /** @param args The flags of the call */
  constructor(args: ParsedArguments) {
    this.#packets = new PacketWarnings(args);
    const paths = listInputs(args.operands, { includeTmp: args.on("all") });
    this.#progress = inputProgress(paths, args);
  }

  /**
   * Opens an input.
   *
   * @param path The input
   * @param selection Which of its flows; default all
   */
  open(path: string, selection?: WhereSelection): Promise<RecordSource> {
    const options = this.#packets.optionsOf(path, selection, true);
    return openRecords(path, { ...options, onRead: this.#progress.onRead });
  }

  /** Says what is left over when all inputs were read. */
  [Symbol.dispose](): void {
    this.#progress.end();
    this.#packets.finish();
  }
}

/** Says what records lost that became those of another version. */
export function tellConverted(shaper: RecordShaper): void {
  for (const { message } of shaper.losses()) console.error(`flowtools: ${message}`);
}
