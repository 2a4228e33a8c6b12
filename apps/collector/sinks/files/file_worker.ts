/** The thread that writes capture files; `file_sink.ts` starts it. */
import type { Facts } from "../../log.ts";
import type { LossCounts } from "../sink.ts";
import { FileStore, type RecordChunk, type StoreSettings } from "./file_store.ts";
import { CHUNK_BYTES } from "./limits.ts";

/** What the worker is told. */
export type FileOrder =
  | {
    readonly kind: "begin";
    readonly settings: StoreSettings;
    /** Chunks sent and not taken yet: one number, which both sides change. */
    readonly waiting: SharedArrayBuffer;
  }
  | { readonly kind: "records"; readonly chunk: RecordChunk }
  | { readonly kind: "adopt"; readonly path: string }
  | {
    readonly kind: "tick" | "end";
    readonly now: number;
    readonly losses: LossCounts;
    readonly rotate: boolean;
  };

/** What the worker tells. */
export type FileNews =
  /** It is there; a tick is done; everything is done. */
  | { readonly kind: "ready" | "ticked" | "ended" }
  /** Memory is free. */
  | { readonly kind: "taken"; readonly buffer: ArrayBuffer }
  /** More flows are safe, or lost for good. */
  | { readonly kind: "done"; readonly flows: number }
  | { readonly kind: "dropped"; readonly reason: "disk"; readonly flows: number }
  | { readonly kind: "eased"; readonly flows: number }
  /** The disk takes nothing, or does so again. */
  | { readonly kind: "blocked"; readonly blocked: boolean }
  | { readonly kind: "file"; readonly path: string; readonly flows: number; readonly bytes: number }
  | { readonly kind: "info"; readonly message: string; readonly facts: Facts }
  | { readonly kind: "warn"; readonly reason: string; readonly message: string };

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<FileOrder>) => void;
  postMessage(news: FileNews, transfer?: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let store: FileStore | undefined;

function begin(settings: StoreSettings, waiting: Int32Array): FileStore {
  return new FileStore(settings, {
    taken: (buffer) => {
      Atomics.sub(waiting, 0, 1);
      scope.postMessage({ kind: "taken", buffer }, [buffer]);
    },
    done: (flows) => scope.postMessage({ kind: "done", flows }),
    dropped: (reason, flows) => scope.postMessage({ kind: "dropped", reason, flows }),
    eased: (flows) => scope.postMessage({ kind: "eased", flows }),
    blocked: (blocked) => scope.postMessage({ kind: "blocked", blocked }),
    file: (path, flows, bytes) => scope.postMessage({ kind: "file", path, flows, bytes }),
    info: (message, facts) => scope.postMessage({ kind: "info", message, facts }),
    warn: (reason, message) => scope.postMessage({ kind: "warn", reason, message }),
  }, () => Atomics.load(waiting, 0) * CHUNK_BYTES);
}

scope.onmessage = ({ data: order }) => {
  if (order.kind === "begin") {
    store = begin(order.settings, new Int32Array(order.waiting));
    scope.postMessage({ kind: "ready" });
  } else if (order.kind === "records") {
    store?.add(order.chunk);
  } else if (order.kind === "adopt") {
    store?.adopt(order.path);
  } else if (order.kind === "tick") {
    store?.tick(order.now, order.losses, order.rotate);
    scope.postMessage({ kind: "ticked" });
  } else {
    store?.close(order.now, order.losses);
    scope.postMessage({ kind: "ended" });
  }
};
