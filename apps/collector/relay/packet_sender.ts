import type { PacketOrigin, SendTarget } from "./send_messages.ts";

/**
 * What became of a packet.
 *
 * | outcome | meaning |
 * | --- | --- |
 * | `sent` | it is on its way |
 * | `busy` | there is no room for it now: try again |
 * | `refused` | nobody listened to the packet before; this one was not sent |
 * | others | it cannot be sent |
 */
export type SendOutcome = "sent" | "busy" | "refused" | "unreachable" | "too-long" | "send-failed";

/** The outcome, and the system's name for the error where there was one. */
export interface SendResult {
  readonly outcome: SendOutcome;
  readonly error?: string;
}

/** The outcome, at once or later. */
export type Sending = SendResult | Promise<SendResult>;

/** The result where nothing went wrong. */
export const SENT: SendResult = { outcome: "sent" };

/** Sends packets to one target. */
export interface PacketSender {
  /**
   * Sends a packet, without waiting for room.
   *
   * @param packet The payload
   * @param socket Which socket to send it from, from 0
   * @param origin Whom it comes from
   */
  send(packet: Uint8Array<ArrayBuffer>, socket: number, origin: PacketOrigin): Sending;
  /**
   * What has become known since of the packet that was sent last.
   *
   * @param socket Which socket it was sent from
   */
  outcome(socket: number): SendResult;
  /** Closes the sockets. */
  close(): void;
}

/** A way of sending. */
export interface SenderKind {
  /** Its name, for the log. */
  readonly name: string;
  /**
   * Opens what is needed to send to a target.
   *
   * @throws {Error} The target cannot be sent to
   */
  open(target: SendTarget): PacketSender;
}
