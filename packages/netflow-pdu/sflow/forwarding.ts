/** How an interface field is to be read: the numbers of the specification. */
export const INTERFACE_FORMAT = { single: 0, discarded: 1, multiple: 2 } as const;

/** The device itself sent or took the packet: in the compact form, and in the expanded one. */
const ITSELF: readonly number[] = [0x3fffffff, 0xffffffff];

/** Bits of the value of a compact interface. */
export const INTERFACE_VALUE_BITS = 30;

// Values of forwardingStatus (RFC 7270, section 4.12).
const FORWARDED = 64;
const DROPPED = 128;
const CONSUMED_FOR_US = 195;

/** Drop reasons of sFlow that forwardingStatus has a value for. */
const STATUS_OF_REASON: ReadonlyMap<number, number> = new Map([
  // Net, host, protocol, port unreachable, source route failed, net, host unknown: unroutable.
  ...[0, 1, 2, 3, 5, 6, 7, 11, 12].map((reason): [number, number] => [reason, 131]),
  // Fragmentation needed and DF set.
  [4, 133],
  // Prohibited: ACL deny.
  ...[9, 10, 13].map((reason): [number, number] => [reason, 129]),
  // Bad TTL.
  [257, 137],
  // ACL drop.
  [258, 130],
  // WRED.
  [260, 139],
  // Policer.
  [261, 138],
  // Larger than the link takes.
  [262, 133],
  // No neighbour: adjacency.
  [279, 132],
  // Reverse path forwarding.
  [280, 140],
  [302, 140],
]);

/**
 * The index of the one interface that a field names.
 *
 * @param format How the value is to be read
 * @param value The value
 * @returns The ifIndex; 0 where it is unknown, several, none or the device itself
 */
export function interfaceIndex(format: number, value: number): number {
  return format === INTERFACE_FORMAT.single && !ITSELF.includes(value) ? value : 0;
}

/**
 * What became of a packet, by the field of its output interface.
 *
 * @param format How the value is to be read
 * @param value The value
 * @returns A value of forwardingStatus
 */
export function forwardingStatus(format: number, value: number): number {
  switch (format) {
    case INTERFACE_FORMAT.single:
      if (value === 0) return 0;
      return ITSELF.includes(value) ? CONSUMED_FOR_US : FORWARDED;
    case INTERFACE_FORMAT.discarded:
      return STATUS_OF_REASON.get(value) ?? DROPPED;
    default:
      return FORWARDED;
  }
}
