import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import { UsageError } from "@flowtools/common/flags";
import { parsePeer } from "@flowtools/common/parse_peer";

/** Where packets are sent, as somebody wrote it. */
export interface TargetText {
  /** How messages name it, such as `127.0.0.1:9995` or `[::1]:9995`. */
  readonly name: string;
  /** An address or the name of a host. */
  readonly host: string;
  /** UDP port. */
  readonly port: number;
  /** IPv4 address to send from; `undefined` is any. */
  readonly local: number | undefined;
  /** Hops that packets may take; `undefined` leaves that to the system. */
  readonly ttl: number | undefined;
}

/** Where packets are sent. It can be posted to another thread. */
export interface TargetAddress extends Omit<TargetText, "host"> {
  /** IPv4 as a number, IPv6 as 16 bytes. */
  readonly remote: number | Uint8Array;
}

const PORT_MAX = 65535;

/**
 * Reads a target: `LOCALIP/REMOTEIP/PORT[/TTL]` as the classic programs have it, `HOST:PORT` or
 * `[IPV6]:PORT`.
 *
 * @param text The operand
 * @returns What it says; the host may turn out not to be known
 * @throws {UsageError} The text is no target
 */
export function parseTarget(text: string): TargetText {
  if (text.includes("/")) {
    const { local, remote, port, ttl } = parsePeer(text);
    if (port === 0 || parseIPv4(remote) === 0) {
      throw new UsageError(`target is "${text}", expected a remote address and a port above 0`);
    }
    const from = parseIPv4(local);
    return {
      name: `${remote}:${port}`,
      host: remote,
      port,
      local: from === 0 ? undefined : from,
      ttl,
    };
  }
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > PORT_MAX) {
    throw new UsageError(
      `target is "${text}", expected localip/remoteip/port, host:port or [ipv6]:port`,
    );
  }
  if (match[1] !== undefined && parseIPv6(match[1]) === undefined) {
    throw new UsageError(`target is "${text}": "${match[1]}" is no IPv6 address`);
  }
  const host = match[1] ?? match[2];
  return { name: text, host, port, local: undefined, ttl: undefined };
}

/**
 * Finds the address of a target: names are looked up once, now.
 *
 * @throws {UsageError} The name is not known
 */
export async function lookUpTarget({ host, ...rest }: TargetText): Promise<TargetAddress> {
  const literal = parseIPv4(host) ?? parseIPv6(host);
  return { ...rest, remote: literal ?? await lookUp(host, rest.name) };
}

/** The IPv4 address of a host, or the IPv6 address where it has no other. */
async function lookUp(host: string, target: string): Promise<number | Uint8Array> {
  for (const [type, parse] of [["A", parseIPv4], ["AAAA", parseIPv6]] as const) {
    try {
      const [first] = await Deno.resolveDns(host, type);
      const address = first === undefined ? undefined : parse(first);
      if (address !== undefined) return address;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      // No address of this kind: the other kind may be there.
    }
  }
  throw new UsageError(`target is "${target}": no address is known for "${host}"`);
}
