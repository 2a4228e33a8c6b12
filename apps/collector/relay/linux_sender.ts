import { formatExporter } from "@flowtools/netflow-pdu";
import { UDP_IP_BYTES, writeUdpIpHeaders } from "./ip_header.ts";
import { SEND_BUFFER_BYTES } from "./limits.ts";
import {
  type PacketSender,
  type SenderKind,
  type SendOutcome,
  type SendResult,
  SENT,
} from "./packet_sender.ts";
import type { PacketOrigin, SendTarget } from "./send_messages.ts";

/** The C library of most systems, and that of Alpine. */
const LIBRARIES = ["libc.so.6", "libc.so"];

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

// Linux, the same on x86_64 and aarch64.
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IPPROTO_RAW = 255;
const IP_TTL = 2;
const IP_MULTICAST_TTL = 33;
const IPV6_UNICAST_HOPS = 16;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_SNDBUF = 7;
const MSG_DONTWAIT = 0x40;
const EPERM = 1;

/** What the system's errors mean. */
const ERRORS: Readonly<Record<number, readonly [name: string, outcome: SendOutcome]>> = {
  [EPERM]: ["EPERM", "send-failed"],
  11: ["EAGAIN", "busy"],
  12: ["ENOMEM", "busy"],
  90: ["EMSGSIZE", "too-long"],
  99: ["EADDRNOTAVAIL", "send-failed"],
  101: ["ENETUNREACH", "unreachable"],
  105: ["ENOBUFS", "busy"],
  111: ["ECONNREFUSED", "refused"],
  113: ["EHOSTUNREACH", "unreachable"],
};

/** The port of the first target's spoofed packets; the classic program has the same. */
const SPOOF_PORT = 7999;

/**
 * Sends through the C library: without waiting, from sockets that are connected, so that the
 * system tells when nobody listens, and from raw sockets where the source is another's.
 *
 * @returns `undefined` where the system is another one or FFI is not permitted
 */
export function linuxSenders(): SenderKind | undefined {
  if (Deno.build.os !== "linux") return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  for (const name of LIBRARIES) {
    try {
      const library = Deno.dlopen(name, SYMBOLS);
      return { name: "libc", open: (target) => new LinuxSender(library, target) };
    } catch {
      // The other name may be there; without any, the portable way is left.
    }
  }
  return undefined;
}

class LinuxSender implements PacketSender {
  readonly #library: Library;
  readonly #target: SendTarget;
  readonly #sockets = new Map<number, number>();
  /** Room for the headers that spoofed packets bring along. */
  #packet = new Uint8Array(0);

  constructor(library: Library, target: SendTarget) {
    this.#library = library;
    this.#target = target;
    if (target.spoof && typeof target.remote !== "number") {
      throw new Error(`Cannot send to ${target.name} from the addresses of others: it is IPv6`);
    }
    this.#socket(0);
  }

  send(packet: Uint8Array<ArrayBuffer>, socket: number, origin: PacketOrigin): SendResult {
    const { spoof, local } = this.#target;
    if (!spoof) return this.#send(this.#socket(socket), packet);
    const from = typeof local === "number" ? local : origin.address;
    if (from === 0) return { outcome: "send-failed", error: "IPv6 exporter cannot be spoofed" };
    // Exporters that are given one address are told apart by their ports.
    const port = local !== undefined ? SPOOF_PORT + socket : origin.port || SPOOF_PORT;
    return this.#send(this.#socket(0), this.#withHeaders(packet, from, port));
  }

  outcome(socket: number): SendResult {
    const fd = this.#sockets.get(socket);
    if (fd === undefined) return SENT;
    const value = new Int32Array(1);
    const size = Uint32Array.of(4);
    const { symbols } = this.#library;
    if (symbols.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, size) !== 0) return SENT;
    return value[0] === 0 ? SENT : resultOf(value[0]);
  }

  close(): void {
    for (const socket of new Set(this.#sockets.values())) this.#library.symbols.close(socket);
  }

  #send(socket: number, packet: Uint8Array<ArrayBuffer>): SendResult {
    const { symbols } = this.#library;
    const sent = symbols.send(socket, packet, BigInt(packet.length), MSG_DONTWAIT);
    if (Number(sent) >= 0) return SENT;
    return resultOf(this.#errno());
  }

  #withHeaders(
    payload: Uint8Array<ArrayBuffer>,
    source: number,
    sourcePort: number,
  ): Uint8Array<ArrayBuffer> {
    const length = UDP_IP_BYTES + payload.length;
    if (this.#packet.length < length) this.#packet = new Uint8Array(length);
    const packet = this.#packet.subarray(0, length);
    packet.set(payload, UDP_IP_BYTES);
    writeUdpIpHeaders(packet, {
      source,
      sourcePort,
      destination: this.#target.remote as number,
      destinationPort: this.#target.port,
      ttl: this.#target.ttl,
    });
    return packet;
  }

  #socket(index: number): number {
    const known = this.#sockets.get(index);
    if (known !== undefined) return known;
    let socket: number;
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

  #open(): number {
    const { symbols } = this.#library;
    const { remote, port, local, ttl, spoof, name } = this.#target;
    const family = typeof remote === "number" ? AF_INET : AF_INET6;
    const [type, protocol] = spoof ? [SOCK_RAW, IPPROTO_RAW] : [SOCK_DGRAM, 0];
    const socket = symbols.socket(family, type | SOCK_CLOEXEC, protocol);
    if (socket < 0) {
      const errno = this.#errno();
      throw new Error(
        errno === EPERM
          ? `Cannot send to ${name} from the addresses of others: a raw socket needs root or ` +
            "CAP_NET_RAW"
          : `Cannot open a socket for ${name}: ${errorName(errno)}`,
      );
    }
    const check = (what: string, result: number) => {
      if (result === 0) return;
      const reason = errorName(this.#errno());
      symbols.close(socket);
      throw new Error(`Cannot ${what}: ${reason}`);
    };
    const set = (level: number, option: number, value: number) =>
      symbols.setsockopt(socket, level, option, new Uint8Array(Int32Array.of(value).buffer), 4);
    // The system may grant less: then bursts wait here instead.
    set(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES);
    if (ttl !== undefined && !spoof) {
      if (family === AF_INET6) set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
      else set(IPPROTO_IP, (remote as number) >>> 28 === 0xe ? IP_MULTICAST_TTL : IP_TTL, ttl);
    }
    if (local !== undefined && !spoof) {
      const address = socketAddress(local, 0);
      check(
        `send to ${name} from ${formatExporter(local)}`,
        symbols.bind(socket, address, address.length),
      );
    }
    const address = socketAddress(remote, port);
    check(`send to ${name}`, symbols.connect(socket, address, address.length));
    return socket;
  }

  #errno(): number {
    const pointer = this.#library.symbols.__errno_location();
    return pointer === null ? 0 : new Deno.UnsafePointerView(pointer).getInt32();
  }
}

function resultOf(errno: number): SendResult {
  const [error, outcome] = ERRORS[errno] ?? [`errno ${errno}`, "send-failed"];
  return { outcome, error };
}

function errorName(errno: number): string {
  return ERRORS[errno]?.[0] ?? `errno ${errno}`;
}

/** A `sockaddr_in` or `sockaddr_in6`. */
function socketAddress(address: number | Uint8Array, port: number): Uint8Array<ArrayBuffer> {
  const wide = typeof address !== "number";
  const bytes = new Uint8Array(wide ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, wide ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  if (wide) bytes.set(address, 8);
  else view.setUint32(4, address);
  return bytes;
}
