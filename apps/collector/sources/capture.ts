import { readPackets } from "@flowtools/flowset";
import type { Log } from "../log.ts";
import { SenderTable } from "./senders.ts";
import type { DatagramReceiver, DatagramSource, SourceCounters } from "./source.ts";

/** Bytes read at once. */
const CHUNK_BYTES = 1 << 20;

/**
 * Datagrams given before the rest of the program has a turn, and the receiver is asked whether it
 * has room.
 */
const DATAGRAMS_PER_TURN = 1000;

/**
 * The UDP datagrams of a packet capture, or the messages of an IPFIX file (RFC 5655), as fast as the
 * receiver takes them. All of them: those that are no exports are for the decoder to refuse. IPFIX
 * files do not tell who sent the messages: it is `0.0.0.0`, where the records do not tell it.
 */
export class CaptureSource implements DatagramSource {
  readonly description: string;
  readonly port = undefined;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #given = 0;
  readonly #log: Log;
  readonly #senders = new SenderTable();
  #closing = false;
  #running = false;
  #truncated = 0;
  #errors = 0;

  private constructor(path: string, file: Deno.FsFile, log: Log) {
    this.#path = path;
    this.#file = file;
    this.#log = log;
    this.description = `capture ${path}`;
  }

  /**
   * Opens a capture or an IPFIX file.
   *
   * @throws {Deno.errors.NotFound} There is no such file, and other errors of `Deno.open`
   */
  static async open(path: string, log: Log): Promise<CaptureSource> {
    return new CaptureSource(path, await Deno.open(path), log);
  }

  /**
   * @throws {CaptureError} After the last whole packet, where the capture is damaged or cut short
   * @throws {FlowSetError} The same of an IPFIX file; or it is neither
   */
  async run(receiver: DatagramReceiver): Promise<void> {
    if (this.#running || this.#closing) throw new Error(`${this.description} was run before`);
    this.#running = true;
    const warn = (message: string) => this.#log.info(`${this.#path}: ${message}`);
    try {
      for await (const packets of readPackets(this.#chunks(), { source: this.#path, warn })) {
        for (const { payload, exporter, port, timeMs, truncated } of packets) {
          if (this.#closing) return;
          if (truncated === true) this.#truncated++;
          const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
          const sender = this.#senders.text(exporter, port);
          // A capture without times is as if it came now.
          receiver.datagram(view, 0, payload.length, sender, timeMs);
          // Counted over all pieces of the file: one holds fewer than a turn, if they are large.
          if (++this.#given % DATAGRAMS_PER_TURN === 0) {
            await receiver.room?.();
            await new Promise((resolve) => setTimeout(resolve, 0));
          }
        }
      }
    } catch (error) {
      this.#errors++;
      throw error;
    } finally {
      this.#file.close();
    }
  }

  counters(): SourceCounters {
    return { kernelDrops: undefined, truncated: this.#truncated, errors: this.#errors };
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (!this.#running) this.#file.close();
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    // What is handed out is borrowed until the next is asked for, and then is read into again.
    const chunk = new Uint8Array(CHUNK_BYTES);
    while (!this.#closing) {
      const count = await this.#file.read(chunk);
      if (count === null) return;
      yield chunk.subarray(0, count);
    }
  }
}
