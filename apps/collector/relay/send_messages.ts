import type { Settlement } from "./ledger.ts";
import type { TargetAddress } from "./target.ts";

/** How one target is sent to. */
export interface SendTarget extends TargetAddress {
  /** Packets have the address of the exporter, or the local one, as their source. */
  readonly spoof: boolean;
  /** Microseconds to wait after each packet. */
  readonly delayMicros: number;
}

/** Where a packet comes from, for targets that are sent to as if it came from there still. */
export interface PacketOrigin {
  /** IPv4 address of the exporter; 0 where it has none. */
  readonly address: number;
  /** Its UDP port; 0 where that does not matter. */
  readonly port: number;
}

/** Numbers of each packet of a chunk, in the order of `PacketChunk.fields`. */
export const PACKET_FIELDS = 5;

/** Packets for one target, one behind the other. */
export interface PacketChunk {
  /** Index of the target. */
  readonly target: number;
  /** The packets. */
  readonly bytes: ArrayBuffer;
  /** For each packet: length, units (flows or 1), number of the socket, address and port of origin. */
  readonly fields: ArrayBuffer;
  readonly packets: number;
}

/** What the sending thread is told. */
export type SendJob =
  | { readonly kind: "open"; readonly targets: readonly SendTarget[] }
  | { readonly kind: "send"; readonly chunk: PacketChunk }
  | { readonly kind: "stop" };

/** What the system said. */
export interface SendErrors {
  /** Times that it refused a packet, by its name for the error. */
  readonly errors: Readonly<Record<string, number>>;
}

/** What the sending thread tells. */
export type SendAnswer =
  /** It is there. */
  | { readonly kind: "ready" }
  /** All targets can be sent to; how. */
  | { readonly kind: "open"; readonly how: string }
  /** A target cannot be sent to. */
  | { readonly kind: "failed"; readonly message: string }
  /** What became of packets of a chunk that is not worked off yet. */
  | ({ readonly kind: "progress"; readonly target: number } & Settlement & SendErrors)
  /** A chunk is worked off; its memory comes back. */
  | ({ readonly kind: "sent"; readonly chunk: PacketChunk } & Settlement & SendErrors)
  /** All sockets are closed. */
  | { readonly kind: "closed" };
