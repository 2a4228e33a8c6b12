/** The C library's sockets, as Linux has them on 64-bit little-endian machines. */

const LIBRARY = "libc.so.6";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  // On a thread of its own: it is what waits when there is nothing to receive.
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
  setpriority: { parameters: ["i32", "u32", "i32"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  strerror: { parameters: ["i32"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

type Functions = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

/** Constants of Linux, from its headers for x86_64 and aarch64. */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const EINTR = 4;
export const EAGAIN = 11;
export const EAFNOSUPPORT = 97;
export const EADDRNOTAVAIL = 99;
export const IPPROTO_IP = 0;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const MCAST_JOIN_GROUP = 42;
export const MCAST_JOIN_SOURCE_GROUP = 46;
export const MSG_DONTWAIT = 0x40;
export const MSG_TRUNC = 0x20;
export const POLLIN = 1;
export const PRIO_PROCESS = 0;
export const SHUT_RDWR = 2;
export const SOCK_CLOEXEC = 0o2000000;
export const SOCK_DGRAM = 2;
export const SOL_SOCKET = 1;
export const SO_MEMINFO = 55;
export const SO_RCVBUF = 8;
export const SO_RCVBUFFORCE = 33;
export const SO_REUSEADDR = 2;
export const SO_REUSEPORT = 15;

/** A call of the C library failed. */
export class LibcError extends Error {
  override name = "LibcError";
  /** The error number. */
  readonly errno: number;

  constructor(what: string, errno: number, text: string) {
    super(`${what}: ${text}`);
    this.errno = errno;
  }
}

/** The C library, loaded. */
export class Libc {
  /** The functions. */
  readonly call: Functions;
  readonly #errno: Deno.UnsafePointerView;

  constructor() {
    this.call = Deno.dlopen(LIBRARY, SYMBOLS).symbols;
    const location = this.call.__errno_location();
    if (location === null) throw new Error(`Cannot use ${LIBRARY}: it has no errno`);
    // There is one errno a thread, at a place that does not move.
    this.#errno = new Deno.UnsafePointerView(location);
  }

  /** The error number of the call before, which must have been made on this thread. */
  errno(): number {
    return this.#errno.getInt32();
  }

  /** The error of the call before. */
  error(what: string): LibcError {
    const errno = this.errno();
    const text = this.call.strerror(errno);
    return new LibcError(
      what,
      errno,
      text === null ? `error ${errno}` : new Deno.UnsafePointerView(text).getCString(),
    );
  }

  /** Throws where a call returned less than 0. */
  check(what: string, result: number): number {
    if (result < 0) throw this.error(what);
    return result;
  }

  /** The number of a network interface, by name or number. */
  interfaceIndex(name: string): number {
    if (/^\d+$/.test(name)) return Number(name);
    const index = this.call.if_nametoindex(new TextEncoder().encode(`${name}\0`));
    if (index === 0) throw this.error(`interface "${name}"`);
    return index;
  }
}

/** Whether this machine has the calls, in the shape that this module knows. */
export function hasLibc(): boolean {
  const { os, arch } = Deno.build;
  return os === "linux" && (arch === "x86_64" || arch === "aarch64");
}

let loaded: Libc | undefined;

/**
 * The C library of this thread, loaded when first asked for. It stays for as long as the process
 * does, as it would anyhow: Deno itself lives on it.
 *
 * @throws {Error} Deno may not, or cannot, load it
 */
export function loadLibc(): Libc {
  return loaded ??= new Libc();
}
