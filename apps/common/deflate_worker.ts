/** The thread that deflates blocks; `parallel_deflate.ts` starts some of them. */
import { deflateBlock } from "./deflate_block.ts";

/** What a worker is told. */
export interface DeflateJob {
  readonly id: number;
  readonly buffer: ArrayBuffer;
  readonly length: number;
  readonly level: number;
  /** Memory for the outcome. */
  readonly output: ArrayBuffer;
}

/** What a worker tells: first that it is there, then the outcome of each job. */
export type DeflateAnswer = "ready" | {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly adler: number;
  /** The memory of the job, to be used again. */
  readonly buffer: ArrayBuffer;
};

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<DeflateJob>) => void;
  postMessage(answer: DeflateAnswer, transfer?: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: { id, buffer, length, level, output } }) => {
  const block = new Uint8Array(buffer, 0, length);
  const { bytes, adler } = deflateBlock(block, level, new Uint8Array(output));
  scope.postMessage({ id, bytes, adler, buffer }, [bytes.buffer, buffer]);
};
scope.postMessage("ready");
