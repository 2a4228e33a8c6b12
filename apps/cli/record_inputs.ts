import type { ParsedArguments } from "@flowtools/common/flags";
import { openRecords, type RecordShaper, type RecordSource } from "@flowtools/flowset";
import { PacketWarnings } from "./packet_warnings.ts";

/**
 * Opens the inputs of a call that passes records on: flow-tools files, and captures and IPFIX files,
 * whose flows become records. What records have no place for is told on standard error.
 */
export class RecordInputs implements Disposable {
  readonly #packets: PacketWarnings;

  /** @param args The flags of the call */
  constructor(args: ParsedArguments) {
    this.#packets = new PacketWarnings(args);
  }

  /** Opens an input. */
  open(path: string): Promise<RecordSource> {
    return openRecords(path, this.#packets.optionsOf(path, true));
  }

  /** Says what is left over when all inputs were read. */
  [Symbol.dispose](): void {
    this.#packets.finish();
  }
}

/** Says what records lost that became those of another version. */
export function tellConverted(shaper: RecordShaper): void {
  for (const { message } of shaper.losses()) console.error(`flowtools: ${message}`);
}
