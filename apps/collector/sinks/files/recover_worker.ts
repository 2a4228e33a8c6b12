/** The thread that completes the files of a crashed collector; `file_sink.ts` starts it. */
import type { CaptureNaming } from "./capture_names.ts";
import { recoverCaptures } from "./recover.ts";

/** What the worker tells: that it knows which files there are, each of them, and then the end. */
export type RecoveryNews =
  | {
    readonly kind: "finished";
    readonly path: string;
    readonly flows: number;
    readonly bytes: number;
  }
  | { readonly kind: "removed"; readonly path: string }
  | { readonly kind: "left"; readonly path: string; readonly why: string }
  | { readonly kind: "listed" | "end" };

/** What the worker is told: where files are, and when this collector started, Unix ms. */
export type RecoveryOrder = CaptureNaming & { readonly startedAt: number };

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<RecoveryOrder>) => void;
  postMessage(news: RecoveryNews): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: naming }) => {
  recoverCaptures(naming, {
    listed: () => scope.postMessage({ kind: "listed" }),
    finished: (path, flows, bytes) => scope.postMessage({ kind: "finished", path, flows, bytes }),
    removed: (path) => scope.postMessage({ kind: "removed", path }),
    left: (path, why) => scope.postMessage({ kind: "left", path, why }),
  }, naming.startedAt);
  scope.postMessage({ kind: "end" });
};
