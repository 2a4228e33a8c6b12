import type { ExporterAddress } from "@flowtools/netflow-pdu";
import type { Log } from "../log.ts";
import { formatListener, type Listener } from "./listeners.ts";
import { SenderTable } from "./senders.ts";
import type { DatagramReceiver, DatagramSource, SourceCounters } from "./source.ts";

/** Bytes of the longest datagram: UDP has none longer. */
const DATAGRAM_BYTES_MAX = 65_536;

/** How long to wait after an error, so that one that stays does not keep the machine busy. */
const ERROR_PAUSE_MS = 10;

/**
 * What has arrived is given after a close: until nothing came for so long, and no longer than the
 * second number, since traffic may go on.
 */
const DRAIN_IDLE_MS = 20;
const DRAIN_MAX_MS = 500;

/**
 * Receives with `Deno.listenDatagram`: works everywhere, but the receive buffer is the system's
 * default, and nobody tells what the kernel dropped.
 */
export class PortableSource implements DatagramSource {
  readonly description: string;
  readonly port: number;
  readonly only?: ExporterAddress;
  readonly #socket: Deno.DatagramConn;
  readonly #log: Log;
  readonly #senders = new SenderTable();
  #closing = false;
  #socketClosed = false;
  #running = false;
  #received = 0;
  #errors = 0;

  private constructor(socket: Deno.DatagramConn, listener: Listener, log: Log) {
    const { hostname, port } = socket.addr as Deno.NetAddr;
    this.#socket = socket;
    this.#log = log;
    this.port = port;
    this.only = listener.remote;
    this.description = `udp ${formatListener({ address: hostname, port })} (portable)`;
  }

  /**
   * Opens the socket, and joins the group where the address is one.
   *
   * @throws {Error} The address cannot be bound, or the group cannot be joined
   */
  static async open(listener: Listener, reusePort: boolean, log: Log): Promise<PortableSource> {
    const socket = listen(listener, reusePort || listener.multicast);
    try {
      if (listener.multicast) await join(socket, listener);
      return new PortableSource(socket, listener, log);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  async run(receiver: DatagramReceiver): Promise<void> {
    if (this.#running) throw new Error(`${this.description} was run before`);
    this.#running = true;
    const buffer = new Uint8Array(DATAGRAM_BYTES_MAX);
    const view = new DataView(buffer.buffer);
    for (;;) {
      try {
        const [payload, from] = await this.#socket.receive(buffer);
        this.#received++;
        const { hostname, port } = from as Deno.NetAddr;
        receiver.datagram(view, 0, payload.length, this.#senders.text(hostname, port));
      } catch (error) {
        if (this.#socketClosed) return;
        this.#errors++;
        const reason = error instanceof Error ? error.message : String(error);
        this.#log.warn("receive", `Cannot receive on ${this.description}: ${reason}`);
        await new Promise((resolve) => setTimeout(resolve, ERROR_PAUSE_MS));
      }
    }
  }

  counters(): SourceCounters {
    return { kernelDrops: undefined, truncated: 0, errors: this.#errors };
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#running) this.#closeWhenIdle(performance.now() + DRAIN_MAX_MS);
    else this.#closeSocket();
  }

  /** A receive that waits ends with an error when the socket is closed; there is no other way. */
  #closeWhenIdle(latest: number): void {
    const seen = this.#received;
    setTimeout(() => {
      const idle = this.#received === seen;
      if (idle || performance.now() >= latest) this.#closeSocket();
      else this.#closeWhenIdle(latest);
    }, DRAIN_IDLE_MS);
  }

  #closeSocket(): void {
    this.#socketClosed = true;
    this.#socket.close();
  }
}

function listen({ address, port }: Listener, reuseAddress: boolean): Deno.DatagramConn {
  const at = (hostname: string) =>
    Deno.listenDatagram({ transport: "udp", hostname, port, reuseAddress });
  if (address !== undefined) return at(address);
  try {
    return at("::");
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    // A machine without IPv6.
    return at("0.0.0.0");
  }
}

async function join(socket: Deno.DatagramConn, listener: Listener): Promise<void> {
  const { address, interface: name } = listener;
  if (address === undefined) return;
  const interfaces = name === undefined
    ? []
    : Deno.networkInterfaces().filter((row) => row.name === name || row.address === name);
  if (address.includes(":")) {
    await socket.joinMulticastV6(address, interfaces[0]?.scopeid ?? 0);
    return;
  }
  const local = interfaces.find(({ family }) => family === "IPv4")?.address;
  if (name !== undefined && local === undefined) {
    throw new Error(`interface "${name}" has no IPv4 address`);
  }
  await socket.joinMulticastV4(address, local ?? "0.0.0.0");
}
