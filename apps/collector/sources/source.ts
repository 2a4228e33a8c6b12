import type { ExporterAddress } from "@flowtools/netflow-pdu";

/** Who sent a datagram. A source gives the same object for the same sender while it can. */
export interface Sender {
  /** The address, as the decoder takes it. */
  readonly address: ExporterAddress;
  /** The UDP port. */
  readonly port: number;
  /** The address as text; IPv4 in IPv6 clothes has them off. */
  readonly name: string;
}

/** What takes datagrams. It is called for one after the other, and never throws. */
export interface DatagramReceiver {
  /**
   * Takes a datagram. The bytes are used again after the call.
   *
   * @param view Memory that holds the datagram
   * @param offset Where it starts
   * @param length Its bytes
   * @param sender Who sent it
   * @param receivedAt When it came, Unix ms, where that was not just now
   */
  datagram(
    view: DataView,
    offset: number,
    length: number,
    sender: Sender,
    receivedAt?: number,
  ): void;
  /**
   * Whether a source that can wait (a file can, the network cannot) should, since more would not
   * fit into the queues behind. It resolves when there is room; `undefined` where there is.
   */
  room?(): Promise<void> | undefined;
}

/** What a source itself saw go wrong; counts since it was opened. */
export interface SourceCounters {
  /** Datagrams that the kernel dropped since its buffer was full; `undefined` where nobody tells. */
  readonly kernelDrops: number | undefined;
  /** Datagrams longer than the longest that is taken; they are given, cut. */
  readonly truncated: number;
  /** Calls to receive that failed. */
  readonly errors: number;
}

/** Where datagrams come from. */
export interface DatagramSource {
  /** What it listens on and how, for the log: `udp 0.0.0.0:9991 (recvmmsg, 32 MiB)`. */
  readonly description: string;
  /** The port that it listens on, where it has one. */
  readonly port: number | undefined;
  /** The only sender that is let in, where the listener names one. */
  readonly only?: ExporterAddress;
  /** Gives datagrams to the receiver until the source is closed, or a capture ends. */
  run(receiver: DatagramReceiver): Promise<void>;
  /** What went wrong so far. */
  counters(): SourceCounters;
  /** Ends `run`, after what has arrived is given. */
  close(): void;
}
