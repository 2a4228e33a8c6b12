import { environment } from "@flowtools/common/environment";
import type { Log } from "./log.ts";

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
/** Bytes of a path in `struct sockaddr_un`, which has the family before it. */
const PATH_BYTES = 108;
const FAMILY_BYTES = 2;

/** Tells the service manager how the service is. */
export interface Notifier {
  /** Sends lines such as `READY=1`; what cannot be sent is logged. */
  send(state: string): void;
  /** How often `WATCHDOG=1` must come, ms, where the manager watches. */
  readonly watchdogMs: number | undefined;
  /** Closes the socket. */
  close(): void;
}

/**
 * Connects to systemd's notification socket, `NOTIFY_SOCKET`.
 *
 * It is a Unix datagram socket, perhaps an abstract one, which `Deno.listenDatagram` could reach
 * only with a path of its own in the file system; libc reaches both kinds without.
 *
 * @returns `undefined` where no service manager asks, or it cannot be reached (which is logged)
 */
export function openNotifier(log: Log): Notifier | undefined {
  const path = environment("NOTIFY_SOCKET");
  if (path === undefined || path === "") return undefined;
  try {
    return connect(path, watchdogInterval());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn("notify", `cannot tell the service manager that the collector is up: ${reason}`);
    return undefined;
  }

  function connect(path: string, watchdogMs: number | undefined): Notifier {
    const address = socketAddress(path);
    const libc = Deno.dlopen("libc.so.6", {
      socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
      sendto: {
        parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
        result: "isize",
      },
      close: { parameters: ["i32"], result: "i32" },
    });
    const { socket, sendto, close } = libc.symbols;
    const descriptor = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    if (descriptor < 0) {
      libc.close();
      throw new Error("libc's socket() failed");
    }
    return {
      watchdogMs,
      send: (state) => {
        const bytes = new TextEncoder().encode(state);
        const size = BigInt(bytes.length);
        if (sendto(descriptor, bytes, size, 0, address, address.length) !== size) {
          log.warn("notify", `cannot send ${state.split("\n")[0]} to the service manager`);
        }
      },
      close: () => {
        close(descriptor);
        libc.close();
      },
    };
  }
}

/** `struct sockaddr_un`; a path that begins with `@` is of the abstract kind. */
function socketAddress(path: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(path);
  if (!/^[/@]/.test(path) || bytes.length >= PATH_BYTES) {
    throw new Error(
      `NOTIFY_SOCKET is "${path}", expected a path of at most ${PATH_BYTES - 1} bytes`,
    );
  }
  const address = new Uint8Array(FAMILY_BYTES + bytes.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, FAMILY_BYTES);
  if (path.startsWith("@")) address[FAMILY_BYTES] = 0;
  return address;
}

/** Half of the time after which systemd gives a silent service up, if this process is meant. */
function watchdogInterval(): number | undefined {
  const micros = Number(environment("WATCHDOG_USEC") ?? Number.NaN);
  const pid = environment("WATCHDOG_PID");
  const meant = pid === undefined || pid === "" || Number(pid) === Deno.pid;
  return meant && micros > 0 && Number.isFinite(micros) ? micros / 1000 / 2 : undefined;
}
