/**
 * Sends many datagrams with one call of the C library (`sendmmsg`, Linux): the way to get as many
 * packets out of one process as the classic senders written in C do.
 *
 * @module
 */
import { socketAddress } from "../../apps/collector/sources/udp_socket.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SEND_BUFFER_BYTES = 4 << 20;

/** `struct mmsghdr` and `struct iovec` on 64-bit machines. */
const HEADER_BYTES = 64;
const HEADER_IOV = 16;
const HEADER_IOV_COUNT = 24;
const IOV_BYTES = 16;

let loaded: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;

/** Loads the C library, for good. It happens by itself with the first socket. */
export function loadBurstSockets(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  loaded ??= Deno.dlopen("libc.so.6", SYMBOLS);
  return loaded.symbols;
}

/** Datagrams in memory that the kernel reads from, ready to be sent in any order, any time. */
export class Burst {
  /** The datagrams one behind the other, to be changed in place. */
  readonly view: DataView<ArrayBuffer>;
  /** Where each datagram starts in the view. */
  readonly offsets: readonly number[];
  /** What points to the datagrams; only addresses point to the vectors, so they are kept here. */
  readonly headers: Uint8Array<ArrayBuffer>;
  readonly vectors: Uint8Array<ArrayBuffer>;

  constructor(datagrams: readonly Uint8Array[]) {
    const total = datagrams.reduce((sum, { length }) => sum + length, 0);
    const bytes = new Uint8Array(new ArrayBuffer(Math.max(64, total)));
    this.view = new DataView(bytes.buffer);
    this.headers = new Uint8Array(new ArrayBuffer(datagrams.length * HEADER_BYTES));
    this.vectors = new Uint8Array(new ArrayBuffer(datagrams.length * IOV_BYTES));
    const headers = new DataView(this.headers.buffer);
    const vectors = new DataView(this.vectors.buffer);
    const address = (of: Uint8Array<ArrayBuffer>) =>
      Deno.UnsafePointer.value(Deno.UnsafePointer.of(of));
    const [data, table] = [address(bytes), address(this.vectors)];
    const offsets: number[] = [];
    let offset = 0;
    for (const [index, datagram] of datagrams.entries()) {
      bytes.set(datagram, offset);
      offsets.push(offset);
      vectors.setBigUint64(index * IOV_BYTES, data + BigInt(offset), true);
      vectors.setBigUint64(index * IOV_BYTES + 8, BigInt(datagram.length), true);
      const header = index * HEADER_BYTES;
      headers.setBigUint64(header + HEADER_IOV, table + BigInt(index * IOV_BYTES), true);
      headers.setBigUint64(header + HEADER_IOV_COUNT, 1n, true);
      offset += datagram.length;
    }
    this.offsets = offsets;
  }
}

/** A UDP socket with one peer. */
export class BurstSocket {
  readonly #fd: number;

  /**
   * @param local The address to send from
   * @param remote The address to send to
   * @param port The port to send to
   */
  constructor(local: string, remote: string, port: number) {
    const { socket, bind, connect, setsockopt } = loadBurstSockets();
    this.#fd = socket(remote.includes(":") ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    if (this.#fd < 0) throw new Error("Cannot make a socket: are there too many?");
    setsockopt(this.#fd, SOL_SOCKET, SO_SNDBUF, new Int32Array([SEND_BUFFER_BYTES]), 4);
    const from = socketAddress(local, 0, 0);
    if (bind(this.#fd, from, from.length) < 0) throw new Error(`Cannot send from ${local}`);
    const to = socketAddress(remote, port, 0);
    if (connect(this.#fd, to, to.length) < 0) throw new Error(`Cannot send to ${remote}:${port}`);
  }

  /**
   * Sends datagrams of a burst.
   *
   * @param burst The datagrams
   * @param from The first
   * @param count How many
   * @returns How many were sent: fewer where the kernel has no room, or nobody listens
   */
  send(burst: Burst, from: number, count: number): number {
    const headers = burst.headers.subarray(from * HEADER_BYTES);
    return Math.max(0, loadBurstSockets().sendmmsg(this.#fd, headers, count, 0));
  }

  close(): void {
    loadBurstSockets().close(this.#fd);
  }
}
