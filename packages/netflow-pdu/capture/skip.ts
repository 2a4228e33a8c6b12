/** Why a packet or a fragmented datagram of a capture gave no {@linkcode CapturedDatagram}. */
export type CaptureSkipReason =
  /** The packet starts with a header that this reader does not know. */
  | "unknown-link-type"
  /** The packet ends inside a header of its link, of IP or of UDP. */
  | "packet-too-short"
  /** The packet carries something else than IP. */
  | "not-ip"
  /** What should be an IP header has another version or an impossible header length. */
  | "bad-ip-header"
  /** The length of the IP packet is smaller than its header. */
  | "bad-ip-length"
  /** The IP packet carries something else than UDP. */
  | "not-udp"
  /** A fragment has an impossible place or length. */
  | "fragment-malformed"
  /** A fragment was cut by the capture: a datagram cannot be whole with it. */
  | "fragment-truncated"
  /** A fragment came twice; the first counts. */
  | "fragment-duplicate"
  /** A datagram was given up because a fragment contradicts those before it. */
  | "fragment-overlap"
  /** A datagram was given up because fragments were missing too long or at the end. */
  | "fragment-incomplete"
  /** A datagram was given up because too many others were waiting for fragments. */
  | "fragment-evicted";

/** Counts by reason. */
export type SkipCounts = Map<CaptureSkipReason, number>;

/** Counts one more. */
export function countSkip(counts: SkipCounts, reason: CaptureSkipReason): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
