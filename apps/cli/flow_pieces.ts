import { FlowBatch, type FlowFieldName } from "@flowtools/flow-model";
import { READ_BATCH_ROWS } from "@flowtools/flowset/groups";
import { openFtFile } from "@flowtools/ft-format/deno";
import { fileStart } from "./file_start.ts";
import { fileBytes } from "./file_bytes.ts";

/** Bytes of a piece of a large file: enough to be worth opening it again. */
const PIECE_BYTES = 1 << 24;

/** How many times longer compressed bytes take than plain ones. */
const INFLATE_COST = 8;

/** A part of an input that is read in one go. */
export interface FlowPiece {
  /** The input; `-` is standard input. */
  readonly path: string;
  /** The first record; nothing where the whole input is meant. */
  readonly from?: number;
  /** How many records; nothing for all that follow. */
  readonly count?: number;
  /** Bytes of it, as far as they are known. */
  readonly bytes: number;
  /**
   * It is none of flow-tools' files that can be opened any time: standard input, a pipe, or export
   * packets, whose templates decode those of the inputs behind them. One thread reads all of these.
   */
  readonly ordered?: true;
}

/**
 * Takes inputs apart, so that several threads have something to do: large files that are neither
 * compressed nor pipes into pieces, all others are one.
 */
export async function planPieces(paths: readonly string[]): Promise<FlowPiece[]> {
  const pieces: FlowPiece[] = [];
  for (const path of paths) {
    const bytes = fileBytes(path);
    if (!isFlowFile(path)) {
      pieces.push({ path, bytes, ordered: true });
      continue;
    }
    const records = bytes < PIECE_BYTES * 2 ? undefined : await plainRecords(path);
    if (records === undefined) {
      pieces.push({ path, bytes });
      continue;
    }
    const parts = Math.floor(bytes / PIECE_BYTES);
    const each = Math.ceil(records / parts);
    for (let from = 0; from < records; from += each) {
      // The last one reads on to the end, where a record may be cut off.
      const last = from + each >= records;
      pieces.push({ path, from, count: last ? undefined : each, bytes: bytes / parts });
    }
  }
  return pieces;
}

/** What flow-tools files begin with. */
const MAGIC = [0xcf, 0x10] as const;

/** Whether an input is a regular file that begins as those of flow-tools do. */
function isFlowFile(path: string): boolean {
  const start = fileStart(path, MAGIC.length);
  return MAGIC.every((byte, at) => start[at] === byte);
}

/**
 * About how many bytes of plain records take as long to read as some pieces.
 *
 * Files that stay whole although they are large are compressed; of small ones the first tells.
 */
export async function readingCost(pieces: readonly FlowPiece[]): Promise<number> {
  let small: boolean | undefined;
  let cost = 0;
  for (const { path, from, bytes } of pieces) {
    let compressed = from === undefined;
    if (bytes < PIECE_BYTES * 2 && compressed) {
      compressed = small ??= bytes > 0 && await plainRecords(path) === undefined;
    }
    cost += bytes * (compressed ? INFLATE_COST : 1);
  }
  return cost;
}

/** Records of a file that can be sought in. */
async function plainRecords(path: string): Promise<number | undefined> {
  try {
    using file = await openFtFile(path);
    return file.recordCount;
  } catch {
    // It is reported when it is read.
    return undefined;
  }
}

/**
 * The flows of a piece of a flow-tools file in batches of one memory; each is valid until the next
 * is asked for.
 *
 * @param piece What to read
 * @param columns The columns to fill
 * @param onRead Told of bytes that were read
 * @throws {FtFormatError} The input is damaged; after all whole records before the damage
 */
export async function* pieceBatches(
  piece: FlowPiece,
  columns: readonly FlowFieldName[],
  onRead?: (bytes: number) => void,
): AsyncGenerator<FlowBatch, void, undefined> {
  using file = await openFtFile(piece.path, { onRead });
  if (piece.from !== undefined) file.seekRecord(piece.from);
  const batch = new FlowBatch({ columns, capacity: READ_BATCH_ROWS });
  let left = piece.count ?? Infinity;
  let fault: unknown;
  try {
    for await (const block of file.blocks()) {
      const { layout, view, offset, littleEndian } = block;
      const count = Math.min(block.count, left);
      left -= count;
      for (let taken = 0; taken < count;) {
        const at = offset + taken * layout.size;
        taken += batch.appendRecords(layout, view, at, count - taken, littleEndian);
        if (batch.room > 0) break;
        yield batch;
        batch.reset();
      }
      if (left === 0) break;
    }
  } catch (error) {
    fault = error;
  }
  // The flows before a fault are delivered before it is thrown.
  if (batch.length > 0) yield batch;
  if (fault !== undefined) throw fault;
}
