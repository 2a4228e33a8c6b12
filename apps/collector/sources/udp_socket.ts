import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import type { ExporterAddress } from "@flowtools/netflow-pdu";
import {
  AF_INET,
  AF_INET6,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  type Libc,
  LibcError,
  MCAST_JOIN_GROUP,
  MCAST_JOIN_SOURCE_GROUP,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./libc.ts";
import type { Listener } from "./listeners.ts";

/** Bytes of `struct sockaddr_in` and `struct sockaddr_in6`. */
export const SOCKADDR_IN_BYTES = 16;
export const SOCKADDR_IN6_BYTES = 28;

/** Bytes of `struct sockaddr_storage`, and of what stands before the first in a join request. */
const SOCKADDR_STORAGE_BYTES = 128;
const GROUP_OFFSET = 8;

/** Numbers that `SO_MEMINFO` gives, and which of them is the count of dropped datagrams. */
const MEMINFO_COUNT = 9;
const MEMINFO_DROPS = 8;

/** What a socket is to be like, beyond where it listens. */
export interface UdpSocketSettings {
  /** Bytes that the kernel is asked to hold. */
  readonly receiveBuffer: number;
  /** Whether others may listen on the same port. */
  readonly reusePort: boolean;
}

/** A UDP socket of the C library, bound. */
export class UdpSocket {
  /** The file descriptor. */
  readonly fd: number;
  /** `AF_INET` or `AF_INET6`. */
  readonly family: number;
  /** The address that it is bound to, as text. */
  readonly address: string;
  /** The port that it is bound to. */
  readonly port: number;
  /** Bytes that the kernel holds at most, as it was asked for them: it doubles the number itself. */
  readonly receiveBuffer: number;
  readonly #libc: Libc;
  readonly #meminfo = new Uint32Array(MEMINFO_COUNT);
  readonly #meminfoLength = new Uint32Array(1);

  private constructor(libc: Libc, fd: number, family: number, listener: Listener) {
    this.#libc = libc;
    this.fd = fd;
    this.family = family;
    this.address = listener.address ?? (family === AF_INET6 ? "::" : "0.0.0.0");
    const name = new Uint8Array(SOCKADDR_IN6_BYTES);
    const length = new Uint32Array([name.length]);
    libc.check("getsockname", libc.call.getsockname(fd, name, length));
    this.port = new DataView(name.buffer).getUint16(2);
    const buffer = new Uint32Array(1);
    libc.check(
      "getsockopt",
      libc.call.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, buffer, new Uint32Array([4])),
    );
    this.receiveBuffer = buffer[0] / 2;
  }

  /**
   * Opens a socket: any address means both families, or IPv4 where the machine has no IPv6.
   *
   * @throws {LibcError} The address cannot be bound, or the group cannot be joined
   */
  static open(libc: Libc, listener: Listener, settings: UdpSocketSettings): UdpSocket {
    if (listener.address !== undefined) return openAt(listener.address);
    try {
      return openAt("::");
    } catch (error) {
      const absent = error instanceof LibcError &&
        (error.errno === EAFNOSUPPORT || error.errno === EADDRNOTAVAIL);
      if (!absent) throw error;
      return openAt("0.0.0.0");
    }

    function openAt(address: string): UdpSocket {
      const family = address.includes(":") ? AF_INET6 : AF_INET;
      const fd = libc.check("socket", libc.call.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      try {
        const index = listener.interface === undefined
          ? 0
          : libc.interfaceIndex(listener.interface);
        setOptions(libc, fd, family, listener, settings);
        const name = socketAddress(address, listener.port, index);
        libc.check("bind", libc.call.bind(fd, name, name.length));
        if (listener.multicast) join(libc, fd, address, index, listener.remote);
        return new UdpSocket(libc, fd, family, listener);
      } catch (error) {
        libc.call.close(fd);
        throw error;
      }
    }
  }

  /** Datagrams that the kernel dropped so far, modulo 2^32; `undefined` where it does not say. */
  kernelDrops(): number | undefined {
    this.#meminfoLength[0] = this.#meminfo.byteLength;
    const result = this.#libc.call.getsockopt(
      this.fd,
      SOL_SOCKET,
      SO_MEMINFO,
      this.#meminfo,
      this.#meminfoLength,
    );
    const told = result === 0 && this.#meminfoLength[0] === this.#meminfo.byteLength;
    return told ? this.#meminfo[MEMINFO_DROPS] : undefined;
  }
}

function setOptions(
  libc: Libc,
  fd: number,
  family: number,
  { multicast }: Listener,
  { receiveBuffer, reusePort }: UdpSocketSettings,
): void {
  const set = (level: number, option: number, value: number) =>
    libc.call.setsockopt(fd, level, option, new Int32Array([value]), 4);
  // Above the system's limit where the process may; else as far as the limit goes.
  if (set(SOL_SOCKET, SO_RCVBUFFORCE, receiveBuffer) < 0) {
    libc.check("SO_RCVBUF", set(SOL_SOCKET, SO_RCVBUF, receiveBuffer));
  }
  if (reusePort) libc.check("SO_REUSEPORT", set(SOL_SOCKET, SO_REUSEPORT, 1));
  // Each listener of a group gets every datagram, so several are of use.
  if (multicast) libc.check("SO_REUSEADDR", set(SOL_SOCKET, SO_REUSEADDR, 1));
  if (family === AF_INET6) libc.check("IPV6_V6ONLY", set(IPPROTO_IPV6, IPV6_V6ONLY, 0));
}

/** Joins a group, of all senders or of one, by the calls that serve both families. */
function join(
  libc: Libc,
  fd: number,
  group: string,
  index: number,
  remote: ExporterAddress | undefined,
): void {
  const addresses = [socketAddress(group, 0, 0)];
  if (remote !== undefined) addresses.push(socketAddress(remote, 0, 0));
  const request = new Uint8Array(GROUP_OFFSET + addresses.length * SOCKADDR_STORAGE_BYTES);
  new DataView(request.buffer).setUint32(0, index, true);
  for (const [place, address] of addresses.entries()) {
    request.set(address, GROUP_OFFSET + place * SOCKADDR_STORAGE_BYTES);
  }
  const level = group.includes(":") ? IPPROTO_IPV6 : IPPROTO_IP;
  const option = remote === undefined ? MCAST_JOIN_GROUP : MCAST_JOIN_SOURCE_GROUP;
  libc.check(
    "join multicast group",
    libc.call.setsockopt(fd, level, option, request, request.length),
  );
}

/**
 * A socket address as the kernel takes it.
 *
 * @param address IPv4 or IPv6
 * @param port UDP port
 * @param index The interface of a link-local address; 0 for none
 * @returns `struct sockaddr_in` or `struct sockaddr_in6`
 */
export function socketAddress(
  address: string | ExporterAddress,
  port: number,
  index: number,
): Uint8Array<ArrayBuffer> {
  const parsed = typeof address === "string" ? parseIPv4(address) ?? parseIPv6(address) : address;
  if (parsed === undefined) throw new RangeError(`"${address}" is no IPv4 or IPv6 address`);
  const narrow = typeof parsed === "number";
  const bytes = new Uint8Array(narrow ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, narrow ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  if (narrow) {
    view.setUint32(4, parsed);
  } else {
    bytes.set(parsed, 8);
    view.setUint32(24, index, true);
  }
  return bytes;
}
