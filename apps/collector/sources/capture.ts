import { CaptureDecoder } from "@flowtools/netflow-pdu/capture";
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
 * The UDP datagrams of a packet capture, as fast as the receiver takes them. All of them: those
 * that are no exports are for the decoder to refuse.
 */
export class CaptureSource implements DatagramSource {
  readonly description: string;
  readonly port = undefined;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #given = 0;
  readonly #log: Log;
  readonly #senders = new SenderTable();
  readonly #decoder: CaptureDecoder;
  #closing = false;
  #running = false;
  #truncated = 0;
  #errors = 0;

  private constructor(path: string, file: Deno.FsFile, log: Log) {
    this.#path = path;
    this.#file = file;
    this.#log = log;
    this.#decoder = new CaptureDecoder({ source: path });
    this.description = `capture ${path}`;
  }

  /**
   * Opens a capture.
   *
   * @throws {Deno.errors.NotFound} There is no such file, and other errors of `Deno.open`
   */
  static async open(path: string, log: Log): Promise<CaptureSource> {
    return new CaptureSource(path, await Deno.open(path), log);
  }

  /**
   * @throws {CaptureError} After the last whole packet, where the capture is damaged or cut short
   */
  async run(receiver: DatagramReceiver): Promise<void> {
    if (this.#running || this.#closing) throw new Error(`${this.description} was run before`);
    this.#running = true;
    try {
      // What is pushed is borrowed until it is read, and then is read into again.
      const chunk = new Uint8Array(CHUNK_BYTES);
      while (!this.#closing) {
        const count = await this.#file.read(chunk);
        if (count === null) {
          this.#decoder.finish();
          await this.#give(receiver);
          break;
        }
        this.#decoder.push(chunk.subarray(0, count));
        await this.#give(receiver);
      }
    } catch (error) {
      this.#errors++;
      throw error;
    } finally {
      this.#file.close();
      this.#tellSkipped();
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

  async #give(receiver: DatagramReceiver): Promise<void> {
    while (!this.#closing) {
      const datagram = this.#decoder.read();
      if (datagram === undefined) return;
      const { payload, source, sourcePort, truncated, timeMs } = datagram;
      if (truncated) this.#truncated++;
      const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
      const sender = this.#senders.text(source, sourcePort);
      // A capture without times is as if it came now.
      receiver.datagram(view, 0, payload.length, sender, timeMs === 0 ? undefined : timeMs);
      // Counted over all pieces of the file: one holds fewer than a turn, if they are large.
      if (++this.#given % DATAGRAMS_PER_TURN === 0) {
        await receiver.room?.();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
  }

  #tellSkipped(): void {
    for (const [reason, count] of this.#decoder.skipped) {
      this.#log.info(`${this.#path}: packets without a datagram`, { reason, count });
    }
  }
}
