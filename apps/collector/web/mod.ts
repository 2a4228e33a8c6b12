/** The web page, the API and the metrics of the collector. */
import type { KnownSession } from "../exporters.ts";
import { LabelFeed } from "../label_feed.ts";
import type { Log } from "../log.ts";
import type { Sink } from "../sinks/sink.ts";
import type { CollectorSnapshot } from "../snapshot.ts";
import { SupervisedThread, type WorkerStart } from "../supervised_thread.ts";
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
   * @param sessions What is known of exporters that send templates
   */
  publish(snapshot: CollectorSnapshot, sessions?: Iterable<KnownSession>): void;
  /** Ends it: listeners are told, answers on their way get a moment. */
  close(): Promise<void>;
}

/** The address cannot be listened on. */
export class WebError extends Error {
  override name = "WebError";
}

/**
 * Starts the web page, the API and the metrics, in a thread of their own. One that ends by itself is
 * replaced: its tables begin anew.
 *
 * @param settings What `webSettings` gives
 * @param log Told where the page is, and of trouble
 * @param internals How the thread is started, where it is not to be as usual
 * @returns The web part, ready for visitors
 * @throws {WebError} The address cannot be listened on
 */
export async function startWeb(
  settings: WebSettings,
  log: Log,
  internals: WorkerStart = {},
): Promise<Web> {
  const { liveFlowsPerSecond, ...server } = settings;
  const url = new URL("./web_worker.ts", import.meta.url);
  const started = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<void>();
  const labels = new LabelFeed();
  let { port } = settings;
  let ready = false;
  /** A snapshot is on its way; a worker that is behind gets the next one when it has time. */
  let snapshotWaits = false;
  const worker = new SupervisedThread<WebCommand, WebAnswer>({
    start: internals.startWorker ?? (() => new Worker(url, { type: "module" })),
    hear: (answer) => {
      if (answer.kind === "rows") sink.taken(answer.buffer, answer.length, answer.ms);
      else if (answer.kind === "snapshot") snapshotWaits = false;
      else if (answer.kind === "warn") log.warn(answer.reason, answer.message, answer.facts);
      else if (answer.kind === "started") begun(answer.url);
      else if (answer.kind === "failed") worker.fail(answer.message);
      else closed.resolve();
    },
    begun: () => void worker.post({ kind: "start", settings: { ...server, port } }),
    // The collector goes on without its page: receiving matters more.
    crashed: (message) => {
      sink.crashed();
      closed.resolve();
      if (!ready) {
        worker.end();
        started.reject(new WebError(message));
      } else {
        log.warn("web-worker", `The web page ended, and is started anew: ${message}`);
      }
    },
    settled: () => {},
  });
  const sink = new LiveSink((command, transfer) => {
    worker.post(command, transfer);
  }, new LiveSampler(liveFlowsPerSecond));
  const begun = (url: string): void => {
    // Whoever looks at the page finds it again where it was.
    port = Number(new URL(url).port) || port;
    ready = true;
    snapshotWaits = false;
    labels.reset();
    sink.begun();
    log.info("The web page is ready", { url });
    started.resolve(url);
  };
  worker.start();
  const page = await started.promise;
  let closing: Promise<void> | undefined;
  return {
    url: page,
    sink,
    publish: (snapshot, sessions = []) => {
      if (!worker.running || snapshotWaits || closing !== undefined) return;
      snapshotWaits = true;
      worker.post({ kind: "snapshot", snapshot, labels: labels.changes(sessions) });
    },
    close: () => closing ??= closeWorker(worker, closed.promise, sink),
  };
}

async function closeWorker(
  worker: SupervisedThread<WebCommand, WebAnswer>,
  closed: Promise<void>,
  sink: Sink,
): Promise<void> {
  await sink.close();
  if (worker.post({ kind: "close" })) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, 2 * CLOSE_MS));
    await Promise.race([closed, late]);
    clearTimeout(timer);
  }
  worker.end();
}
