/** One received datagram. The bytes are valid until the next one is asked for. */
export interface Datagram {
  /** The UDP payload. */
  readonly payload: Uint8Array;
  /** Address of the sender, as text. */
  readonly address: string;
  /** UDP port of the sender. */
  readonly port: number;
}

/** Where datagrams come from. It knows nothing of flows. */
export interface DatagramSource extends AsyncIterable<Datagram> {
  /** What it listens to, for the log. */
  readonly name: string;
  /** The UDP port, as bound. */
  readonly port: number;
  /** Ends the iteration. */
  close(): void;
}
