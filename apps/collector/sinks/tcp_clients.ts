import { UsageError } from "@flowtools/common/flags";
import type { FlowBatch, FlowSchema, RecordLayout } from "@flowtools/flow-model";
import { FtStreamEncoder, recordBytes } from "@flowtools/ft-format";
import type { Log } from "../log.ts";
import { loadPipeline } from "../pipeline/load_pipeline.ts";
import { takeIPv4Rows } from "../pipeline/ipv4_rows.ts";
import { LostColumnsNotice } from "../pipeline/lost_columns_notice.ts";
import {
  IPV6_REASON,
  type PipelineRoute,
  type RecordPipeline,
} from "../pipeline/record_pipeline.ts";
import type { FileSettings } from "./files/options.ts";
import type { Sink, SinkCounters } from "./sink.ts";
import { TcpClient } from "./tcp_client.ts";

/** What the clients' stream takes of the settings. */
export type ClientSettings = Pick<
  FileSettings,
  "clients" | "byteOrder" | "comments" | "pipeline" | "drainMs"
>;

/**
 * Starts a sink whose TCP clients get a live flow-tools stream, as those of flow-capture's `-c`.
 *
 * @param settings Clients at most, and what the stream is like
 * @param log Where it tells of clients
 * @param port The TCP port, 0 for any free one
 * @param hostname The address to listen on; default any
 * @returns The sink; `close()` lets the clients go
 * @throws {UsageError} The port cannot be listened on, or a configuration is not there
 */
export async function createClientSink(
  settings: ClientSettings,
  log: Log,
  port: number,
  hostname: string = "0.0.0.0",
): Promise<ClientSink> {
  const pipeline = await loadPipeline(settings.pipeline, settings.byteOrder, log);
  try {
    const listener = Deno.listen({ hostname, port });
    return new ClientSink(settings, pipeline, log, listener);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot listen for clients on tcp ${hostname}:${port}: ${reason}`);
  }
}

/**
 * Gives flows to TCP clients. Its counters count copies: a flow for two clients is given twice, and
 * without clients none is given.
 *
 * The stream has one version, as flow-capture's: that of the settings, or of the first flow.
 */
export class ClientSink implements Sink {
  readonly name = "clients";
  readonly counters: SinkCounters = { given: 0, done: 0, queued: 0, filtered: 0, dropped: {} };
  readonly #settings: ClientSettings;
  readonly #log: Log;
  readonly #listener: Deno.TcpListener;
  readonly #clients = new Set<TcpClient>();
  readonly #lostColumns: LostColumnsNotice;
  readonly #accepting: Promise<void>;
  readonly #startedAt = Date.now();
  #pipeline: RecordPipeline;
  #layout: RecordLayout | undefined;

  /** Makes a sink; `createClientSink()` is the way to get one. */
  constructor(
    settings: ClientSettings,
    pipeline: RecordPipeline,
    log: Log,
    listener: Deno.TcpListener,
  ) {
    this.#settings = settings;
    this.#pipeline = pipeline;
    this.#log = log;
    this.#listener = listener;
    this.#layout = pipeline.layout;
    this.#lostColumns = new LostColumnsNotice(this.name, log);
    this.#accepting = this.#accept();
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#listener.addr.port;
  }

  write(batch: FlowBatch): void {
    const { schemaOf, schemas, length } = batch;
    if (length === 0) return;
    this.#fixLayout(this.#pipeline.route(schemas[schemaOf[0]]));
    for (let from = 0, to = 0; from < length && this.#clients.size > 0; from = to) {
      const schema = schemaOf[from];
      while (to < length && schemaOf[to] === schema) to++;
      this.#send(batch, from, to, schemas[schema]);
    }
  }

  countLosses(): void {
    // The header of a stream has no place for what is lost after it.
  }

  flush(now: number): Promise<void> {
    // Everything is on its way already.
    this.#lostColumns.tell(now);
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#listener.close();
    this.#lostColumns.end();
    await this.#accepting;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#settings.drainMs);
    });
    const clients = [...this.#clients];
    await Promise.race([bound, Promise.all(clients.map((client) => client.drain()))]);
    clearTimeout(timer);
    await Promise.all(clients.map((client) => client.stop()));
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) this.#welcome(conn);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn("clients", `no more clients are accepted: ${reason}`);
    }
  }

  #welcome(conn: Deno.TcpConn): void {
    if (this.#clients.size >= this.#settings.clients) {
      const { hostname, port } = conn.remoteAddr;
      conn.close();
      const state = `there are ${this.#settings.clients} already`;
      this.#log.warn("client-refused", `client ${hostname}:${port} is refused: ${state}`);
      return;
    }
    const client = new TcpClient(conn, {
      sent: (flows) => {
        this.counters.done += flows;
        this.counters.queued -= flows;
      },
      ended: (ended, reason, flows) => {
        this.#clients.delete(ended);
        this.counters.queued -= flows;
        this.#drop(reason, flows);
        this.#log.info("client ended", { client: ended.name, reason, lost: flows });
      },
    });
    this.#clients.add(client);
    this.#log.info("client connected", { client: client.name });
    if (this.#layout !== undefined) this.#begin(client, this.#layout);
  }

  #fixLayout({ layout, refusal }: PipelineRoute): void {
    if (this.#layout !== undefined || refusal !== undefined) return;
    this.#layout = layout;
    this.#pipeline = this.#pipeline.withLayout(layout);
    for (const client of this.#clients) this.#begin(client, layout);
  }

  /** Sends the header, with which the stream begins. */
  #begin(client: TcpClient, { schema: { version, aggregation } }: RecordLayout): void {
    const { byteOrder, comments } = this.#settings;
    const encoder = new FtStreamEncoder({
      version,
      aggregation,
      byteOrder,
      comments,
      streaming: true,
      hostname: Deno.hostname(),
      captureStart: Math.floor(this.#startedAt / 1000),
    });
    client.push(encoder.header(), 0);
    encoder.close();
  }

  #send(batch: FlowBatch, from: number, to: number, schema: FlowSchema): void {
    const route = this.#pipeline.route(schema);
    const copies = this.#clients.size;
    this.counters.given += (to - from) * copies;
    if (route.refusal !== undefined) {
      this.#drop(route.refusal.reason, (to - from) * copies);
      return;
    }
    const left = takeIPv4Rows(batch, from, to, (from, to) => {
      const records = this.#recordsOf(batch, from, to, route);
      const flows = records.length / route.layout.size;
      this.counters.filtered += (to - from - flows) * copies;
      this.counters.queued += flows * copies;
      this.#lostColumns.add(schema, route.layout.schema, flows * copies);
      if (flows > 0) { for (const client of this.#clients) client.push(records, flows); }
    });
    this.#drop(IPV6_REASON, left * copies);
  }

  /** Records for the clients, in memory of their own. */
  #recordsOf(batch: FlowBatch, from: number, to: number, route: PipelineRoute): Uint8Array {
    const { layout, steps } = route;
    if (steps !== undefined) {
      const block = steps.process(batch, from, to);
      return block === undefined ? new Uint8Array(0) : recordBytes(block).slice();
    }
    const bytes = new Uint8Array((to - from) * layout.size);
    const view = new DataView(bytes.buffer);
    const littleEndian = this.#settings.byteOrder === "little";
    batch.storeRecords(layout, from, to - from, view, 0, littleEndian, this.#pipeline.misfits);
    return bytes;
  }

  #drop(reason: string, flows: number): void {
    if (flows === 0) return;
    const { dropped } = this.counters;
    dropped[reason] = (dropped[reason] ?? 0) + flows;
  }
}
