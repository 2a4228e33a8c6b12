import type { Log } from "../log.ts";
import { SupervisedThread, type WorkerStart } from "../supervised_thread.ts";
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
export interface SendThreadOptions extends WorkerStart {
  readonly targets: readonly SendTarget[];
  /** Bytes that may wait for each target. */
  readonly queueBytes: number;
  readonly log: Log;
}

/**
 * The thread that sends packets to all targets, each at its own pace. One that ends by itself is
 * replaced.
 */
export class SendThread {
  readonly #worker: SupervisedThread<SendJob, SendAnswer>;
  readonly #log: Log;
  readonly #lanes: readonly Lane[];
  readonly #targets: readonly SendTarget[];
  /** Whether the thread has opened its sockets. */
  #open = false;
  #openings = 0;
  #closed = false;
  /** Called at the next answer. */
  readonly #waiting = new Set<() => void>();
  #how: string | undefined;
  #failure: string | undefined;

  private constructor({ targets, queueBytes, log, startWorker }: SendThreadOptions) {
    this.#log = log;
    this.#targets = targets;
    const url = new URL("./send_worker.ts", import.meta.url);
    this.#worker = new SupervisedThread<SendJob, SendAnswer>({
      start: startWorker ?? (() => new Worker(url, { type: "module" })),
      hear: (answer) => this.#hear(answer),
      // It says that it is there.
      begun: () => {},
      crashed: (message) => this.#crashed(message),
      settled: () => {
        for (const { queue, open } of this.#lanes) if (open) queue.lose();
      },
    });
    this.#lanes = targets.map(({ name }, target) => {
      const ledger = new Ledger();
      const queue = new TargetQueue({
        target,
        bytesMax: queueBytes,
        ledger,
        post: (chunk) => {
          return this.#open &&
            this.#worker.post({ kind: "send", chunk }, [chunk.bytes, chunk.fields]);
        },
      });
      return { name, ledger, queue, open: true };
    });
    this.#worker.start();
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

  /** Times that sockets were opened: other ones are other exporters to whoever receives. */
  get openings(): number {
    return this.#openings;
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
    while (this.#worker.running && !(lane.queue.empty && lane.ledger.queued === 0)) {
      lane.queue.push();
      const left = deadline - performance.now();
      if (left <= 0) break;
      await this.#answer(left);
    }
    this.#worker.settle();
    lane.ledger.dropQueued("closed");
    lane.open = false;
    if (this.#lanes.some(({ open }) => open)) return;
    if (this.#worker.running) await this.#stop();
    this.#worker.end();
  }

  /** Sockets of the C library outlive their thread, so it closes them first. */
  async #stop(): Promise<void> {
    this.#worker.post({ kind: "stop" });
    const deadline = performance.now() + STOP_MS;
    while (this.#worker.running && !this.#closed && performance.now() < deadline) {
      await this.#answer(deadline - performance.now());
    }
  }

  #hear(answer: SendAnswer): void {
    if (answer.kind === "ready") {
      this.#worker.post({ kind: "open", targets: this.#targets });
    } else if (answer.kind === "open") {
      this.#open = true;
      this.#openings++;
      this.#how = answer.how;
    } else if (answer.kind === "failed") {
      this.#worker.fail(answer.message);
    } else if (answer.kind === "closed") {
      this.#closed = true;
    } else {
      const target = answer.kind === "sent" ? answer.chunk.target : answer.target;
      const { queue, name, open } = this.#lanes[target];
      if (open) queue.settle(answer, this.#log, name);
    }
    this.#wake();
  }

  #crashed(message: string): void {
    this.#open = false;
    if (this.#how === undefined) {
      this.#failure = message;
      this.#worker.end();
    } else {
      this.#log.warn("send-worker", `the thread that sends packets ended: ${message}`);
    }
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
