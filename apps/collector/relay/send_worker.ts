/** The thread that sends packets; `send_thread.ts` starts it. */
import type { Settlement } from "./ledger.ts";
import {
  BUSY_WAIT_MS,
  CONFIRM_MS,
  PROGRESS_MS,
  REFUSED_RETRIES_MAX,
  SEND_TURN_MS,
} from "./limits.ts";
import { linuxSenders } from "./linux_sender.ts";
import type { PacketSender, Sending } from "./packet_sender.ts";
import { PORTABLE_SENDERS } from "./portable_sender.ts";
import {
  PACKET_FIELDS,
  type PacketChunk,
  type SendAnswer,
  type SendErrors,
  type SendJob,
  type SendTarget,
} from "./send_messages.ts";

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<SendJob>) => void;
  postMessage(answer: SendAnswer, transfer?: ArrayBuffer[]): void;
  addEventListener(type: "error" | "unhandledrejection", hear: () => void): void;
}

const scope = globalThis as unknown as WorkerScope;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What became of packets since it was told last. */
class Tally {
  #done = 0;
  #dropped: Record<string, number> = {};
  #errors: Record<string, number> = {};

  sent(units: number): void {
    this.#done += units;
  }

  drop(reason: string, units: number): void {
    if (units > 0) this.#dropped[reason] = (this.#dropped[reason] ?? 0) + units;
  }

  error(name: string | undefined): void {
    if (name !== undefined) this.#errors[name] = (this.#errors[name] ?? 0) + 1;
  }

  take(): Settlement & SendErrors {
    const told = { done: this.#done, dropped: this.#dropped, errors: this.#errors };
    this.#done = 0;
    this.#dropped = {};
    this.#errors = {};
    return told;
  }
}

/** Works off the chunks of one target, in order, at its own pace. */
class TargetLane {
  readonly #target: SendTarget;
  readonly #sender: PacketSender;
  readonly #chunks: PacketChunk[] = [];
  #running = false;
  #closed = false;
  /** When the next packet is due, by the performance clock; for targets with a delay. */
  #due = 0;
  #turnBegan = 0;
  #toldAt = 0;
  readonly #tally = new Tally();
  /** Units of the packet sent last from each socket: whether anybody listens is told later. */
  readonly #pending: number[] = [];
  #confirmation: ReturnType<typeof setTimeout> | undefined;

  constructor(target: SendTarget, sender: PacketSender) {
    this.#target = target;
    this.#sender = sender;
  }

  add(chunk: PacketChunk): void {
    this.#chunks.push(chunk);
    if (!this.#running) this.#run();
  }

  /** Ends at once: what is not sent has been counted as lost. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#confirmation);
    this.#chunks.length = 0;
    this.#sender.close();
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#turnBegan = performance.now();
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
      await this.#sendChunk(chunk);
    }
    this.#running = false;
  }

  async #sendChunk(chunk: PacketChunk): Promise<void> {
    const bytes = new Uint8Array(chunk.bytes);
    const fields = new Uint32Array(chunk.fields);
    let offset = 0;
    for (let i = 0; i < chunk.packets * PACKET_FIELDS; i += PACKET_FIELDS) {
      const packet = bytes.subarray(offset, offset + fields[i]);
      offset += fields[i];
      if (this.#target.delayMicros > 0) await this.#pace(chunk.target);
      if (this.#closed) return;
      const units = fields[i + 1];
      const socket = fields[i + 2];
      const origin = { address: fields[i + 3], port: fields[i + 4] };
      const send = () => this.#sender.send(packet, socket, origin);
      const sending = send();
      if ("outcome" in sending && sending.outcome === "sent") this.#sent(units, socket);
      else await this.#insist(sending, send, units, socket);
    }
    const { target } = chunk;
    scope.postMessage({ kind: "sent", chunk, ...this.#tally.take() }, [chunk.bytes, chunk.fields]);
    clearTimeout(this.#confirmation);
    this.#confirmation = setTimeout(() => this.#confirm(target), CONFIRM_MS);
    if (performance.now() - this.#turnBegan > SEND_TURN_MS) await this.#sleep(0);
  }

  /** Sends a packet again as long as there is hope, and counts what becomes of it. */
  async #insist(
    sending: Sending,
    again: () => Sending,
    units: number,
    socket: number,
  ): Promise<void> {
    let { outcome, error } = await sending;
    for (let refused = 0;;) {
      this.#tally.error(error);
      if (outcome === "sent") return this.#sent(units, socket);
      if (outcome === "busy") {
        await this.#sleep(BUSY_WAIT_MS);
      } else if (outcome === "refused" && refused++ < REFUSED_RETRIES_MAX) {
        // The error is about the packet before.
        this.#tally.drop("refused", this.#pending[socket] ?? 0);
        this.#pending[socket] = 0;
      } else {
        return this.#tally.drop(outcome, units);
      }
      if (this.#closed) return;
      ({ outcome, error } = await again());
    }
  }

  #sent(units: number, socket: number): void {
    this.#tally.sent(this.#pending[socket] ?? 0);
    this.#pending[socket] = units;
  }

  /** Where no complaint has come, what was sent has arrived as far as anybody can tell. */
  #confirm(target: number): void {
    for (const [socket, units = 0] of this.#pending.entries()) {
      if (units === 0) continue;
      const { outcome, error } = this.#sender.outcome(socket);
      this.#tally.error(error);
      if (outcome === "sent") this.#tally.sent(units);
      else this.#tally.drop(outcome, units);
    }
    this.#pending.length = 0;
    scope.postMessage({ kind: "progress", target, ...this.#tally.take() });
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms);
    this.#turnBegan = performance.now();
  }

  /** Waits until the next packet is due; timers are coarse, so those that are late catch up. */
  async #pace(target: number): Promise<void> {
    const now = performance.now();
    // A chunk may take long: what is sent is told meanwhile.
    if (now - this.#toldAt > PROGRESS_MS) {
      scope.postMessage({ kind: "progress", target, ...this.#tally.take() });
      this.#toldAt = now;
    }
    // After a pause nothing is made up for: that would be a burst.
    if (this.#due < now - 2 * BUSY_WAIT_MS - this.#target.delayMicros / 1000) this.#due = now;
    const wait = this.#due - now;
    this.#due += this.#target.delayMicros / 1000;
    if (wait >= BUSY_WAIT_MS) await this.#sleep(wait);
  }
}

let lanes: TargetLane[] = [];

function open(targets: readonly SendTarget[]): SendAnswer {
  const kind = linuxSenders() ?? PORTABLE_SENDERS;
  try {
    lanes = targets.map((target) => new TargetLane(target, kind.open(target)));
    return { kind: "open", how: kind.name };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

scope.onmessage = ({ data: job }) => {
  if (job.kind === "open") {
    scope.postMessage(open(job.targets));
  } else if (job.kind === "send") {
    lanes[job.chunk.target].add(job.chunk);
  } else {
    for (const lane of lanes) lane.close();
    scope.postMessage({ kind: "closed" });
  }
};
// Sockets of the C library would outlive a thread that ends by itself.
for (const type of ["error", "unhandledrejection"] as const) {
  scope.addEventListener(type, () => {
    for (const lane of lanes) lane.close();
  });
}
scope.postMessage({ kind: "ready" });
