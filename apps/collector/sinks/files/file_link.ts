import type { LossCounts } from "../sink.ts";
import type { RecordChunk, StoreSettings } from "./file_store.ts";
import type { FileNews, FileOrder } from "./file_worker.ts";
import { CHUNK_BYTES } from "./limits.ts";

/** Memory of chunks kept for the next ones; what a burst needed beyond that is given back. */
const SPARE_BUFFERS_MAX = 32;

/** A worker that lived so long is started anew at once; one that did not, at the next tick. */
const HEALTHY_MS = 1000;

/** Whom the link tells. */
export interface LinkEvents {
  /** So many more flows are safe. */
  done(flows: number): void;
  /** So many flows are lost for good. */
  dropped(reason: string, flows: number): void;
  /** The thread ended by itself; another takes its place. */
  crashed(message: string): void;
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
  readonly #start: () => Worker;
  readonly #buffersMax: number;
  #worker: Worker | undefined;
  #startedAt = 0;
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
    this.#start = start;
    this.#buffersMax = Math.max(1, Math.floor(queueBytes / CHUNK_BYTES));
  }

  /** Whether the disk takes nothing at the moment. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether a tick is not done yet. */
  get ticking(): boolean {
    return this.#tick !== undefined;
  }

  /** Starts the thread, and waits until it is there. */
  async open(): Promise<void> {
    this.#ready = Promise.withResolvers();
    this.#begin();
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
    if (this.#worker === undefined) {
      this.#keep(chunk.buffer);
      this.#events.dropped("worker", chunk.flows);
      return;
    }
    this.#buffersSent++;
    Atomics.add(this.#waiting, 0, 1);
    this.#flows += chunk.flows;
    this.#post({ kind: "records", chunk }, [chunk.buffer]);
  }

  /** Tells of a complete file that somebody else made. */
  adopt(path: string): void {
    this.#post({ kind: "adopt", path });
  }

  /** Has done what is due; a tick while another is not done waits for that one only. */
  async tick(now: number, losses: LossCounts, rotate: boolean): Promise<void> {
    if (this.#worker === undefined) this.#begin();
    this.#tick ??= Promise.withResolvers();
    this.#post({ kind: "tick", now, losses, rotate });
    await this.#tick.promise;
  }

  /**
   * Has everything ended, and ends the thread.
   *
   * @param drainMs How long that may take; what is not written then is lost, and counted
   */
  async close(now: number, losses: LossCounts, drainMs: number): Promise<void> {
    if (this.#worker === undefined) return;
    this.#end = Promise.withResolvers();
    this.#post({ kind: "end", now, losses, rotate: true });
    const timer = setTimeout(() => this.#end?.resolve(), drainMs);
    await this.#end.promise;
    clearTimeout(timer);
    this.#stop("shutdown");
  }

  #begin(): void {
    const worker = this.#start();
    worker.onmessage = ({ data }: MessageEvent<FileNews>) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#crash(event.message);
    };
    this.#worker = worker;
    this.#startedAt = Date.now();
    const waiting = new SharedArrayBuffer(4);
    this.#waiting = new Int32Array(waiting);
    this.#post({ kind: "begin", settings: this.#settings, waiting });
  }

  #post(order: FileOrder, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(order, transfer);
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

  #crash(message: string): void {
    this.#stop("worker");
    this.#events.crashed(message);
    this.#ready?.reject(new Error(`Cannot start the thread that writes files: ${message}`));
    this.#end?.resolve();
    if (this.#ready !== undefined || this.#end !== undefined) return;
    if (Date.now() - this.#startedAt >= HEALTHY_MS) this.#begin();
  }

  /** Ends the thread; what it had in hand is lost. */
  #stop(reason: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    if (this.#flows > 0) this.#events.dropped(reason, this.#flows);
    this.#flows = 0;
    this.#buffersSent = 0;
    this.#blocked = false;
    this.#ticked();
  }
}
