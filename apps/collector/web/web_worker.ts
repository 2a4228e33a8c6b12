/** The thread of the web page: live traffic, the API and the metrics; `mod.ts` starts it. */
import { builtInSymbols } from "@flowtools/flowset";
import { Auth } from "./auth.ts";
import { FileListing } from "./file_listing.ts";
import { CLOSE_MS, LIVE_ROWS } from "./limits.ts";
import { LabelStore } from "./live/label_store.ts";
import { ExporterNames } from "./live/live_input.ts";
import { LiveStore } from "./live/live_store.ts";
import { LiveEvents } from "./live_events.ts";
import { LiveRows } from "./live_rows.ts";
import { lowerPriority } from "./low_priority.ts";
import type { WebAnswer, WebCommand } from "./messages.ts";
import { QueryQueue } from "./query/query_queue.ts";
import { Server } from "./server.ts";
import type { ServerSettings } from "./settings.ts";
import { Status } from "./status.ts";

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<WebCommand>) => void;
  postMessage(answer: WebAnswer, transfer?: ArrayBuffer[]): void;
}

/** How often listeners to live events are told how things are, ms. */
const EVENT_MS = 1_000;

const scope = globalThis as unknown as WorkerScope;
const warn = (reason: string, message: string): void =>
  scope.postMessage({ kind: "warn", reason, message });

/** The web part while it runs. */
interface Running {
  take(command: WebCommand): void;
  close(): Promise<void>;
}

let running: Running | undefined;

lowerPriority();

scope.onmessage = async ({ data: command }) => {
  if (command.kind === "start") {
    try {
      running = await start(command.settings);
    } catch (error) {
      scope.postMessage({ kind: "failed", message: startFault(command.settings, error) });
    }
  } else if (command.kind === "close") {
    await running?.close();
    scope.postMessage({ kind: "closed" });
  } else {
    running?.take(command);
  }
};

async function start(settings: ServerSettings): Promise<Running> {
  const [protocols, ports] = await Promise.all([
    builtInSymbols("ip-prot"),
    builtInSymbols("tcp-port"),
  ]);
  const labels = new LabelStore();
  const exporters = new ExporterNames();
  const live = new LiveStore({ exporters, labels, protocols, ports }, Date.now());
  const status = new Status(settings.version, live, labels);
  const events = new LiveEvents(settings.liveClients);
  const queries = new QueryQueue(settings.querySeconds, () => [...labels.domains()], warn);
  const server = new Server({
    live,
    status,
    labels,
    events,
    queries,
    files: new FileListing(settings.directory),
    whereFiles: settings.whereFiles,
    liveClients: () => events.size,
    now: Date.now,
    auth: settings.token === undefined ? undefined : await Auth.create(settings.token),
    loopback: settings.loopback,
    version: settings.version,
    warn,
  });
  const { hostname, port } = settings;
  const listener = Deno.serve({
    hostname,
    port,
    onListen: () => {},
    onError: (error) => {
      warn("http", `A request failed: ${error instanceof Error ? error.message : error}`);
      return new Response(null, { status: 500 });
    },
  }, (request) => server.handle(request));
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  scope.postMessage({ kind: "started", url: `http://${name}:${listener.addr.port}/` });
  const timer = setInterval(() => {
    const now = Date.now();
    live.advance(now);
    events.send(status.brief(now));
  }, EVENT_MS);
  return {
    take: (command) => take(command, live, status, labels),
    close: async () => {
      clearInterval(timer);
      events.close();
      queries.close();
      let late: ReturnType<typeof setTimeout> | undefined;
      const bound = new Promise<void>((resolve) => late = setTimeout(resolve, CLOSE_MS));
      await Promise.race([listener.shutdown(), bound]);
      clearTimeout(late);
    },
  };
}

function take(command: WebCommand, live: LiveStore, status: Status, labels: LabelStore): void {
  if (command.kind === "rows") {
    const start = performance.now();
    const { buffer, length, mixed, totals, at } = command;
    const rows = new LiveRows(LIVE_ROWS, buffer);
    rows.length = length;
    rows.mixed = mixed;
    live.add(rows, totals, at);
    const ms = performance.now() - start;
    scope.postMessage({ kind: "rows", buffer, length, ms }, [buffer]);
  } else if (command.kind === "totals") {
    live.addTotals(command.totals, command.at);
  } else if (command.kind === "snapshot") {
    labels.update(command.labels);
    status.update(command.snapshot);
    scope.postMessage({ kind: "snapshot" });
  }
}

function startFault({ hostname, port }: ServerSettings, error: unknown): string {
  const state = error instanceof Deno.errors.AddrInUse
    ? "somebody else listens there"
    : error instanceof Error
    ? error.message
    : String(error);
  return `Cannot serve the web page on ${hostname} port ${port}: ${state}`;
}
