import { formatExporter } from "@flowtools/netflow-pdu";
import {
  type PacketSender,
  type SenderKind,
  type SendOutcome,
  type SendResult,
  SENT,
} from "./packet_sender.ts";
import type { SendTarget } from "./send_messages.ts";

/** What the runtime's errors mean, by their names or codes. */
const OUTCOMES: Readonly<Record<string, SendOutcome>> = {
  ECONNREFUSED: "refused",
  ConnectionRefused: "refused",
  ENOBUFS: "busy",
  EAGAIN: "busy",
  WouldBlock: "busy",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EMSGSIZE: "too-long",
};

/** Sends by what the runtime has everywhere. */
export const PORTABLE_SENDERS: SenderKind = {
  name: "portable",
  open: (target) => new PortableSender(target),
};

class PortableSender implements PacketSender {
  readonly #target: SendTarget;
  readonly #address: Deno.NetAddr;
  readonly #sockets = new Map<number, Deno.DatagramConn>();

  constructor(target: SendTarget) {
    if (target.spoof) {
      throw new Error(
        `Cannot send to ${target.name} from the addresses of others: that needs Linux and ` +
          "--allow-ffi",
      );
    }
    this.#target = target;
    const hostname = formatExporter(target.remote);
    this.#address = { transport: "udp", hostname, port: target.port };
    this.#socket(0);
  }

  async send(packet: Uint8Array<ArrayBuffer>, socket: number): Promise<SendResult> {
    try {
      await this.#socket(socket).send(packet, this.#address);
      return SENT;
    } catch (error) {
      const { name, code } = error as Error & { code?: string };
      const label = code ?? name;
      return { outcome: OUTCOMES[label] ?? "send-failed", error: label };
    }
  }

  /** Sockets that are not connected are told nothing. */
  outcome(_socket: number): SendResult {
    return SENT;
  }

  close(): void {
    for (const socket of new Set(this.#sockets.values())) socket.close();
  }

  #socket(index: number): Deno.DatagramConn {
    const known = this.#sockets.get(index);
    if (known !== undefined) return known;
    let socket: Deno.DatagramConn;
    try {
      socket = this.#open();
    } catch (error) {
      if (index === 0) throw error;
      // Too many files are open: exporters share a port rather than lose their flows.
      socket = this.#socket(0);
    }
    this.#sockets.set(index, socket);
    return socket;
  }

  #open(): Deno.DatagramConn {
    const { local, remote } = this.#target;
    const any = typeof remote === "number" ? "0.0.0.0" : "::";
    const hostname = local === undefined ? any : formatExporter(local);
    return Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  }
}
