import { parseIPv4 } from "@flowtools/flow-model";
import { UsageError } from "./flags.ts";

/** Port of exports unless another is named. */
const PORT_DEFAULT = 9991;
const PORT_MAX = 65535;
const TTL_MAX = 255;

/** Two ends of a stream of packets. */
export interface Peer {
  /** The address to send from; `0.0.0.0` is any. */
  readonly local: string;
  readonly remote: string;
  readonly port: number;
  /** Hops that multicast packets may take. */
  readonly ttl: number | undefined;
}

/**
 * Reads `localip/remoteip/port[/ttl]`; 0 stands for any address, an empty or missing port for 9991.
 *
 * @throws {UsageError} The text is no peer
 */
export function parsePeer(text: string): Peer {
  const [local, remote, port, ttl, extra] = text.split("/");
  const peer = {
    local: address(local),
    remote: address(remote),
    port: number(port, PORT_MAX) ?? PORT_DEFAULT,
    ttl: number(ttl, TTL_MAX),
  };
  if (peer.local === undefined || peer.remote === undefined || extra !== undefined) {
    throw new UsageError(
      `peer is "${text}", expected localip/remoteip/port, 0 for any local address`,
    );
  }
  return { ...peer, local: peer.local, remote: peer.remote };

  function number(digits: string | undefined, max: number): number | undefined {
    if (digits === undefined || digits === "") return undefined;
    if (!/^\d+$/.test(digits) || Number(digits) > max) {
      throw new UsageError(`peer is "${text}": "${digits}" is no number from 0 to ${max}`);
    }
    return Number(digits);
  }
}

function address(text: string | undefined): string | undefined {
  if (text === "0" || text === "") return "0.0.0.0";
  return text !== undefined && parseIPv4(text) !== undefined ? text : undefined;
}

/** Whether an address is that of a multicast group. */
export function isMulticast(address: string): boolean {
  return (parseIPv4(address) ?? 0) >>> 28 === 0xe;
}
