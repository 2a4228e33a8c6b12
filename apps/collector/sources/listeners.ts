import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import { type ExporterAddress, formatExporter, parseExporter } from "@flowtools/netflow-pdu";
import { UsageError } from "@flowtools/common/flags";

/** The port of exports unless another is named, as flow-capture has it. */
export const PORT_DEFAULT = 9991;

/** The listener of a collector that is told none: both families, every interface. */
export const LISTENER_DEFAULT = `:${PORT_DEFAULT}`;

const PORT_MAX = 65535;

/** Where to listen, and to whom. */
export interface Listener {
  /** The address to bind: IPv4 or IPv6 text, or a multicast group; `undefined` is any, of both families. */
  readonly address: string | undefined;
  /** The UDP port; 0 is any free one. */
  readonly port: number;
  /** The only sender that is let in, where one is named. */
  readonly remote: ExporterAddress | undefined;
  /** Whether the address is a multicast group, which is joined; with a sender, source-specific. */
  readonly multicast: boolean;
  /** The network interface of a multicast group or a link-local address, where one is named. */
  readonly interface: string | undefined;
}

const FORMS = "HOST:PORT, [IPV6]:PORT, :PORT or LOCALIP/REMOTEIP/PORT";

/**
 * Reads a listener.
 *
 * | text | meaning |
 * | --- | --- |
 * | `192.0.2.1:9991`, `[2001:db8::1]:9991` | that address |
 * | `:9991` | any address, IPv6 and IPv4 |
 * | `239.0.0.1:9991`, `[ff02::1%eth0]:9991` | a multicast group, on an interface of choice |
 * | `0/192.0.2.7/9991` | any IPv4 address; only this sender is let in |
 * | `192.0.2.7/232.0.0.1/9991` | a group and its sender, in either order |
 *
 * @param text The text
 * @returns The listener
 * @throws {UsageError} The text is none of these
 */
export function parseListener(text: string): Listener {
  const parts = text.split("/");
  if (parts.length > 1) return parseTriple(text, parts);
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text);
  if (match === null) throw refusal(text, `expected ${FORMS}`);
  const [, bracketed, plain, digits] = match;
  const port = parsePort(text, digits);
  const host = bracketed ?? plain;
  if (host === "") return place({ address: undefined, port });
  return place({
    ...parseAddress(text, "the address", host === "localhost" ? LOOPBACK : host),
    port,
  });
}

const LOOPBACK = "127.0.0.1";

/** flow-capture's notation; it takes a multicast group for REMOTEIP, and its sender for LOCALIP. */
function parseTriple(text: string, parts: readonly string[]): Listener {
  if (parts.length !== 3) throw refusal(text, `expected ${FORMS}`);
  const [local, remote] = parts.slice(0, 2).map((part, index) =>
    part === "0" || part === "" || part === "0.0.0.0" || part === "::"
      ? undefined
      : parseAddress(text, index === 0 ? "LOCALIP" : "REMOTEIP", part)
  );
  const port = parsePort(text, parts[2]);
  const reversed = remote !== undefined && isMulticast(remote.address);
  const [here, there] = reversed ? [remote, local] : [local, remote];
  if (there !== undefined && isMulticast(there.address)) {
    throw refusal(text, "LOCALIP and REMOTEIP cannot both be multicast groups");
  }
  if (here !== undefined && there !== undefined && isIPv6(here) !== isIPv6(there)) {
    throw refusal(text, "LOCALIP and REMOTEIP must be of the same family");
  }
  // flow-capture listens on IPv4 only; an IPv6 sender needs a socket of its family.
  const any = { address: there !== undefined && isIPv6(there) ? "::" : "0.0.0.0" };
  return place({
    ...(here ?? any),
    port,
    remote: there === undefined ? undefined : parseExporter(there.address),
  });
}

/** A listener as people write it, without the interface: `192.0.2.1:9991`, `[::]:9991`. */
export function formatListener({ address, port }: Pick<Listener, "address" | "port">): string {
  return address?.includes(":") ? `[${address}]:${port}` : `${address ?? ""}:${port}`;
}

/** Whether an address is that of a multicast group. */
export function isMulticast(address: string): boolean {
  const ipv4 = parseIPv4(address);
  return ipv4 === undefined ? parseIPv6(address)?.[0] === 0xff : ipv4 >>> 28 === 0xe;
}

interface Address {
  readonly address: string;
  readonly interface?: string;
}

function place(parts: Partial<Listener> & Pick<Listener, "address" | "port">): Listener {
  const multicast = parts.address !== undefined && isMulticast(parts.address);
  return { remote: undefined, interface: undefined, ...parts, multicast };
}

function isIPv6({ address }: Address): boolean {
  return address.includes(":");
}

function parseAddress(text: string, what: string, part: string): Address {
  const [address, ...zones] = part.split("%");
  const zone = zones.join("%");
  if ((parseIPv4(address) ?? parseIPv6(address)) === undefined) {
    throw refusal(text, `${what} is "${address}", expected an IPv4 or IPv6 address`);
  }
  if (part.includes("%") && zone === "") {
    throw refusal(text, `${what} is "${part}", expected an interface behind %`);
  }
  const canonical = formatExporter(parseExporter(address));
  return zone === "" ? { address: canonical } : { address: canonical, interface: zone };
}

function parsePort(text: string, digits: string): number {
  if (digits === "") return PORT_DEFAULT;
  if (!/^\d+$/.test(digits) || Number(digits) > PORT_MAX) {
    throw refusal(text, `the port is "${digits}", expected 0 to ${PORT_MAX}`);
  }
  return Number(digits);
}

function refusal(text: string, why: string): UsageError {
  return new UsageError(`listener is "${text}": ${why}`);
}
