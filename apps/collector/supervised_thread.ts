/**
 * How long a thread that ended by itself is still listened to, ms: what it had told before may come
 * behind the news of its end, and the system takes a moment to close its files.
 */
const SETTLE_MS = 100;

/** A thread that lived so long is started anew at once when it ends by itself, ms. */
const HEALTHY_MS = 60_000;

/** How long the next one has to wait otherwise, ms: twice as long each time, up to a bound. */
const DELAY_MIN_MS = 500;
const DELAY_MAX_MS = 60_000;

/** How the thread of a part is started. */
export interface WorkerStart {
  /** Starts the thread; default the one of this program. */
  readonly startWorker?: () => Worker;
}

/** Whom a {@linkcode SupervisedThread} tells. */
export interface ThreadEvents<News> {
  /** Starts a thread. */
  readonly start: () => Worker;
  /** The thread told something. */
  readonly hear: (news: News) => void;
  /** A thread was started, the first or another one: it wants its first orders. */
  readonly begun: () => void;
  /** The thread ended by itself. It is listened to for a moment more, and gets nothing any more. */
  readonly crashed: (message: string) => void;
  /** What the thread did not tell of until now it never will: that is lost. */
  readonly settled: () => void;
}

/**
 * A thread that is replaced when it ends by itself, by an error that nobody caught. One that ends soon
 * again and again is started ever less often, at last once a minute. (One that runs out of memory takes
 * the whole program along: that is how V8 has it.)
 */
export class SupervisedThread<Order extends object, News> {
  readonly #events: ThreadEvents<News>;
  #worker: Worker | undefined;
  #state: "running" | "crashed" | "waiting" | "ended" = "waiting";
  #startedAt = 0;
  #delay = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Makes it, without a thread; {@linkcode SupervisedThread.start} starts one.
   *
   * @param events Whom it tells
   */
  constructor(events: ThreadEvents<News>) {
    this.#events = events;
  }

  /** Whether there is a thread that takes orders. */
  get running(): boolean {
    return this.#state === "running";
  }

  /** Starts the first thread. */
  start(): void {
    const { start, hear, begun } = this.#events;
    const worker = start();
    worker.onmessage = ({ data }: MessageEvent<News>) => {
      if (worker === this.#worker) hear(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (worker === this.#worker) this.fail(event.message);
    };
    this.#worker = worker;
    this.#state = "running";
    this.#startedAt = performance.now();
    begun();
  }

  /**
   * Gives the thread an order.
   *
   * @param order The order
   * @param transfer Memory that goes with it
   * @returns Whether there is a thread; else the memory stays here
   */
  post(order: Order, transfer: ArrayBuffer[] = []): boolean {
    if (this.#state !== "running") return false;
    this.#worker!.postMessage(order, transfer);
    return true;
  }

  /**
   * Gives the thread up, as if it had ended by itself.
   *
   * @param message Why
   */
  fail(message: string): void {
    if (this.#state !== "running") return;
    this.#state = "crashed";
    this.#events.crashed(message);
    // Whoever was told may have had enough of it.
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      this.settle();
      this.#timer = setTimeout(() => this.start(), this.#nextDelay());
    }, SETTLE_MS);
  }

  /** Waits no longer for what a thread that ended by itself may have told. */
  settle(): void {
    if (this.#state !== "crashed") return;
    this.#drop();
    this.#state = "waiting";
    this.#events.settled();
  }

  /** Ends the thread; no other one is started. */
  end(): void {
    this.#drop();
    this.#state = "ended";
  }

  get #ended(): boolean {
    return this.#state === "ended";
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #nextDelay(): number {
    const healthy = performance.now() - this.#startedAt >= HEALTHY_MS;
    this.#delay = healthy ? 0 : Math.min(DELAY_MAX_MS, Math.max(DELAY_MIN_MS, 2 * this.#delay));
    return this.#delay;
  }
}
