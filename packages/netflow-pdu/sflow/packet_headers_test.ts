/** Headers made octet by octet, and what must be found in them. */
import { assert, assertEquals } from "@std/assert";
import { ethernet, hex, ipv4, ipv6, octets, sampledHeader, TCP, udp } from "./_builders.ts";
import { HEADER_PROTOCOL } from "./header_protocols.ts";
import { readSampledPacket, type SflowPacket } from "./sampled_packet.ts";

/** The headers of a packet, as `readSflow` shows them. */
function read(packet: Uint8Array, protocol = 1): SflowPacket {
  const record = sampledHeader(packet, protocol).subarray(8);
  // Noise around the record must not matter.
  const bytes = octets(0xffffffff, record, 0xffffffff);
  return readSampledPacket(new DataView(bytes.buffer), 4, 4 + record.length);
}

const MACS = { src_mac: "02:00:00:00:00:01", dst_mac: "02:00:00:00:00:02" };
const V4 = { srcaddr: "192.0.2.1", dstaddr: "198.51.100.2", ip_length: 1500, tos: 8, ttl: 61 };
const V6 = {
  srcaddr: "2001:db8::1",
  dstaddr: "2001:db8::2",
  ip_length: 1500,
  tos: 0x28,
  ttl: 64,
  flow_label: 0x12345,
};
const TCP_FACTS = { prot: 6, srcport: 443, dstport: 50000, tcp_flags: 0x118 };

const CASES: readonly (readonly [
  what: string,
  packet: Uint8Array,
  facts: SflowPacket,
  protocol?: number,
])[] = [
  ["TCP over IPv4", ethernet(0x0800, ipv4(6, TCP)), {
    ...MACS,
    ether_type: 0x0800,
    ...V4,
    ...TCP_FACTS,
  }],
  ["TCP over IPv6", ethernet(0x86dd, ipv6(6, TCP)), {
    ...MACS,
    ether_type: 0x86dd,
    ...V6,
    ...TCP_FACTS,
  }],
  [
    "IPv4 with options",
    hex(
      "46000054 00000000 40840000 c0000201 c6336402 94040000 0f1f 2328 00000000",
    ),
    {
      ...V4,
      tos: 0,
      ttl: 64,
      ip_length: 84,
      prot: 132,
      srcport: 3871,
      dstport: 9000,
    },
    HEADER_PROTOCOL.ipv4,
  ],
  [
    "a VLAN tag",
    ethernet(0x8100, hex("6064 0800"), ipv4(17, udp(53))),
    { ...MACS, ether_type: 0x0800, vlans: [100], ...V4, prot: 17, srcport: 5000, dstport: 53 },
  ],
  [
    "QinQ",
    ethernet(0x88a8, hex("0064 8100 00c8 86dd"), ipv6(58, hex("8000 0000"))),
    { ...MACS, ether_type: 0x86dd, vlans: [100, 200], ...V6, prot: 58, srcport: 0, dstport: 32768 },
  ],
  [
    "MPLS labels",
    ethernet(0x8847, hex("000640ff 000c81ff"), ipv4(1, hex("0301 0000"))),
    {
      ...MACS,
      ether_type: 0x8847,
      mpls_labels: [100, 200],
      ...V4,
      prot: 1,
      srcport: 0,
      dstport: 0x0301,
    },
  ],
  ["MPLS without a link", octets(0x000641ff, ipv6(6, TCP)), {
    mpls_labels: [100],
    ...V6,
    ...TCP_FACTS,
  }, HEADER_PROTOCOL.mpls],
  ["PPPoE", ethernet(0x8864, hex("1100 0001 0500 0021"), ipv4(6, TCP)), {
    ...MACS,
    ether_type: 0x8864,
    ...V4,
    ...TCP_FACTS,
  }],
  ["PPP", octets(hex("ff03 0057"), ipv6(6, TCP)), { ...V6, ...TCP_FACTS }, HEADER_PROTOCOL.ppp],
  ["Cisco HDLC over SONET", octets(0x0f000800, ipv4(6, TCP)), {
    ether_type: 0x0800,
    ...V4,
    ...TCP_FACTS,
  }, HEADER_PROTOCOL.pos],
  ["LLC with SNAP", ethernet(0x0100, hex("aaaa0300 0000 0800"), ipv4(6, TCP)), {
    ...MACS,
    ether_type: 0x0800,
    ...V4,
    ...TCP_FACTS,
  }],
  ["LLC of something else", ethernet(0x0026, hex("42420300 0000 0000")), MACS],
  ["ARP", ethernet(0x0806, hex("0001 0800 0604 0001")), { ...MACS, ether_type: 0x0806 }],
  [
    "IPv6 extension headers",
    ipv6(
      0,
      // Hop-by-hop, routing of 24 octets, authentication of 16, first fragment.
      hex("2b00 0000 0000 0000"),
      hex("3302 0000 0000 0000 0000000000000000 0000000000000000"),
      hex("2c02 0000 00000000 00000000 00000000"),
      hex("0600 0001 00000007"),
      TCP,
    ),
    { ...V6, ...TCP_FACTS },
    HEADER_PROTOCOL.ipv6,
  ],
  ["a later fragment of IPv6", ipv6(44, hex("1100 0591 00000007 ffff ffff")), {
    ...V6,
    prot: 17,
    fragment: true,
  }, HEADER_PROTOCOL.ipv6],
  [
    "a later fragment of IPv4",
    hex("45000054 1234 00b9 40110000 c0000201 c6336402 ffffffff"),
    { ...V4, tos: 0, ttl: 64, ip_length: 84, prot: 17, fragment: true },
    HEADER_PROTOCOL.ipv4,
  ],
  [
    "padding of the link behind a short packet",
    ethernet(0x0800, hex("45000016 00000000 40110000 c0000201 c6336402 0102"), hex("0304 0000")),
    { ...MACS, ether_type: 0x0800, ...V4, tos: 0, ttl: 64, ip_length: 22, prot: 17 },
  ],
  ["an IP version that is none", ethernet(0x0800, hex("55000054")), {
    ...MACS,
    ether_type: 0x0800,
  }],
  [
    "an IPv4 header that is too short to be one",
    ethernet(0x0800, hex("44"), new Uint8Array(40)),
    {
      ...MACS,
      ether_type: 0x0800,
    },
  ],
  ["a header protocol that nobody takes apart", hex("ffffffffffff"), {}, 4],
];

for (const [what, packet, facts, protocol] of CASES) {
  Deno.test(`PacketHeaders finds ${what}`, () => {
    const { inner: _, ...found } = read(packet, protocol);
    assertEquals(found, facts);
  });
}

const INNER = { ...V6, ...TCP_FACTS };
const INNER_FRAME = ethernet(0x86dd, ipv6(6, TCP));
const INNER_FRAME_FACTS = { ...MACS, ether_type: 0x86dd, ...INNER };

const TUNNELS: readonly (readonly [what: string, packet: Uint8Array, inner: SflowPacket])[] = [
  ["IP in IP", ipv4(4, ipv4(6, TCP)), { ...V4, ...TCP_FACTS }],
  ["IPv6 in IPv4", ipv4(41, ipv6(6, TCP)), INNER],
  ["GRE", ipv4(47, hex("0000 86dd"), ipv6(6, TCP)), INNER],
  [
    "GRE with checksum, key and sequence number",
    ipv4(47, hex("b000 0800 11111111 22222222 33333333"), ipv4(6, TCP)),
    { ...V4, ...TCP_FACTS },
  ],
  ["NVGRE", ipv4(47, hex("2000 6558 00123400"), INNER_FRAME), INNER_FRAME_FACTS],
  [
    "MPLS in GRE",
    ipv4(47, hex("0000 8847 00064140"), ipv6(6, TCP)),
    { mpls_labels: [100], ...INNER },
  ],
  [
    "ERSPAN II",
    ipv4(47, hex("1000 88be 00000001 1000000000000000"), INNER_FRAME),
    INNER_FRAME_FACTS,
  ],
  [
    "ERSPAN III with a subheader",
    ipv4(47, hex("1000 22eb 00000001 20000000 00000000 00000001 0000000000000000"), INNER_FRAME),
    INNER_FRAME_FACTS,
  ],
  ["VXLAN", ipv4(17, udp(4789, hex("0800000000123400"), INNER_FRAME)), INNER_FRAME_FACTS],
  [
    "Geneve with options",
    ipv6(17, udp(6081, hex("0200 6558 00123400 0102800100000000"), INNER_FRAME)),
    INNER_FRAME_FACTS,
  ],
];

for (const [what, packet, inner] of TUNNELS) {
  Deno.test(`PacketHeaders finds the packet in ${what}`, () => {
    assertEquals(read(packet, packet[0] >> 4 === 4 ? 11 : 12).inner, inner);
  });
}

Deno.test("PacketHeaders follows tunnels only so deep", () => {
  let packet: Uint8Array = ipv4(6, TCP);
  for (let depth = 0; depth < 20; depth++) packet = ipv4(4, packet);
  let depth = 0;
  for (let found: SflowPacket | undefined = read(packet, 11); found !== undefined; depth++) {
    found = found.inner;
  }
  assertEquals(depth, 5, "the outermost and four within");
});

Deno.test("a header cut at any octet gives the fields that are whole, and nothing else", () => {
  for (const [what, packet, facts, protocol = 1] of CASES) {
    const full: Record<string, unknown> = { ...facts };
    for (let length = 0; length <= packet.length; length++) {
      const { inner: _, ...found } = read(packet.subarray(0, length), protocol);
      for (const [name, value] of Object.entries(found)) {
        // A stack of tags and an IPv6 protocol are known as far as they go.
        if (name === "vlans" || name === "mpls_labels") {
          const list = full[name] as readonly number[];
          assertEquals(value, list.slice(0, (value as readonly number[]).length), what);
        } else if (name === "prot" && full.flow_label !== undefined) {
          assert(typeof value === "number");
        } else assertEquals(value, full[name], `${name} of ${what} in ${length} octets`);
      }
    }
  }
});
