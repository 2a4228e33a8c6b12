import type { Log } from "../log.ts";
import { CaptureSource } from "./capture.ts";
import { hasLibc, type Libc, loadLibc } from "./libc.ts";
import { formatListener, type Listener } from "./listeners.ts";
import type { SourceSettings } from "./options.ts";
import { PortableSource } from "./portable.ts";
import { RecvmmsgSource } from "./recvmmsg.ts";
import type { DatagramSource } from "./source.ts";

/** A source cannot be opened; the message says which, and why. */
export class SourceError extends Error {
  override name = "SourceError";
}

/**
 * Opens the sources that the settings ask for, the fastest of each that the machine and the
 * permissions allow, and says so in the log.
 *
 * @param settings Listeners, or a capture
 * @param log Where it is said what was chosen, and later trouble
 * @returns The sources, one a listener
 * @throws {SourceError} One cannot be opened; none is open then
 */
export async function openSources(
  settings: SourceSettings,
  log: Log,
): Promise<readonly DatagramSource[]> {
  const { capture, listeners } = settings;
  if (capture !== undefined) {
    const source = await attempt(
      `open capture "${capture}"`,
      () => CaptureSource.open(capture, log),
    );
    log.info(`reading ${source.description}`);
    return [source];
  }
  const libc = chooseLibc(settings, log);
  const sources: DatagramSource[] = [];
  try {
    for (const listener of listeners) {
      sources.push(await openListener(listener, libc, settings, log));
    }
  } catch (error) {
    for (const source of sources) source.close();
    throw error;
  }
  for (const source of sources) log.info(`listening on ${source.description}`);
  return sources;
}

/** The C library where the fast path is to be used; `undefined` for the portable one. */
function chooseLibc({ kind }: SourceSettings, log: Log): Libc | undefined {
  if (kind === "portable") return undefined;
  if (kind === "auto") {
    const why = hindrance();
    if (why !== undefined) {
      log.info(`receiving with the portable source, since ${why}`);
      return undefined;
    }
  } else if (!hasLibc()) {
    throw new SourceError(
      `Cannot use --source recvmmsg: it needs Linux on x86_64 or aarch64, this is ` +
        `${Deno.build.os} on ${Deno.build.arch}`,
    );
  }
  try {
    return loadLibc();
  } catch (error) {
    if (kind === "recvmmsg") {
      throw new SourceError(`Cannot use --source recvmmsg: ${reasonOf(error)}`);
    }
    log.info(`receiving with the portable source, since ${reasonOf(error)}`);
    return undefined;
  }
}

/** Why the fast path cannot be taken; nobody is asked for a permission. */
function hindrance(): string | undefined {
  if (!hasLibc()) return `${Deno.build.os} on ${Deno.build.arch} has no other`;
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  return state === "granted" ? undefined : "--allow-ffi was not given";
}

async function openListener(
  listener: Listener,
  libc: Libc | undefined,
  settings: SourceSettings,
  log: Log,
): Promise<DatagramSource> {
  const what = `listen on udp ${formatListener(listener)}`;
  if (libc === undefined) {
    if (listener.multicast && listener.remote !== undefined) {
      log.info("the portable source joins the group of all senders, and drops what others send");
    }
    return await attempt(what, () => PortableSource.open(listener, settings.reusePort, log));
  }
  const source = await attempt(what, () => new RecvmmsgSource(libc, listener, settings, log));
  if (source.receiveBuffer < settings.receiveBuffer) {
    log.warn(
      "receive-buffer",
      `the receive buffer is ${source.receiveBuffer} bytes instead of ${settings.receiveBuffer}: ` +
        `raise the limit with sysctl -w net.core.rmem_max=${settings.receiveBuffer}`,
    );
  }
  return source;
}

async function attempt<T>(what: string, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw new SourceError(`Cannot ${what}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
