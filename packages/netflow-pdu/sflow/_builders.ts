/** Datagrams made by hand, octet by octet. */

/** Octets of 32-bit numbers, and octets as they are. */
export function octets(...parts: readonly (number | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const part of parts) {
    if (typeof part === "number") {
      bytes.push(part >>> 24, part >>> 16 & 255, part >>> 8 & 255, part & 255);
    } else bytes.push(...part);
  }
  return new Uint8Array(bytes);
}

/** Octets of hexadecimal text; spaces do not matter. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/\s/g, "");
  return Uint8Array.from(
    { length: digits.length / 2 },
    (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Octets filled up to a multiple of four. */
export function fill(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const filled = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  filled.set(bytes);
  return filled;
}

/** Text as XDR has it. */
export function text(value: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(value);
  return octets(bytes.length, fill(bytes));
}

/** A record, or a sample: format, length, data. */
export function tagged(
  tag: number,
  ...parts: readonly (number | Uint8Array)[]
): Uint8Array<ArrayBuffer> {
  const data = octets(...parts);
  return octets(tag, data.length, fill(data));
}

/** A datagram of agent 10.0.0.1, sub agent 7, sequence 42, uptime 60 s. */
export function datagram(...samples: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return octets(5, 1, 0x0a000001, 7, 42, 60_000, samples.length, ...samples);
}

/** A flow sample of interface 3, sent out of 4, one in 400. */
export function flowSample(...records: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tagged(1, 11, 3, 400, 4400, 2, 3, 4, records.length, ...records);
}

/** A raw packet header, of Ethernet unless told otherwise. */
export function sampledHeader(
  packet: Uint8Array,
  protocol = 1,
  frameLength = 1518,
): Uint8Array<ArrayBuffer> {
  return tagged(1, protocol, frameLength, 4, packet.length, fill(packet));
}

/** An Ethernet header, from 02:00:00:00:00:01 to 02:00:00:00:00:02. */
export function ethernet(type: number, ...carried: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return octets(
    hex("020000000002 020000000001"),
    hex(type.toString(16).padStart(4, "0")),
    ...carried,
  );
}

/** An IPv4 packet from 192.0.2.1 to 198.51.100.2 with TOS 8 and TTL 61, of 1500 octets. */
export function ipv4(protocol: number, ...carried: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return octets(
    0x450805dc,
    0x12344000,
    0x3d000000 | protocol << 16,
    0xc0000201,
    0xc6336402,
    ...carried,
  );
}

/** An IPv6 packet from 2001:db8::1 to 2001:db8::2, traffic class 0x28, flow label 0x12345, 1460 octets of payload. */
export function ipv6(next: number, ...carried: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return octets(
    0x62812345,
    0x05b40040 | next << 8,
    hex("20010db8000000000000000000000001 20010db8000000000000000000000002"),
    ...carried,
  );
}

/** The start of a TCP header, from port 443 to 50000, with ACK, PSH and the bit of accurate ECN. */
export const TCP = hex("01bb c350 00000001 00000002 5118 ffff 0000 0000");

/** A UDP header from port 5000. */
export function udp(port: number, ...carried: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return octets(5000 << 16 | port, 0x05c80000, ...carried);
}
