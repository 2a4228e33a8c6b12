import type { IpFragment, IpPacket } from "./ip.ts";
import type { CaptureLimits } from "./limits.ts";
import { countSkip, type SkipCounts } from "./skip.ts";

/** The lengths of IP are 16 bits wide, so no datagram is longer. */
const DATAGRAM_BYTES_MAX = 65535;

/** What a held fragment costs beside its bytes: tiny ones would cheat the limit otherwise. */
const PIECE_OVERHEAD_BYTES = 128;

/** A reassembled datagram and what it starts with. */
export interface WholeDatagram {
  /** An IP protocol number. */
  readonly protocol: number;
  /** The bytes of all fragments. */
  readonly data: Uint8Array;
}

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The fragments of one datagram, in order of their place. */
interface PendingDatagram {
  readonly pieces: Piece[];
  readonly startedMs: number;
  /** Sum of the lengths of the pieces, which never overlap. */
  received: number;
  cost: number;
  /** Known when the last fragment is there. */
  total: number | undefined;
  /** Known when the first fragment is there. */
  protocol: number | undefined;
}

/** Puts fragmented datagrams together, within bounds. */
export class Reassembly {
  readonly #limits: CaptureLimits;
  readonly #skipped: SkipCounts;
  /** In order of their first fragment, so the first key is the oldest. */
  readonly #pending = new Map<string, PendingDatagram>();
  #cost = 0;

  /** Makes an empty reassembly that counts what it gives up. */
  constructor(limits: CaptureLimits, skipped: SkipCounts) {
    this.#limits = limits;
    this.#skipped = skipped;
  }

  /** Takes one fragment; gives the datagram that it completes. The bytes are copied. */
  add(packet: IpPacket, fragment: IpFragment, timeMs: number): WholeDatagram | undefined {
    if (packet.cut) {
      countSkip(this.#skipped, "fragment-truncated");
      return undefined;
    }
    const { length } = packet.data;
    if (
      length === 0 || fragment.offset + length > DATAGRAM_BYTES_MAX ||
      (fragment.more && length % 8 !== 0)
    ) {
      countSkip(this.#skipped, "fragment-malformed");
      return undefined;
    }
    const key = `${packet.source} ${packet.destination} ${fragment.id}`;
    const pending = this.#pendingFor(key, packet, fragment, timeMs);
    if (pending === undefined) return undefined;
    this.#insert(pending, packet, fragment);
    if (pending.received === pending.total) {
      this.#drop(key, pending);
      return join(pending);
    }
    this.#evict();
    return undefined;
  }

  /** Counts what will never be complete. */
  finish(): void {
    for (const [key, pending] of this.#pending) {
      this.#drop(key, pending);
      countSkip(this.#skipped, "fragment-incomplete");
    }
  }

  /** The datagram that the fragment belongs to, a new one if need be; `undefined` for a fragment that came twice. */
  #pendingFor(
    key: string,
    packet: IpPacket,
    fragment: IpFragment,
    timeMs: number,
  ): PendingDatagram | undefined {
    const known = this.#pending.get(key);
    if (known !== undefined) {
      // Captures may go back in time; far off is far off.
      if (Math.abs(timeMs - known.startedMs) > this.#limits.pendingMs) {
        this.#drop(key, known);
        countSkip(this.#skipped, "fragment-incomplete");
      } else {
        const fit = fits(known, packet.data, fragment);
        if (fit === "new") return known;
        countSkip(this.#skipped, fit === "same" ? "fragment-duplicate" : "fragment-overlap");
        if (fit === "same") return undefined;
        // Most likely the identifier is in use again: the datagram in hand can still become whole.
        this.#drop(key, known);
      }
    }
    const fresh: PendingDatagram = {
      pieces: [],
      startedMs: timeMs,
      received: 0,
      cost: 0,
      total: undefined,
      protocol: undefined,
    };
    this.#pending.set(key, fresh);
    return fresh;
  }

  #insert(pending: PendingDatagram, packet: IpPacket, fragment: IpFragment): void {
    const bytes = packet.data.slice();
    const before = indexBefore(pending.pieces, fragment.offset);
    pending.pieces.splice(before + 1, 0, { offset: fragment.offset, bytes });
    pending.received += bytes.length;
    pending.cost += bytes.length + PIECE_OVERHEAD_BYTES;
    this.#cost += bytes.length + PIECE_OVERHEAD_BYTES;
    if (!fragment.more) pending.total = fragment.offset + bytes.length;
    if (fragment.offset === 0) pending.protocol = packet.protocol;
  }

  #evict(): void {
    for (const [key, pending] of this.#pending) {
      const { pendingDatagrams, pendingBytes } = this.#limits;
      if (this.#pending.size <= pendingDatagrams && this.#cost <= pendingBytes) return;
      this.#drop(key, pending);
      countSkip(this.#skipped, "fragment-evicted");
    }
  }

  #drop(key: string, pending: PendingDatagram): void {
    this.#pending.delete(key);
    this.#cost -= pending.cost;
  }
}

/** The index of the last piece that starts at or before a place; most fragments come in order, so from the end. */
function indexBefore(pieces: readonly Piece[], offset: number): number {
  let index = pieces.length - 1;
  while (index >= 0 && pieces[index].offset > offset) index--;
  return index;
}

/** Whether a fragment adds to a datagram, repeats a part of it, or contradicts it. */
function fits(
  pending: PendingDatagram,
  bytes: Uint8Array,
  fragment: IpFragment,
): "new" | "same" | "contradiction" {
  const { pieces, total } = pending;
  const end = fragment.offset + bytes.length;
  const index = indexBefore(pieces, fragment.offset);
  const before = pieces[index];
  const after = pieces[index + 1];
  if (before?.offset === fragment.offset && sameBytes(before.bytes, bytes)) return "same";
  if (before !== undefined && before.offset + before.bytes.length > fragment.offset) {
    return "contradiction";
  }
  if (after !== undefined && end > after.offset) return "contradiction";
  if (total !== undefined && (end > total || !fragment.more)) return "contradiction";
  // A last fragment must lie behind all others.
  if (!fragment.more && after !== undefined) return "contradiction";
  return "new";
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function join(pending: PendingDatagram): WholeDatagram {
  const data = new Uint8Array(pending.received);
  for (const piece of pending.pieces) data.set(piece.bytes, piece.offset);
  // Pieces without gaps or overlaps up to the end include the one at 0, which says the protocol.
  return { protocol: pending.protocol ?? 0, data };
}
