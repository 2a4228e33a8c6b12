import { SupervisedThread } from "../../supervised_thread.ts";
import type { LossCounts } from "../sink.ts";
import type { RecordChunk, StoreSettings } from "./file_store.ts";
import type { FileNews, FileOrder } from "./file_worker.ts";
import { CHUNK_BYTES } from "./limits.ts";

/** Memory of chunks kept for the next ones; what a burst needed beyond that is given back. */
const SPARE_BUFFERS_MAX = 32;

/** Whom the link tells. */
export interface LinkEvents {
  /** So many more flows are safe. */
  done(flows: number): void;
  /** So many flows are lost for good. */
  dropped(reason: string, flows: number): void;
  /** The thread ended by itself. */
  crashed(message: string): void;
  /** Whoever completes files that were left open can do so; another thread comes then. */
  settled(): void;
  /** Anything else that the thread tells. */
  news(news: FileNews): void;
}

/**
 * The way to the thread that writes files: a bounded queue of chunks. A thread that crashes is
 * replaced; what it had in hand is lost, and counted.
 */
export class FileLink {
  readonly #settings: StoreSettings;
  readonly #events: LinkEvents;
  readonly #buffersMax: number;
  readonly #worker: SupervisedThread<FileOrder, FileNews>;
  /** Buffers that are being filled, and those in the hands of the thread. */
  #buffersFilled = 0;
  #buffersSent = 0;
  #spare: ArrayBuffer[] = [];
  /** The buffers in the hands of the thread, as both sides see them at this moment. */
  #waiting: Int32Array = new Int32Array(1);
  /** Flows in the hands of the thread. */
  #flows = 0;
  #blocked = false;
  #tick: PromiseWithResolvers<void> | undefined;
  #end: PromiseWithResolvers<void> | undefined;
  #ready: PromiseWithResolvers<void> | undefined;

  /**
   * @param queueBytes Bytes of records that may wait
   * @param start Starts the thread
   */
  constructor(
    settings: StoreSettings,
    queueBytes: number,
    events: LinkEvents,
    start: () => Worker,
  ) {
    this.#settings = settings;
    this.#events = events;
    this.#buffersMax = Math.max(1, Math.floor(queueBytes / CHUNK_BYTES));
    this.#worker = new SupervisedThread({
      start,
      hear: (news) => this.#hear(news),
      begun: () => this.#begin(),
      crashed: (message) => this.#crashed(message),
      settled: () => {
        this.#lose("worker");
        events.settled();
      },
    });
  }

  /** Whether the disk takes nothing at the moment. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether the thread has time for a tick: it is there, and done with the one before. */
  get idle(): boolean {
    return this.#worker.running && this.#tick === undefined;
  }

  /** Whether there is a thread; where one ended by itself the next may be some time away. */
  get running(): boolean {
    return this.#worker.running;
  }

  /** Starts the thread, and waits until it is there. */
  async open(): Promise<void> {
    this.#ready = Promise.withResolvers();
    this.#worker.start();
    await this.#ready.promise;
    this.#ready = undefined;
  }

  /** Memory for a chunk; `undefined` where the queue is full. */
  acquire(): ArrayBuffer | undefined {
    if (this.#buffersFilled + this.#buffersSent >= this.#buffersMax) return undefined;
    this.#buffersFilled++;
    return this.#spare.pop() ?? new ArrayBuffer(CHUNK_BYTES);
  }

  /** Hands a chunk over; its memory is from `acquire()`. */
  send(chunk: RecordChunk): void {
    this.#buffersFilled--;
    if (!this.#worker.running) {
      this.#keep(chunk.buffer);
      this.#events.dropped("worker", chunk.flows);
      return;
    }
    this.#buffersSent++;
    Atomics.add(this.#waiting, 0, 1);
    this.#flows += chunk.flows;
    this.#worker.post({ kind: "records", chunk }, [chunk.buffer]);
  }

  /** Tells of a complete file that somebody else made. */
  adopt(path: string): void {
    this.#worker.post({ kind: "adopt", path });
  }

  /** Has done what is due; a tick while another is not done waits for that one only. */
  async tick(now: number, losses: LossCounts, rotate: boolean): Promise<void> {
    if (!this.#worker.post({ kind: "tick", now, losses, rotate })) return;
    this.#tick ??= Promise.withResolvers();
    await this.#tick.promise;
  }

  /**
   * Has everything ended, and ends the thread.
   *
   * @param drainMs How long that may take; what is not written then is lost, and counted
   */
  async close(now: number, losses: LossCounts, drainMs: number): Promise<void> {
    if (this.#worker.post({ kind: "end", now, losses, rotate: true })) {
      this.#end = Promise.withResolvers();
      const timer = setTimeout(() => this.#end?.resolve(), drainMs);
      await this.#end.promise;
      clearTimeout(timer);
    }
    this.#worker.settle();
    this.#worker.end();
    this.#lose("shutdown");
  }

  #begin(): void {
    const waiting = new SharedArrayBuffer(4);
    this.#waiting = new Int32Array(waiting);
    this.#worker.post({ kind: "begin", settings: this.#settings, waiting });
  }

  #hear(news: FileNews): void {
    switch (news.kind) {
      case "ready":
        this.#ready?.resolve();
        break;
      case "taken":
        this.#buffersSent--;
        this.#keep(news.buffer);
        break;
      case "done":
        this.#flows -= news.flows;
        this.#events.done(news.flows);
        break;
      case "dropped":
        this.#flows -= news.flows;
        this.#events.dropped(news.reason, news.flows);
        break;
      case "blocked":
        this.#blocked = news.blocked;
        break;
      case "ticked":
        this.#ticked();
        break;
      case "ended":
        this.#end?.resolve();
        break;
      default:
        this.#events.news(news);
    }
  }

  #keep(buffer: ArrayBuffer): void {
    if (this.#spare.length < SPARE_BUFFERS_MAX) this.#spare.push(buffer);
  }

  #ticked(): void {
    this.#tick?.resolve();
    this.#tick = undefined;
  }

  #crashed(message: string): void {
    this.#events.crashed(message);
    if (this.#ready !== undefined) {
      this.#worker.end();
      this.#ready.reject(new Error(`Cannot start the thread that writes files: ${message}`));
    }
    this.#end?.resolve();
    this.#ticked();
  }

  /** What the thread had in hand is lost. */
  #lose(reason: string): void {
    if (this.#flows > 0) this.#events.dropped(reason, this.#flows);
    this.#flows = 0;
    this.#buffersSent = 0;
    this.#blocked = false;
    this.#ticked();
  }
}
