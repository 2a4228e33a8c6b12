/** How much a capture may ask of its reader; each bound has its reason. */
export interface CaptureLimits {
  /** Bytes of one captured packet at most: libpcap and Wireshark never write more than 262144. */
  readonly packetBytes: number;
  /** Bytes of one pcapng block at most: a block is held whole, and Wireshark refuses more than 16 MiB. */
  readonly blockBytes: number;
  /** Interfaces of one pcapng section at most: old packet blocks number them with 16 bits. */
  readonly interfaces: number;
  /** Fragmented datagrams held at once: the oldest gives way, as fragments may never be complete. */
  readonly pendingDatagrams: number;
  /** Bytes of fragments held at once, overhead included: 64 datagrams of the largest size. */
  readonly pendingBytes: number;
  /** Milliseconds of capture time a datagram waits for its fragments: as Linux; later, the identifier may be used again. */
  readonly pendingMs: number;
}

/** The limits of a {@linkcode CaptureDecoder} that is told nothing else. */
export const CAPTURE_LIMITS: CaptureLimits = Object.freeze({
  packetBytes: 262144,
  blockBytes: 16 * 1024 * 1024,
  interfaces: 65536,
  pendingDatagrams: 1024,
  pendingBytes: 64 * 65536,
  pendingMs: 30_000,
});
