import { openRecords, type RecordSource } from "@flowtools/flowset";
import { PacketWarnings } from "./packet_warnings.ts";

/**
 * Opens the inputs of a call that passes records on: flow-tools files, and captures and IPFIX files,
 * whose flows become records. What records have no place for is told on standard error.
 */
export class RecordInputs implements Disposable {
  readonly #packets = new PacketWarnings();

  /** Opens an input. */
  open(path: string): Promise<RecordSource> {
    return openRecords(path, this.#packets.optionsOf(path));
  }

  /** Says what is left over when all inputs were read. */
  [Symbol.dispose](): void {
    this.#packets.finish();
  }
}
