import type { FlowBatch } from "@flowtools/flow-model";
import { IpfixFileEncoder } from "@flowtools/netflow-pdu/ipfix-file";
import { UsageError } from "@flowtools/common/flags";
import type { Log } from "../../log.ts";
import type { Ledger } from "../../relay/ledger.ts";
import { MisfitNotice } from "../../relay/misfit_notice.ts";
import { OutputThread } from "../../relay/output_thread.ts";
import { nextRotation } from "../../rotate.ts";
import type { WorkerStart } from "../../supervised_thread.ts";
import type { LossCounts, Sink } from "../sink.ts";
import type { IpfixJob } from "./ipfix_worker.ts";
import type { IpfixSettings } from "./options.ts";

/** What is counted of flows nothing of which has a place in a record. */
const NO_ELEMENT = "no-element";

/** Octets that wait for each flow at least: where there is no room for so much, none is encoded. */
const FLOW_OCTETS_MIN = 64;

/**
 * Starts a sink that stores flows of all versions in IPFIX files, rotated and named as flow-tools
 * files are, with everything that the flows have.
 *
 * @param settings Where and how
 * @param log Told what it does
 * @param internals How the thread is started, where it is not to be as usual
 * @returns The sink; `close()` ends its files and its thread
 * @throws {UsageError} There is no such directory
 */
export async function createIpfixSink(
  settings: IpfixSettings,
  log: Log,
  internals: WorkerStart = {},
): Promise<IpfixSink> {
  const { directory } = settings;
  if (!(await isDirectory(directory))) {
    throw new UsageError(`--ipfix is "${directory}", which is no directory`);
  }
  const open: IpfixJob = { kind: "open", settings };
  const start = () => {
    return new Worker(new URL("./ipfix_worker.ts", import.meta.url), { type: "module" });
  };
  const thread = await OutputThread.start({
    start: internals.startWorker ?? start,
    open,
    // It completes the file that was open.
    reopen: open,
    bytesMax: settings.queueBytes,
    hooks: {
      ended: (message) => log.warn("ipfix", `no more IPFIX files are written: ${message}`),
      told: (message, reason, facts) => {
        if (reason === undefined) log.info(message, facts);
        else log.warn(reason, message);
      },
      crashed: (message) => {
        log.warn("ipfix-worker", `the thread that writes IPFIX files ended: ${message}`);
      },
    },
  });
  return new IpfixSink(settings, thread, log);
}

/** Stores flows in IPFIX files; {@linkcode createIpfixSink} is the way to get one. */
export class IpfixSink implements Sink {
  readonly name = "ipfix";
  /** Records of NetFlow v9 and IPFIX are stored as they came. */
  readonly wantsOctets = true;
  readonly #settings: IpfixSettings;
  readonly #thread: OutputThread;
  readonly #encoder = new IpfixFileEncoder();
  readonly #misfits: MisfitNotice;
  /** Flows that were refused so far. */
  #refused = 0;
  /** The file that is being written, counted from 0, and when it ends; Unix ms. */
  #file = 0;
  /** Times that the thread had ended by itself when it was last looked. */
  #crashes = 0;
  #rotateAt = 0;

  constructor(settings: IpfixSettings, thread: OutputThread, log: Log) {
    this.#settings = settings;
    this.#thread = thread;
    this.#misfits = new MisfitNotice(this.name, log);
  }

  get counters(): Ledger {
    return this.#thread.ledger;
  }

  write(batch: FlowBatch): void {
    const now = Date.now();
    const { length } = batch;
    const ledger = this.counters;
    ledger.given += length;
    if (length === 0) return;
    this.#rotateIfDue(now);
    if (this.#crashes !== this.#thread.crashes) {
      // The file of before is complete, or will be: it takes nothing any more.
      this.#crashes = this.#thread.crashes;
      this.#endFile();
    }
    // Nothing is encoded that there is no room for.
    if (this.#thread.waitingBytes + length * FLOW_OCTETS_MIN > this.#settings.queueBytes) {
      return ledger.drop("queue-full", length);
    }
    const messages = this.#encoder.encode(batch, 0, length, now);
    messages.push(...this.#encoder.flush());
    const { refused } = this.#encoder.counters;
    const flows = length - (refused - this.#refused);
    ledger.drop(NO_ELEMENT, refused - this.#refused);
    this.#refused = refused;
    if (flows > 0) this.#post(messages, flows, now);
  }

  /** Losses are in no IPFIX file. */
  countLosses(_losses: LossCounts): void {}

  flush(now: number): Promise<void> {
    this.#rotateIfDue(now);
    this.#tellLost();
    const { waitingBytes } = this.#thread;
    this.#thread.tell({ kind: "flush", waitingOctets: waitingBytes } satisfies IpfixJob);
    return Promise.resolve();
  }

  /** Ends the file that is open; the next flows begin another. */
  rotate(): Promise<void> {
    this.#endFile();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#tellLost();
    return this.#thread.close({ kind: "finish" } satisfies IpfixJob, this.#settings.drainSeconds);
  }

  #rotateIfDue(now: number): void {
    const rotateAt = nextRotation(now, this.#settings.rotations);
    if (rotateAt === this.#rotateAt) return;
    if (this.#rotateAt !== 0) this.#endFile();
    this.#rotateAt = rotateAt;
  }

  #endFile(): void {
    // Each file can be read by itself: it has the templates of its records.
    this.#encoder.nextFile();
    this.#file++;
    this.#thread.tell({ kind: "end" } satisfies IpfixJob);
  }

  #post(messages: readonly Uint8Array[], flows: number, now: number): void {
    const octets = messages.reduce((sum, { length }) => sum + length, 0);
    const buffer = this.#thread.take(octets, flows);
    if (buffer === undefined) {
      // Templates may have been in what is dropped.
      this.#encoder.nextFile();
      return;
    }
    const target = new Uint8Array(buffer);
    let at = 0;
    for (const message of messages) {
      target.set(message, at);
      at += message.length;
    }
    const waitingOctets = this.#thread.waitingBytes;
    this.#thread.post(
      buffer,
      flows,
      (piece) =>
        ({
          kind: "messages",
          piece,
          octets,
          file: this.#file,
          now,
          waitingOctets,
        }) satisfies IpfixJob,
    );
  }

  #tellLost(): void {
    const { counts } = this.#misfits;
    for (const [field, count] of this.#encoder.lost) counts.set(field, count);
    this.#misfits.tell();
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
