/** The thread that writes IPFIX files; `ipfix_sink.ts` starts it. */
import type { OutputAnswer, OutputPiece } from "../../relay/output_messages.ts";
import { completeIpfixFiles } from "./complete_files.ts";
import { IpfixWriter } from "./ipfix_writer.ts";
import { IPFIX_RETRY_MS } from "./limits.ts";
import type { IpfixSettings } from "./options.ts";

/** What the thread is told. */
export type IpfixJob =
  | { readonly kind: "open"; readonly settings: IpfixSettings }
  | {
    readonly kind: "messages";
    readonly piece: OutputPiece;
    /** Octets of the buffer that are messages. */
    readonly octets: number;
    readonly file: number;
    readonly now: number;
    readonly waitingOctets: number;
  }
  | { readonly kind: "flush"; readonly waitingOctets: number }
  /** The file that is open ends; what comes next goes into another. */
  | { readonly kind: "end" }
  | { readonly kind: "finish" };

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<IpfixJob>) => void;
  postMessage(answer: OutputAnswer, transfer?: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let writer: IpfixWriter;
/** When the disk is tried again, where it takes nothing. */
let retryAt = 0;
/** Whether the file that is open is to end as soon as the disk lets it. */
let ending = false;

function begin(settings: IpfixSettings): void {
  writer = new IpfixWriter(settings, {
    info: (message, facts) => scope.postMessage({ kind: "told", message, facts }),
    warn: (reason, message) => scope.postMessage({ kind: "told", message, reason }),
  });
  scope.postMessage({ kind: "open" });
  completeIpfixFiles(settings, {
    finished: (path, bytes) => {
      scope.postMessage({
        kind: "told",
        message: "completed a file of an earlier run",
        facts: { path, bytes },
      });
      writer.adopt(path);
    },
    removed: (path) => {
      const message = "removed a file of an earlier run that held no flow";
      scope.postMessage({ kind: "told", message, facts: { path } });
    },
    left: (path, why) => {
      const message = `"${path}" stays as it is: ${why}`;
      scope.postMessage({ kind: "told", message, reason: "recovery" });
    },
  });
}

/** Works with the disk until it has something against it. */
function attempt(work: () => void): boolean {
  try {
    work();
    retryAt = 0;
    return true;
  } catch (error) {
    if (retryAt === 0) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `cannot write IPFIX files: ${why}; flows wait`;
      scope.postMessage({ kind: "told", message, reason: "disk" });
    }
    retryAt = performance.now() + IPFIX_RETRY_MS;
    return false;
  }
}

function endFile(): void {
  writer.write(true);
  writer.end();
  ending = false;
}

function take({ piece, octets, file, now, waitingOctets }: IpfixJob & { kind: "messages" }): void {
  const { id, flows, buffer } = piece;
  const done = () =>
    scope.postMessage({ kind: "done", id, buffer, done: flows, dropped: {} }, [buffer]);
  writer.add({ file, now, octets: new Uint8Array(buffer, 0, octets), waitingOctets, done });
  if (performance.now() >= retryAt) attempt(() => writer.write(false));
}

scope.onmessage = ({ data: job }) => {
  if (job.kind === "open") begin(job.settings);
  else if (job.kind === "messages") take(job);
  else if (job.kind === "flush") {
    if (performance.now() < retryAt) return;
    attempt(() => {
      if (ending) endFile();
      writer.flush(job.waitingOctets);
    });
  } else if (job.kind === "end") {
    ending = true;
    attempt(endFile);
  } else {
    if (!attempt(endFile)) writer.abandon();
    scope.postMessage({ kind: "finished" });
  }
};
