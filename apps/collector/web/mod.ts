/** The web page, the API and the metrics of the collector. */
import type { Log } from "../log.ts";
import type { Sink } from "../sinks/sink.ts";
import type { CollectorSnapshot } from "../snapshot.ts";
import { CLOSE_MS } from "./limits.ts";
import { LiveSampler } from "./live_sampler.ts";
import { LiveSink } from "./live_sink.ts";
import type { WebAnswer, WebCommand } from "./messages.ts";
import type { WebSettings } from "./settings.ts";

export { WEB_OPTIONS } from "./options.ts";
export { type WebContext, type WebSettings, webSettings } from "./settings.ts";

/** The web part at work. */
export interface Web {
  /** Where the page is. */
  readonly url: string;
  /** Takes the flows that the page shows. */
  readonly sink: Sink;
  /**
   * Tells how the collector is; once a second.
   *
   * @param snapshot What it tells of itself
   */
  publish(snapshot: CollectorSnapshot): void;
  /** Ends it: listeners are told, answers on their way get a moment. */
  close(): Promise<void>;
}

/** The address cannot be listened on. */
export class WebError extends Error {
  override name = "WebError";
}

/**
 * Starts the web page, the API and the metrics, in a thread of their own.
 *
 * @param settings What `webSettings` gives
 * @param log Told where the page is, and of trouble
 * @returns The web part, ready for visitors
 * @throws {WebError} The address cannot be listened on
 */
export async function startWeb(settings: WebSettings, log: Log): Promise<Web> {
  const worker = new Worker(new URL("./web_worker.ts", import.meta.url), { type: "module" });
  const post = (command: WebCommand, transfer: ArrayBuffer[] = []): void =>
    worker.postMessage(command, transfer);
  const sink = new LiveSink(post, new LiveSampler(settings.liveFlowsPerSecond));
  const started = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<void>();
  let failed = false;
  /** A snapshot is on its way; a worker that is behind gets the next one when it has time. */
  let snapshotWaits = false;
  worker.onmessage = ({ data: answer }: MessageEvent<WebAnswer>) => {
    if (answer.kind === "rows") sink.taken(answer.buffer, answer.length, answer.ms);
    else if (answer.kind === "snapshot") snapshotWaits = false;
    else if (answer.kind === "warn") log.warn(answer.reason, answer.message, answer.facts);
    else if (answer.kind === "started") started.resolve(answer.url);
    else if (answer.kind === "failed") started.reject(new WebError(answer.message));
    else closed.resolve();
  };
  // The collector goes on without its page: receiving matters more.
  worker.onerror = (event) => {
    event.preventDefault();
    failed = true;
    const message = `The web page ended: ${event.message}`;
    log.warn("web-worker", message);
    void sink.close();
    started.reject(new WebError(message));
    closed.resolve();
  };
  const { liveFlowsPerSecond: _, ...server } = settings;
  post({ kind: "start", settings: server });
  let url: string;
  try {
    url = await started.promise;
  } catch (error) {
    worker.terminate();
    throw error;
  }
  log.info("The web page is ready", { url });
  let closing: Promise<void> | undefined;
  return {
    url,
    sink,
    publish: (snapshot) => {
      if (failed || snapshotWaits || closing !== undefined) return;
      snapshotWaits = true;
      post({ kind: "snapshot", snapshot });
    },
    close: () => closing ??= closeWorker(worker, post, closed.promise, sink),
  };
}

async function closeWorker(
  worker: Worker,
  post: (command: WebCommand) => void,
  closed: Promise<void>,
  sink: Sink,
): Promise<void> {
  await sink.close();
  post({ kind: "close" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, 2 * CLOSE_MS));
  await Promise.race([closed, late]);
  clearTimeout(timer);
  worker.terminate();
}
