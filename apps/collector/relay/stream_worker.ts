/** The thread that writes a flow-tools stream; `stream_sink.ts` starts it. */
import { FtStreamEncoder, type FtWriteOptions } from "@flowtools/ft-format";
import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";
import type { LossCounts } from "../sinks/sink.ts";
import type { OutputAnswer, OutputPiece } from "./output_messages.ts";
import { outputFault, OutputTarget } from "./output_target.ts";

/** What is the same for all streams. */
export type StreamHeader = Pick<
  FtWriteOptions,
  "byteOrder" | "compressionLevel" | "captureStart" | "hostname" | "comments"
>;

/** What the thread is told. */
export type StreamJob =
  | {
    readonly kind: "open";
    /** A file; standard output where it is `-` or not given. */
    readonly path: string | undefined;
    readonly header: StreamHeader;
  }
  /** The version is known: the header can be written. */
  | { readonly kind: "begin"; readonly version: number; readonly aggregation?: number }
  /** Records of the stream's version and byte order. */
  | { readonly kind: "records"; readonly piece: OutputPiece }
  /** Brings out what compression holds back. */
  | { readonly kind: "flush" }
  | { readonly kind: "finish"; readonly captureEnd: number; readonly losses: LossCounts };

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<StreamJob>) => void;
  postMessage(answer: OutputAnswer, transfer?: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as WorkerScope;

let target: OutputTarget;
let header: StreamHeader;
let encoder: FtStreamEncoder | undefined;

/**
 * Writes the header. One that can be written again at the end has its counters from the start, and
 * says until then that it is a stream.
 */
function begin({ version, aggregation }: Extract<StreamJob, { kind: "begin" }>): void {
  const counters = target.rewritable
    ? { flowCount: 0, lost: 0, corrupt: 0, sequenceResets: 0, captureEnd: 0 }
    : {};
  encoder = new FtStreamEncoder({
    ...header,
    ...counters,
    version,
    aggregation,
    streaming: true,
    zlib: NATIVE_ZLIB,
  });
  target.write(encoder.header());
}

function writeRecords({ id, flows, buffer }: OutputPiece): void {
  const layout = encoder!.layout;
  const littleEndian = header.byteOrder !== "big";
  const block = { layout, view: new DataView(buffer), offset: 0, count: flows, littleEndian };
  for (const bytes of encoder!.encodeBlock(block)) target.write(bytes);
  scope.postMessage({ kind: "done", id, buffer, done: flows, dropped: {} }, [buffer]);
}

function finish({ captureEnd, losses }: Extract<StreamJob, { kind: "finish" }>): void {
  if (encoder !== undefined) {
    target.write(encoder.finish());
    if (target.rewritable) {
      encoder.captureEnd = captureEnd;
      encoder.lost = Math.max(0, losses.lost);
      encoder.corrupt = losses.corrupt;
      encoder.sequenceResets = losses.resets;
      target.rewrite(encoder.finalHeader());
    }
  }
  target.close();
  scope.postMessage({ kind: "finished" });
}

function work(job: StreamJob): void {
  switch (job.kind) {
    case "open":
      header = job.header;
      target = OutputTarget.open(job.path);
      scope.postMessage({ kind: "open" });
      break;
    case "begin":
      begin(job);
      break;
    case "records":
      writeRecords(job.piece);
      break;
    case "flush":
      if (encoder !== undefined) target.write(encoder.flush());
      break;
    case "finish":
      finish(job);
  }
}

scope.onmessage = ({ data }) => {
  try {
    work(data);
  } catch (error) {
    scope.postMessage({ kind: "ended", message: outputFault(error) });
  }
};
