import type { Log } from "../log.ts";
import type { Ledger } from "./ledger.ts";
import { CHUNK_BYTES, CHUNK_PACKETS_MAX, EAGER_CHUNKS } from "./limits.ts";
import {
  PACKET_FIELDS,
  type PacketChunk,
  type PacketOrigin,
  type SendAnswer,
} from "./send_messages.ts";

/** What the sending thread tells of packets. */
type SendProgress = Extract<SendAnswer, { kind: "sent" | "progress" }>;

/** What is counted of packets whose thread ended by itself. */
const WORKER = "worker";

/** What a queue needs to know. */
export interface TargetQueueOptions {
  /** Index of the target. */
  readonly target: number;
  /** Bytes that may wait. */
  readonly bytesMax: number;
  /** Keeps the target's counters. */
  readonly ledger: Ledger;
  /** Hands a chunk to the sending thread. Gives whether there is one. */
  readonly post: (chunk: PacketChunk) => boolean;
}

/** The packets that wait for one target, bounded: what does not fit is dropped and counted. */
export class TargetQueue {
  /** Times that the system refused a packet, by its name for the error. */
  readonly errors: Record<string, number> = {};
  readonly #options: TargetQueueOptions;
  readonly #chunksMax: number;
  /** Chunks that are with the sending thread, and what of them it has not told of. */
  #underWay = 0;
  #unitsUnderWay = 0;
  /** Memory to be used again. */
  readonly #spare: { readonly bytes: ArrayBuffer; readonly fields: ArrayBuffer }[] = [];
  /** The chunk that is being filled. */
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #fields = new Uint32Array(0);
  #used = 0;
  #packets = 0;
  #units = 0;

  /**
   * @param options Target, bound and counters
   */
  constructor(options: TargetQueueOptions) {
    this.#options = options;
    this.#chunksMax = Math.max(2, Math.floor(options.bytesMax / CHUNK_BYTES));
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#underWay === 0 && this.#packets === 0;
  }

  /**
   * Takes a packet, or drops it where there is no room.
   *
   * @param packet Its bytes, at most 64 KiB; they are copied
   * @param units What the target's counters count of it, which counts as queued already
   * @param socket Which socket to send it from
   * @param origin Whom it comes from
   */
  add(packet: Uint8Array, units: number, socket: number, origin: PacketOrigin): void {
    const { ledger } = this.#options;
    const full = this.#used + packet.length > CHUNK_BYTES || this.#packets === CHUNK_PACKETS_MAX;
    if (full) this.#post();
    if (this.#bytes === undefined && !this.#begin()) {
      return ledger.settle({ done: 0, dropped: { "queue-full": units } });
    }
    this.#bytes!.set(packet, this.#used);
    this.#used += packet.length;
    this.#units += units;
    const at = this.#packets++ * PACKET_FIELDS;
    this.#fields[at] = packet.length;
    this.#fields[at + 1] = units;
    this.#fields[at + 2] = socket;
    this.#fields[at + 3] = origin.address;
    this.#fields[at + 4] = origin.port;
  }

  /** Hands on what there is, unless the sending thread has enough to do. */
  push(): void {
    if (this.#packets > 0 && this.#underWay < EAGER_CHUNKS) this.#post();
  }

  /** Takes note of what became of packets, and of a chunk that is worked off. */
  settle(answer: SendProgress, log: Log, name: string): void {
    this.#options.ledger.settle(answer);
    this.#unitsUnderWay -= answer.done;
    for (const units of Object.values(answer.dropped)) this.#unitsUnderWay -= units;
    for (const [error, times] of Object.entries(answer.errors)) {
      this.errors[error] = (this.errors[error] ?? 0) + times;
      log.warn("send", `cannot send to ${name}: ${error}`, { target: name, error, times });
    }
    if (answer.kind === "progress") return;
    this.#underWay--;
    this.#spare.push({ bytes: answer.chunk.bytes, fields: answer.chunk.fields });
    this.push();
  }

  /** What is with the sending thread is lost, which ended by itself. */
  lose(): void {
    this.#options.ledger.settle({ done: 0, dropped: { [WORKER]: this.#unitsUnderWay } });
    this.#underWay = 0;
    this.#unitsUnderWay = 0;
  }

  #begin(): boolean {
    if (this.#underWay >= this.#chunksMax) return false;
    const { bytes, fields } = this.#spare.pop() ?? {
      bytes: new ArrayBuffer(CHUNK_BYTES),
      fields: new ArrayBuffer(CHUNK_PACKETS_MAX * PACKET_FIELDS * Uint32Array.BYTES_PER_ELEMENT),
    };
    this.#bytes = new Uint8Array(bytes);
    this.#fields = new Uint32Array(fields);
    return true;
  }

  #post(): void {
    const { ledger, target, post } = this.#options;
    const bytes = this.#bytes!.buffer;
    const fields = this.#fields.buffer as ArrayBuffer;
    if (post({ target, bytes, fields, packets: this.#packets })) {
      this.#underWay++;
      this.#unitsUnderWay += this.#units;
    } else {
      ledger.settle({ done: 0, dropped: { [WORKER]: this.#units } });
      this.#spare.push({ bytes, fields });
    }
    this.#bytes = undefined;
    this.#used = 0;
    this.#packets = 0;
    this.#units = 0;
  }
}
