/** A listener's events that wait for it at most; one that does not read is let go. */
const EVENTS_WAITING_MAX = 16;

/** How long a listener that was let go waits before it comes again, ms. */
const RETRY_MS = 2_000;

/** Listeners to live events: each gets what is sent as it comes, as server-sent events. */
export class LiveEvents {
  readonly #clientsMax: number;
  readonly #clients = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #encoder = new TextEncoder();

  /**
   * Makes it, without listeners.
   *
   * @param clientsMax Listeners at most
   */
  constructor(clientsMax: number) {
    this.#clientsMax = clientsMax;
  }

  /** Listeners. */
  get size(): number {
    return this.#clients.size;
  }

  /**
   * Takes a listener.
   *
   * @param first What it is told first
   * @returns The body of its answer, or `undefined` where there are too many
   */
  open(first: unknown): ReadableStream<Uint8Array> | undefined {
    if (this.#clients.size >= this.#clientsMax) return undefined;
    let client: ReadableStreamDefaultController<Uint8Array>;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        client = controller;
        this.#clients.add(client);
        client.enqueue(this.#encoder.encode(`retry: ${RETRY_MS}\n\n`));
        client.enqueue(this.#event(first));
      },
      cancel: () => void this.#clients.delete(client),
    }, { highWaterMark: EVENTS_WAITING_MAX });
  }

  /** Tells all listeners something. */
  send(data: unknown): void {
    if (this.#clients.size === 0) return;
    const event = this.#event(data);
    for (const client of this.#clients) {
      if ((client.desiredSize ?? 0) <= 0) this.#end(client);
      else client.enqueue(event);
    }
  }

  /** Lets all listeners go. */
  close(): void {
    for (const client of this.#clients) this.#end(client);
  }

  #end(client: ReadableStreamDefaultController<Uint8Array>): void {
    this.#clients.delete(client);
    client.close();
  }

  #event(data: unknown): Uint8Array {
    return this.#encoder.encode(`data: ${JSON.stringify(data)}\n\n`);
  }
}
