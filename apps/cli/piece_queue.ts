import { GroupTableLimitError } from "@flowtools/flowset/groups";
import { type FlowPiece, pieceBatches } from "./flow_pieces.ts";
import type { QueryRun } from "./group_query.ts";

/** Numbers that all threads share, 32 bits each. */
const SLOT = { next: 0, kibibytes: 1, count: 2 } as const;

/** An input that could not be read, or not to its end. */
export interface PieceFault {
  /** The number of the piece. */
  readonly piece: number;
  /** What is wrong. */
  readonly message: string;
}

/** Pieces of inputs of which each thread takes the next one when it is done with the last. */
export class PieceQueue {
  /** The pieces. */
  readonly pieces: readonly FlowPiece[];
  /** What threads share; it is handed to each. */
  readonly shared: SharedArrayBuffer;
  readonly #slots: Int32Array;

  constructor(
    pieces: readonly FlowPiece[],
    shared: SharedArrayBuffer = new SharedArrayBuffer(SLOT.count * 4),
  ) {
    this.pieces = pieces;
    this.shared = shared;
    this.#slots = new Int32Array(shared);
  }

  /** The number of the next piece; nothing where there is none left. */
  take(): number | undefined {
    const next = Atomics.add(this.#slots, SLOT.next, 1);
    return next < this.pieces.length ? next : undefined;
  }

  /** Lets no more pieces be taken. */
  stop(): void {
    Atomics.store(this.#slots, SLOT.next, this.pieces.length);
  }

  /** Notes what was read. */
  read(bytes: number): void {
    Atomics.add(this.#slots, SLOT.kibibytes, Math.round(bytes / 1024));
  }

  /** Bytes that all threads have read. */
  get bytesRead(): number {
    return (Atomics.load(this.#slots, SLOT.kibibytes) >>> 0) * 1024;
  }
}

/** Adds the flows of a piece to a query, a batch at a time; tells of bytes read and of batches. */
export type AddPiece = (
  piece: FlowPiece,
  run: QueryRun,
  onRead: (bytes: number) => void,
  onBatch: () => void,
) => Promise<void>;

/** Pieces of flow-tools files. */
const addFilePiece: AddPiece = async (piece, run, onRead, onBatch) => {
  for await (const batch of pieceBatches(piece, run.columns, onRead)) {
    run.add(batch);
    onBatch();
  }
};

/**
 * Reads pieces until none is left.
 *
 * @param tick Called after every batch
 * @param add How pieces are added; default as parts of flow-tools files
 * @returns The faults of inputs
 * @throws {GroupTableLimitError} There are more groups than memory allows
 */
export async function readPieces(
  run: QueryRun,
  queue: PieceQueue,
  tick: () => void = () => {},
  add: AddPiece = addFilePiece,
): Promise<PieceFault[]> {
  const faults: PieceFault[] = [];
  for (let number = queue.take(); number !== undefined; number = queue.take()) {
    const piece = queue.pieces[number];
    try {
      await add(piece, run, (bytes) => queue.read(bytes), tick);
    } catch (error) {
      if (error instanceof GroupTableLimitError) throw error;
      const { inputFaultText } = await import("./each_input.ts");
      faults.push({ piece: number, message: inputFaultText(piece.path, error) });
    }
  }
  return faults;
}
