import type { FtFault } from "./errors.ts";
import type { RecordBlock } from "./record_block.ts";

/** Turns the bytes behind a header into blocks of whole records. */
export interface RecordSource {
  /** Whether bytes were pushed that `next()` has not looked at. */
  readonly unread: boolean;
  /** Why no more records come, once that is known. */
  readonly fault: FtFault | undefined;
  /**
   * Gives the next bytes.
   *
   * @param chunk The bytes
   * @param fileOffset Where in the file they are
   */
  push(chunk: Uint8Array, fileOffset: number): void;
  /** The next whole records of what was pushed, if there are any. */
  next(): RecordBlock | undefined;
  /** No more bytes come, and `next()` has nothing left: sets `fault` if they end too early. */
  end(): void;
  /** Frees what the source holds. */
  close(): void;
}
