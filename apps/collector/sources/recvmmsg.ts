import type { ExporterAddress } from "@flowtools/netflow-pdu";
import type { Log } from "../log.ts";
import {
  AF_INET,
  EAGAIN,
  EINTR,
  type Libc,
  MSG_DONTWAIT,
  MSG_TRUNC,
  POLLIN,
  SHUT_RDWR,
} from "./libc.ts";
import { formatListener, type Listener } from "./listeners.ts";
import { SenderTable } from "./senders.ts";
import type { DatagramReceiver, DatagramSource, Sender, SourceCounters } from "./source.ts";
import { SOCKADDR_IN6_BYTES, UdpSocket, type UdpSocketSettings } from "./udp_socket.ts";

/** Datagrams of one call: more do not make it faster. */
const DATAGRAMS_PER_CALL = 256;

/**
 * Bytes of a datagram at most: UDP has none longer. Pages that no datagram reaches take no memory.
 */
const DATAGRAM_BYTES_MAX = 65_536;

/** Bytes between the slots, so that datagrams do not all fall into the same lines of the cache. */
const SLOT_PADDING = 192;

/**
 * Calls in a row before the rest of the program has a turn: some 10 ms of the fastest traffic, so
 * that timers, workers and signals are served.
 */
const CALLS_PER_TURN = 8;

/** How long one wait for a datagram may take; `close()` ends it at once. */
const WAIT_MS = 1000;

/** How long to wait after an error, so that one that stays does not keep the machine busy. */
const ERROR_PAUSE_MS = 10;

/**
 * The least that the kernel counts for a datagram against its buffer. It bounds what can have
 * arrived before a close, so that traffic that goes on cannot put the end off.
 */
const KERNEL_BYTES_PER_DATAGRAM = 512;

/** `struct mmsghdr` and `struct iovec` on 64-bit machines, in bytes, and places in the first. */
const HEADER_BYTES = 64;
const HEADER_NAME = 0;
const HEADER_NAME_LENGTH = 8;
const HEADER_IOV = 16;
const HEADER_IOV_COUNT = 24;
const HEADER_FLAGS = 48;
const HEADER_LENGTH = 56;
const IOV_BYTES = 16;
const NAME_BYTES = 32;

/** What the kernel fills in, and what tells it where: all of it lives as long as this object. */
class ReceiveBuffers {
  readonly slotBytes: number;
  readonly data: DataView<ArrayBuffer>;
  readonly names = new Uint8Array(new ArrayBuffer(DATAGRAMS_PER_CALL * NAME_BYTES));
  readonly nameView = new DataView(this.names.buffer);
  readonly headers = new Uint8Array(new ArrayBuffer(DATAGRAMS_PER_CALL * HEADER_BYTES));
  readonly headerView = new DataView(this.headers.buffer);
  /** Only the headers point here, so this reference is what keeps it from being collected. */
  readonly vectors = new Uint8Array(new ArrayBuffer(DATAGRAMS_PER_CALL * IOV_BYTES));

  constructor(datagramBytes: number) {
    this.slotBytes = datagramBytes + SLOT_PADDING;
    this.data = new DataView(new ArrayBuffer(DATAGRAMS_PER_CALL * this.slotBytes));
    const address = (bytes: BufferSource) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
    const data = address(this.data);
    const names = address(this.names);
    const vectors = address(this.vectors);
    const vectorView = new DataView(this.vectors.buffer);
    for (let i = 0; i < DATAGRAMS_PER_CALL; i++) {
      const vector = i * IOV_BYTES;
      vectorView.setBigUint64(vector, data + BigInt(i * this.slotBytes), true);
      vectorView.setBigUint64(vector + 8, BigInt(datagramBytes), true);
      const header = i * HEADER_BYTES;
      this.headerView.setBigUint64(header + HEADER_NAME, names + BigInt(i * NAME_BYTES), true);
      this.headerView.setUint32(header + HEADER_NAME_LENGTH, SOCKADDR_IN6_BYTES, true);
      this.headerView.setBigUint64(header + HEADER_IOV, vectors + BigInt(vector), true);
      this.headerView.setBigUint64(header + HEADER_IOV_COUNT, 1n, true);
    }
  }
}

/** How to receive with {@linkcode RecvmmsgSource}. */
export interface RecvmmsgSettings extends UdpSocketSettings {
  /** Bytes of the longest datagram that is taken whole; default: any. */
  readonly datagramBytes?: number;
}

/**
 * The fast path of Linux: the C library's `recvmmsg`, hundreds of datagrams a call, with a receive
 * buffer of choice and the kernel's count of what it dropped.
 */
export class RecvmmsgSource implements DatagramSource {
  readonly description: string;
  readonly port: number;
  readonly only?: ExporterAddress;
  /** Bytes that the kernel holds; fewer than asked for where the system's limit is below. */
  readonly receiveBuffer: number;
  readonly #libc: Libc;
  readonly #log: Log;
  readonly #socket: UdpSocket;
  readonly #buffers: ReceiveBuffers;
  readonly #senders = new SenderTable();
  /** `struct pollfd`. */
  readonly #pollfd = new Uint8Array(new ArrayBuffer(8));
  #closing = false;
  #running = false;
  #closed = false;
  #truncated = 0;
  #errors = 0;
  #kernelDrops: number | undefined = 0;
  #kernelDropsSeen = 0;

  /**
   * Opens the socket.
   *
   * @throws {LibcError} The address cannot be bound, or the group cannot be joined
   */
  constructor(libc: Libc, listener: Listener, settings: RecvmmsgSettings, log: Log) {
    this.#libc = libc;
    this.#log = log;
    this.#socket = UdpSocket.open(libc, listener, settings);
    this.#buffers = new ReceiveBuffers(settings.datagramBytes ?? DATAGRAM_BYTES_MAX);
    const view = new DataView(this.#pollfd.buffer);
    view.setInt32(0, this.#socket.fd, true);
    view.setInt16(4, POLLIN, true);
    this.port = this.#socket.port;
    this.receiveBuffer = this.#socket.receiveBuffer;
    this.only = listener.remote;
    this.description = `udp ${formatListener(this.#socket)} (recvmmsg, ${
      Math.round(this.receiveBuffer / 1024)
    } KiB buffer)`;
  }

  async run(receiver: DatagramReceiver): Promise<void> {
    if (this.#running || this.#closed) throw new Error(`${this.description} was run before`);
    this.#running = true;
    try {
      while (!this.#closing) {
        const outcome = this.#receive(receiver, CALLS_PER_TURN);
        if (outcome === "more") {
          // Others have their turn, but this thread does not give up its core: to wait for another
          // thread takes a busy machine longer than the buffer may last.
          await new Promise((resolve) => setImmediate(resolve));
          continue;
        }
        if (outcome === "error") {
          await new Promise((resolve) => setTimeout(resolve, ERROR_PAUSE_MS));
        }
        if (!this.#closing) await this.#libc.call.poll(this.#pollfd, 1n, WAIT_MS);
      }
      const arrivedMax = this.receiveBuffer * 2 / KERNEL_BYTES_PER_DATAGRAM;
      this.#receive(receiver, Math.ceil(arrivedMax / DATAGRAMS_PER_CALL));
    } finally {
      this.#running = false;
      this.#closeSocket();
    }
  }

  counters(): SourceCounters {
    this.#countKernelDrops();
    return {
      kernelDrops: this.#kernelDrops,
      truncated: this.#truncated,
      errors: this.#errors,
    };
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    // Not connected, so this is an error; but it ends a wait all the same.
    if (this.#running) this.#libc.call.shutdown(this.#socket.fd, SHUT_RDWR);
    else this.#closeSocket();
  }

  /** Receives until there is nothing more, or after so many calls. */
  #receive(receiver: DatagramReceiver, callsMax: number): "empty" | "more" | "error" {
    const { fd } = this.#socket;
    const { headers } = this.#buffers;
    const { recvmmsg } = this.#libc.call;
    for (let call = 0; call < callsMax; call++) {
      const count = recvmmsg(fd, headers, DATAGRAMS_PER_CALL, MSG_DONTWAIT, null);
      if (count < 0) {
        const errno = this.#libc.errno();
        if (errno === EAGAIN) return "empty";
        if (errno === EINTR) continue;
        this.#errors++;
        this.#log.warn(
          "receive",
          this.#libc.error(`Cannot receive on ${this.description}`).message,
        );
        return "error";
      }
      this.#give(receiver, count);
      if (count < DATAGRAMS_PER_CALL) return "empty";
    }
    return "more";
  }

  #give(receiver: DatagramReceiver, count: number): void {
    const { data, headerView, slotBytes } = this.#buffers;
    for (let i = 0; i < count; i++) {
      const header = i * HEADER_BYTES;
      const length = headerView.getUint32(header + HEADER_LENGTH, true);
      if ((headerView.getUint32(header + HEADER_FLAGS, true) & MSG_TRUNC) !== 0) this.#truncated++;
      receiver.datagram(data, i * slotBytes, length, this.#sender(i));
    }
  }

  #sender(index: number): Sender {
    const { names, nameView } = this.#buffers;
    const at = index * NAME_BYTES;
    const port = nameView.getUint16(at + 2);
    if (nameView.getUint16(at, true) === AF_INET) {
      return this.#senders.ipv4(nameView.getUint32(at + 4), port);
    }
    // IPv4 in IPv6 clothes, as a socket of both families has it: worth a way of its own.
    const mapped = nameView.getUint32(at + 8) === 0 && nameView.getUint32(at + 12) === 0 &&
      nameView.getUint32(at + 16) === 0xffff;
    return mapped
      ? this.#senders.ipv4(nameView.getUint32(at + 20), port)
      : this.#senders.ipv6(names.subarray(at + 8, at + 24), port);
  }

  #countKernelDrops(): void {
    if (this.#closed || this.#kernelDrops === undefined) return;
    const drops = this.#socket.kernelDrops();
    if (drops === undefined) {
      this.#kernelDrops = undefined;
      return;
    }
    this.#kernelDrops += (drops - this.#kernelDropsSeen) >>> 0;
    this.#kernelDropsSeen = drops;
  }

  #closeSocket(): void {
    if (this.#closed) return;
    this.#countKernelDrops();
    this.#closed = true;
    this.#libc.call.close(this.#socket.fd);
  }
}
