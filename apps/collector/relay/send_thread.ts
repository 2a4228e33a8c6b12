import type { Log } from "../log.ts";
import { Ledger } from "./ledger.ts";
import type { SendAnswer, SendJob, SendTarget } from "./send_messages.ts";
import { STOP_MS } from "./limits.ts";
import { TargetQueue } from "./target_queue.ts";

/** One target, as the main thread sees it. */
interface Lane {
  readonly name: string;
  readonly ledger: Ledger;
  readonly queue: TargetQueue;
  open: boolean;
}

/** How to start a sending thread. */
export interface SendThreadOptions {
  readonly targets: readonly SendTarget[];
  /** Bytes that may wait for each target. */
  readonly queueBytes: number;
  readonly log: Log;
}

/** The thread that sends packets to all targets, each at its own pace. */
export class SendThread {
  readonly #worker: Worker;
  readonly #log: Log;
  readonly #lanes: readonly Lane[];
  #running = true;
  #closed = false;
  /** Called at the next answer. */
  readonly #waiting = new Set<() => void>();
  #how: string | undefined;
  #failure: string | undefined;

  private constructor({ targets, queueBytes, log }: SendThreadOptions) {
    this.#log = log;
    this.#worker = new Worker(new URL("./send_worker.ts", import.meta.url), { type: "module" });
    this.#lanes = targets.map(({ name }, target) => {
      const ledger = new Ledger();
      const queue = new TargetQueue({
        target,
        bytesMax: queueBytes,
        ledger,
        post: (chunk) => this.#post({ kind: "send", chunk }, [chunk.bytes, chunk.fields]),
      });
      return { name, ledger, queue, open: true };
    });
    this.#worker.onmessage = ({ data }: MessageEvent<SendAnswer>) => this.#hear(data, targets);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(`The sending thread failed: ${event.message}`);
    };
  }

  /**
   * Starts a thread and opens its sockets.
   *
   * @param options Targets, bound and log
   * @returns The thread, ready to send
   * @throws {Error} A target cannot be sent to
   */
  static async start(options: SendThreadOptions): Promise<SendThread> {
    const thread = new SendThread(options);
    while (thread.#how === undefined && thread.#failure === undefined) await thread.#answer();
    if (thread.#failure !== undefined) throw new Error(thread.#failure);
    return thread;
  }

  /** How packets are sent, for the log. */
  get how(): string {
    return this.#how!;
  }

  /** The counters of a target. */
  ledger(target: number): Ledger {
    return this.#lanes[target].ledger;
  }

  /** The queue of a target. */
  queue(target: number): TargetQueue {
    return this.#lanes[target].queue;
  }

  /**
   * Waits until the queue of a target is worked off, or as long as that may take; what is left is
   * dropped and counted. The thread ends with its last target.
   *
   * @param target Its index
   * @param seconds How long it may take
   */
  async close(target: number, seconds: number): Promise<void> {
    const lane = this.#lanes[target];
    const deadline = performance.now() + seconds * 1000;
    while (this.#running && !(lane.queue.empty && lane.ledger.queued === 0)) {
      lane.queue.push();
      const left = deadline - performance.now();
      if (left <= 0) break;
      await this.#answer(left);
    }
    lane.ledger.dropQueued("closed");
    lane.open = false;
    if (this.#lanes.some(({ open }) => open)) return;
    if (this.#running) await this.#stop();
  }

  /** Sockets of the C library outlive their thread, so it closes them first. */
  async #stop(): Promise<void> {
    this.#running = false;
    this.#worker.postMessage({ kind: "stop" } satisfies SendJob);
    const deadline = performance.now() + STOP_MS;
    while (!this.#closed && performance.now() < deadline) {
      await this.#answer(deadline - performance.now());
    }
    this.#worker.terminate();
  }

  #post(job: SendJob, transfer: ArrayBuffer[]): void {
    if (this.#running) return this.#worker.postMessage(job, transfer);
    // Nobody is left to send it.
    for (const { ledger } of this.#lanes) ledger.dropQueued("send-failed");
  }

  #hear(answer: SendAnswer, targets: readonly SendTarget[]): void {
    if (answer.kind === "ready") {
      this.#worker.postMessage({ kind: "open", targets } satisfies SendJob);
    } else if (answer.kind === "open") {
      this.#how = answer.how;
    } else if (answer.kind === "failed") {
      this.#fail(answer.message);
    } else if (answer.kind === "closed") {
      this.#closed = true;
    } else {
      const target = answer.kind === "sent" ? answer.chunk.target : answer.target;
      const { queue, name, open } = this.#lanes[target];
      if (open) queue.settle(answer, this.#log, name);
    }
    this.#wake();
  }

  #fail(message: string): void {
    this.#failure = message;
    if (this.#how !== undefined) this.#log.warn("send", message);
    this.#running = false;
    this.#worker.terminate();
    for (const { ledger } of this.#lanes) ledger.dropQueued("send-failed");
    this.#wake();
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
