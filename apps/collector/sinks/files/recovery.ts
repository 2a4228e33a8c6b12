import type { Log } from "../../log.ts";
import type { CaptureNaming } from "./capture_names.ts";
import type { FinishedFile } from "./file_sink.ts";
import type { RecoveryNews, RecoveryOrder } from "./recover_worker.ts";

/** Completes, on a thread of its own, the files that a collector began and could not end. */
export class Recovery {
  readonly #order: RecoveryOrder;
  readonly #log: Log;
  readonly #onFile: (file: FinishedFile) => void;
  #worker: Worker | undefined;
  #listed = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<void>();

  constructor(
    { directory, nesting }: CaptureNaming,
    log: Log,
    onFile: (file: FinishedFile) => void,
  ) {
    this.#order = { directory, nesting, startedAt: Date.now() };
    this.#log = log;
    this.#onFile = onFile;
  }

  /** Resolved when it is over. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /**
   * Begins, unless it is under way.
   *
   * @returns Resolved when it is known which files there are: it does not take a file that is begun
   * after that for one of before
   */
  start(): Promise<void> {
    if (this.#worker !== undefined) return this.#listed.promise;
    this.#listed = Promise.withResolvers();
    this.#ended = Promise.withResolvers();
    const url = new URL("./recover_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<RecoveryNews>) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#log.warn("recovery", `files of before are not completed: ${event.message}`);
      this.#stop();
    };
    worker.postMessage(this.#order);
    this.#worker = worker;
    return this.#listed.promise;
  }

  /** Waits for its end, for a while; what is not completed then, the next start completes. */
  async close(waitMs: number): Promise<void> {
    if (this.#worker === undefined) return;
    const timer = setTimeout(() => this.#stop(), waitMs);
    await this.ended;
    clearTimeout(timer);
  }

  #hear(news: RecoveryNews): void {
    if (news.kind === "finished") {
      const { path, flows, bytes } = news;
      this.#log.info("completed a file of an earlier run", { path, flows });
      this.#onFile({ path, flows, bytes });
    } else if (news.kind === "removed") {
      this.#log.info("removed a file of an earlier run that held no flow", { path: news.path });
    } else if (news.kind === "left") {
      this.#log.warn("recovery", `"${news.path}" stays as it is: ${news.why}`);
    } else if (news.kind === "listed") {
      this.#listed.resolve();
    } else {
      this.#stop();
    }
  }

  #stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#listed.resolve();
    this.#ended.resolve();
  }
}
