import type { Facts } from "../log.ts";
import { SupervisedThread } from "../supervised_thread.ts";
import { Ledger } from "./ledger.ts";
import type { OutputAnswer, OutputPiece } from "./output_messages.ts";

/** What a sink of one output tells the program that it is part of. */
export interface OutputHooks {
  /**
   * The output has come to its end before the program: nobody reads it any more, or it cannot be
   * written. Called once.
   *
   * @param message What is wrong; `undefined` where the reader has gone, which is no fault
   */
  readonly ended: (message: string | undefined) => void;
  /**
   * Something is worth telling.
   *
   * @param message For people
   * @param reason For counters, where it is trouble
   * @param facts What stands beside the message
   */
  readonly told?: (message: string, reason: string | undefined, facts: Facts | undefined) => void;
  /** The thread ended by itself; what it had in hand is lost, and another takes its place. */
  readonly crashed?: (message: string) => void;
}

/** How to start an output thread. */
export interface OutputThreadOptions {
  readonly start: () => Worker;
  /** The job that opens the output. */
  readonly open: object;
  /**
   * The job that has another thread go on with the output where one ended by itself; without it that
   * is the end of the output.
   */
  readonly reopen?: object;
  /** Bytes that may wait. */
  readonly bytesMax: number;
  readonly hooks: OutputHooks;
}

/**
 * A thread that writes one output, which may be slow, behind a bounded queue: what does not fit is
 * dropped and counted.
 */
export class OutputThread {
  /** What became of the flows. */
  readonly ledger = new Ledger();
  readonly #options: OutputThreadOptions;
  readonly #waiting = new Set<() => void>();
  /** Bytes of the pieces that are with the thread, by their numbers. */
  readonly #underWay = new Map<number, number>();
  #bytes = 0;
  #nextId = 0;
  /** Memory to be used again. */
  #spare: ArrayBuffer | undefined;
  #state: "starting" | "open" | "crashed" | "finished" | "ended" = "starting";
  #fault: string | undefined;
  #crashes = 0;
  readonly #worker: SupervisedThread<object, OutputAnswer>;

  private constructor(options: OutputThreadOptions) {
    this.#options = options;
    const { start, open, reopen } = options;
    this.#worker = new SupervisedThread({
      start,
      hear: (answer) => this.#hear(answer),
      begun: () => this.#worker.post(this.#crashes === 0 ? open : reopen!),
      crashed: (message) => this.#crashed(message),
      settled: () => this.#lose("worker"),
    });
    this.#worker.start();
  }

  /**
   * Starts a thread and opens its output.
   *
   * @throws {Error} The output cannot be opened
   */
  static async start(options: OutputThreadOptions): Promise<OutputThread> {
    const thread = new OutputThread(options);
    while (thread.#state === "starting") await thread.#answer();
    if (thread.#fault !== undefined) throw new Error(`Cannot write: ${thread.#fault}`);
    return thread;
  }

  /** Times that the thread ended by itself. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Bytes that wait. */
  get waitingBytes(): number {
    return this.#bytes;
  }

  /**
   * Memory for a piece.
   *
   * @param bytes What it must have at least
   * @param flows What is dropped where there is no room
   * @returns The memory, or `undefined` where the queue is full
   */
  take(bytes: number, flows: number): ArrayBuffer | undefined {
    if (this.#state === "crashed") this.ledger.drop("worker", flows);
    else if (this.#state !== "open") this.ledger.drop("output-ended", flows);
    else if (this.#bytes + bytes > this.#options.bytesMax) this.ledger.drop("queue-full", flows);
    else {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare !== undefined && spare.byteLength >= bytes ? spare : new ArrayBuffer(bytes);
    }
    return undefined;
  }

  /**
   * Hands a piece to the thread.
   *
   * @param job The piece and what else there is to say of it
   * @param make Makes the job of a piece
   */
  post(buffer: ArrayBuffer, flows: number, make: (piece: OutputPiece) => object): void {
    const id = this.#nextId++;
    const bytes = buffer.byteLength;
    this.#underWay.set(id, bytes);
    this.#bytes += bytes;
    this.ledger.queued += flows;
    this.#worker.post(make({ id, flows, buffer }), [buffer]);
  }

  /** Tells the thread something that is no piece. */
  tell(job: object): void {
    if (this.#state === "open") this.#worker.post(job);
  }

  /**
   * Lets the thread finish, or as long as that may take; what is left is dropped and counted.
   *
   * @param job Tells the thread to finish
   * @param seconds How long it may take
   */
  async close(job: object, seconds: number): Promise<void> {
    this.tell(job);
    const deadline = performance.now() + seconds * 1000;
    while (this.#state === "open") {
      const left = deadline - performance.now();
      if (left <= 0) break;
      await this.#answer(left);
    }
    this.#worker.settle();
    this.#worker.end();
    this.#state = "finished";
    this.#lose("closed");
  }

  #hear(answer: OutputAnswer): void {
    if (answer.kind === "open") {
      this.#state = "open";
    } else if (answer.kind === "done") {
      this.#bytes -= this.#underWay.get(answer.id) ?? 0;
      this.#underWay.delete(answer.id);
      this.#spare = answer.buffer;
      this.ledger.settle(answer);
    } else if (answer.kind === "told") {
      this.#options.hooks.told?.(answer.message, answer.reason, answer.facts);
    } else if (answer.kind === "finished") {
      this.#state = "finished";
    } else {
      this.#end(answer.message);
    }
    this.#wake();
  }

  #end(message: string | undefined): void {
    const started = this.#state !== "starting";
    this.#worker.end();
    this.#state = "ended";
    this.#fault = message;
    this.#lose("output-ended");
    if (started) this.#options.hooks.ended(message);
    this.#wake();
  }

  #crashed(message: string): void {
    const { hooks, reopen } = this.#options;
    if (this.#state === "starting" || reopen === undefined) {
      return this.#end(`the thread failed: ${message}`);
    }
    this.#crashes++;
    this.#state = "crashed";
    hooks.crashed?.(message);
    this.#wake();
  }

  /** What is with the thread is lost. */
  #lose(reason: string): void {
    this.ledger.dropQueued(reason);
    this.#underWay.clear();
    this.#bytes = 0;
    this.#spare = undefined;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Waits for the next answer, or so many milliseconds. */
  #answer(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(wake, ms);
      this.#waiting.add(wake);
    });
  }
}
