import type { Forwarder } from "../sinks/forwarder.ts";
import type { Sender } from "../sources/source.ts";
import type { Ledger } from "./ledger.ts";
import { SOCKETS_PER_TARGET_MAX } from "./limits.ts";
import type { SendThread } from "./send_thread.ts";

/** What one target of datagrams as they came gets. */
export interface RawTargetOptions {
  /** Its index in the sending thread. */
  readonly index: number;
  /** Its name in messages. */
  readonly name: string;
  readonly thread: SendThread;
  /** Seconds that closing may take. */
  readonly drainSeconds: number;
}

/**
 * Sends datagrams on to one target as they came: versions that nobody here decodes, damaged ones,
 * all of them. Each sender has a port of its own, as far as there are enough.
 */
export class RawTarget implements Forwarder {
  readonly name: string;
  readonly #options: RawTargetOptions;
  readonly #ledger: Ledger;
  /** Which socket a sender's datagrams are sent from; a sender is one object while it is known. */
  readonly #sockets = new WeakMap<Sender, number>();
  #senders = 0;
  #pushing = false;

  /** @param options Where to */
  constructor(options: RawTargetOptions) {
    this.name = `fanout ${options.name}`;
    this.#options = options;
    this.#ledger = options.thread.ledger(options.index);
  }

  get counters(): Ledger {
    return this.#ledger;
  }

  get errors(): Readonly<Record<string, number>> {
    return this.#options.thread.queue(this.#options.index).errors;
  }

  datagram(view: DataView, offset: number, length: number, sender: Sender): void {
    const { thread, index } = this.#options;
    this.#ledger.given++;
    this.#ledger.queued++;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length);
    thread.queue(index).add(bytes, 1, this.#socketOf(sender), {
      address: typeof sender.address === "number" ? sender.address : 0,
      port: sender.port,
    });
    if (this.#pushing) return;
    this.#pushing = true;
    // When the receiver has given all that it has: then one message carries them all.
    queueMicrotask(() => {
      this.#pushing = false;
      thread.queue(index).push();
    });
  }

  close(): Promise<void> {
    const { thread, index, drainSeconds } = this.#options;
    return thread.close(index, drainSeconds);
  }

  #socketOf(sender: Sender): number {
    let socket = this.#sockets.get(sender);
    if (socket === undefined) {
      socket = this.#senders++ % SOCKETS_PER_TARGET_MAX;
      this.#sockets.set(sender, socket);
    }
    return socket;
  }
}
