import { CLIENT_BUFFER_BYTES } from "./files/limits.ts";

/** Bytes that are read at a time from a client, which has nothing to say. */
const READ_BYTES = 1024;

/** Whom a client tells. */
export interface ClientEvents {
  /** So many flows are on their way over the network. */
  sent(flows: number): void;
  /** The client is no more; so many flows waited for it. */
  ended(client: TcpClient, reason: "client-gone" | "client-slow", flows: number): void;
}

/** A piece of the stream. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly flows: number;
}

/** A client of the live stream, and what waits for it. */
export class TcpClient {
  /** Where it is, for the log. */
  readonly name: string;
  readonly #conn: Deno.TcpConn;
  readonly #events: ClientEvents;
  #queue: Piece[] = [];
  #queuedBytes = 0;
  #queuedFlows = 0;
  #ended = false;
  #writing: Promise<void> | undefined;
  readonly #reading: Promise<void>;

  constructor(conn: Deno.TcpConn, events: ClientEvents) {
    const { hostname, port } = conn.remoteAddr;
    this.name = `${hostname}:${port}`;
    this.#conn = conn;
    this.#events = events;
    this.#reading = this.#read();
  }

  /** Takes a piece of the stream; its bytes must not change any more. */
  push(bytes: Uint8Array, flows: number): void {
    if (this.#ended) return;
    this.#queue.push({ bytes, flows });
    this.#queuedBytes += bytes.length;
    this.#queuedFlows += flows;
    if (this.#queuedBytes > CLIENT_BUFFER_BYTES) this.#end("client-slow");
    else this.#writing ??= this.#write();
  }

  /** Waits until nothing waits for the client any more, at most until `stop()`. */
  async drain(): Promise<void> {
    await this.#writing;
  }

  /** Lets the client go, and waits until nothing of it is left. */
  async stop(): Promise<void> {
    this.#end("client-gone");
    await Promise.all([this.#writing, this.#reading]);
  }

  async #write(): Promise<void> {
    try {
      for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
        for (let at = 0; at < piece.bytes.length;) {
          at += await this.#conn.write(piece.bytes.subarray(at));
        }
        if (this.#ended) break;
        this.#queuedBytes -= piece.bytes.length;
        this.#queuedFlows -= piece.flows;
        this.#events.sent(piece.flows);
      }
    } catch {
      this.#end("client-gone");
    } finally {
      this.#writing = undefined;
    }
  }

  /** Notices that the client is gone, also while nothing is sent. */
  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      while (await this.#conn.read(buffer) !== null);
    } catch {
      // The connection was reset, or closed here.
    }
    this.#end("client-gone");
  }

  #end(reason: "client-gone" | "client-slow"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#queue = [];
    this.#conn.close();
    this.#events.ended(this, reason, this.#queuedFlows);
  }
}
