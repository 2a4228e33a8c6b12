import type { Sender } from "../sources/source.ts";
import type { SinkCounters } from "./sink.ts";

/**
 * Where datagrams go as they came, whatever they hold. It gets each one that is let in, before it
 * is decoded, and obeys the rules of a sink: it copies what it needs during the call, never makes
 * the receiver wait, drops and counts what does not fit, and does not throw.
 */
export interface Forwarder {
  /** Its name in logs, metrics and the API, such as `fanout 127.0.0.1:9995`. */
  readonly name: string;
  /** What became of the datagrams: these counters count datagrams, not flows. */
  readonly counters: Readonly<SinkCounters>;
  /** Errors of the system by its names for them, as `Sink` has them. */
  readonly errors?: Readonly<Record<string, number>>;
  /**
   * Takes a datagram. The bytes are used again after the call.
   *
   * @param view Memory that holds the datagram
   * @param offset Where it starts
   * @param length Its bytes
   * @param sender Who sent it
   */
  datagram(view: DataView, offset: number, length: number, sender: Sender): void;
  /** Works off the queue, as far as it goes within its bound of time, and finishes everything. */
  close(): Promise<void>;
}
