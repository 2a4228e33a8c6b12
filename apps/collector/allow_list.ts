import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import { UsageError } from "@flowtools/common/flags";
import { type ExporterAddress, parseExporter } from "@flowtools/netflow-pdu";

/** A network of IPv6 senders. */
interface Network {
  readonly bytes: Uint8Array;
  readonly length: number;
}

const IPV4_BITS = 32;
const IPV6_BITS = 128;
/** Bits of `::ffff:0:0/96`, which holds IPv4 in IPv6 clothes. */
const MAPPED_BITS = IPV6_BITS - IPV4_BITS;

/** Which senders are let in: networks of IPv4 and IPv6; none at all let everybody in. */
export class AllowList {
  /** First and last addresses of IPv4 networks, in order, without overlap. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #wide: readonly Network[];
  readonly #everybody: boolean;

  /**
   * Makes the list.
   *
   * @param networks Networks such as `192.0.2.0/24` and `2001:db8::/32`, or addresses
   * @throws {UsageError} A text is no network, or has bits behind its prefix
   */
  constructor(networks: readonly string[]) {
    this.#everybody = networks.length === 0;
    const narrow: [number, number][] = [];
    const wide: Network[] = [];
    for (const text of networks) {
      const { address, length } = parseNetwork(text);
      if (typeof address === "number") {
        narrow.push([address, address + 2 ** (IPV4_BITS - length) - 1]);
      } else wide.push({ bytes: address, length });
    }
    for (const [start, end] of narrow.toSorted((a, b) => a[0] - b[0])) {
      const last = this.#ends.length - 1;
      if (last >= 0 && start <= this.#ends[last] + 1) {
        this.#ends[last] = Math.max(this.#ends[last], end);
      } else {
        this.#starts.push(start);
        this.#ends.push(end);
      }
    }
    this.#wide = wide;
  }

  /** Whether a sender is let in. */
  allows(address: ExporterAddress): boolean {
    if (this.#everybody) return true;
    if (typeof address !== "number") {
      return this.#wide.some((network) => contains(network, address));
    }
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle] <= address) low = middle + 1;
      else high = middle;
    }
    return low > 0 && address <= this.#ends[low - 1];
  }
}

function contains({ bytes, length }: Network, address: Uint8Array): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== address[i]) return false;
  const rest = length & 7;
  return rest === 0 || (bytes[whole] ^ address[whole]) >> (8 - rest) === 0;
}

function parseNetwork(text: string): { address: ExporterAddress; length: number } {
  const [host, prefix, more] = text.split("/");
  const parsed = parseIPv4(host) ?? parseIPv6(host);
  const bits = typeof parsed === "number" ? IPV4_BITS : IPV6_BITS;
  const given = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
  if (parsed === undefined || more !== undefined || !(given <= bits)) {
    throw new UsageError(
      `--allow is "${text}", expected an address or a network such as 192.0.2.0/24 or 2001:db8::/32`,
    );
  }
  const address = parseExporter(parsed);
  const mapped = typeof address === "number" && bits === IPV6_BITS;
  const length = mapped ? given - MAPPED_BITS : given;
  const stray = length < 0 ||
    (typeof address === "number"
      ? address % 2 ** (IPV4_BITS - length) !== 0
      : hasBitsBehind(address, length));
  if (stray) throw new UsageError(`--allow is "${text}", expected no bits behind the prefix`);
  return { address, length };
}

function hasBitsBehind(address: Uint8Array, length: number): boolean {
  return address.some((octet, index) => {
    const kept = Math.min(8, Math.max(0, length - 8 * index));
    return (octet & (0xff >> kept)) !== 0;
  });
}
