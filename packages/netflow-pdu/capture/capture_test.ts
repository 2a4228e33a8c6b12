import { assert, assertEquals, assertFalse, assertInstanceOf, assertThrows } from "@std/assert";
import { concat } from "@std/bytes";
import { CaptureDecoder, CaptureError, isCapture, readCapture } from "./mod.ts";
import {
  bytes,
  DESTINATION4,
  DESTINATION6,
  ethernet,
  ipv4,
  ipv6,
  payload,
  pcap,
  pcapng,
  readInChunks,
  SOURCE4,
  SOURCE6,
  u16,
  u16le,
  u32,
  u32le,
  udp,
  zeros,
} from "./_builders.ts";

const DATA = payload(48);
const IP4 = ipv4(udp(DATA));
const IP6 = ipv6(udp(DATA));

const LINKS: readonly [title: string, linkType: number, packet: Uint8Array, version: 4 | 6][] = [
  ["Ethernet", 1, ethernet(IP4), 4],
  ["Ethernet with IPv6", 1, ethernet(IP6, 0x86dd), 6],
  ["Ethernet with a frame check sequence", 1 | 0x44000000, ethernet(concat([IP4, zeros(4)])), 4],
  ["802.1Q", 1, ethernet(IP4, 0x0800, [0x8100]), 4],
  ["802.1ad with 802.1Q", 1, ethernet(IP6, 0x86dd, [0x88a8, 0x8100]), 6],
  ["three tags", 1, ethernet(IP4, 0x0800, [0x9100, 0x88a8, 0x8100]), 4],
  ["Linux cooked v1", 113, concat([zeros(14), u16(0x0800), IP4]), 4],
  ["Linux cooked v1 with a tag", 113, concat([zeros(14), u32(0x81000001), u16(0x86dd), IP6]), 6],
  ["Linux cooked v2", 276, concat([u16(0x86dd), zeros(18), IP6]), 6],
  ["raw IP 12", 12, IP4, 4],
  ["raw IP 14", 14, IP6, 6],
  ["raw IP 101", 101, IP4, 4],
  ["raw IPv4", 228, IP4, 4],
  ["raw IPv6", 229, IP6, 6],
  ["BSD null, little-endian", 0, concat([u32le(2), IP4]), 4],
  ["BSD null, big-endian", 0, concat([u32(2), IP4]), 4],
  ["BSD null, IPv6 of macOS", 0, concat([u32le(30), IP6]), 6],
  ["BSD loop", 108, concat([u32(24), IP6]), 6],
  ["PPP", 9, concat([u16(0x0021), IP4]), 4],
  ["PPP with address and control", 9, concat([u16(0xff03), u16(0x0057), IP6]), 6],
  ["PPP with a compressed protocol", 9, concat([bytes(0x21), IP4]), 4],
];

for (const [title, linkType, packet, version] of LINKS) {
  Deno.test(`readCapture() finds UDP in ${title}`, () => {
    const found = [...readCapture(pcap([packet], { linkType }))];
    assertEquals(found, [{
      frame: 1,
      timeMs: 1000.25,
      source: version === 4 ? SOURCE4 : SOURCE6,
      sourcePort: 1234,
      destination: version === 4 ? DESTINATION4 : DESTINATION6,
      destinationPort: 2055,
      payload: DATA,
      truncated: false,
    }]);
  });

  Deno.test(`readCapture() tells a cut packet of ${title} from a whole one at every length`, () => {
    for (let length = 0; length < packet.length; length++) {
      const capture = pcap([packet.subarray(0, length)], { linkType, original: packet.length });
      const { datagrams, skipped, error } = readInChunks(capture);
      assertEquals(error, undefined);
      if (datagrams.length === 0) assertEquals(skipped, { "packet-too-short": 1 });
      else assert(datagrams[0].truncated || datagrams[0].payload.length === DATA.length);
    }
  });
}

const MAGICS: readonly [magic: number, timeMs: number, extra: number][] = [
  [0xa1b2c3d4, 1000.25, 0],
  [0xa1b23c4d, 1000.00025, 0],
  [0xa1b2cd34, 1000.25, 8],
];
for (const [magic, timeMs, extra] of MAGICS) {
  for (const littleEndian of [true, false]) {
    const order = littleEndian ? "little" : "big";
    Deno.test(`readCapture() reads pcap ${magic.toString(16)}, ${order}-endian`, () => {
      const capture = pcap([ethernet(IP4), zeros(60), ethernet(IP4)], {
        magic,
        littleEndian,
        extra,
      });
      assert(isCapture(capture));
      const found = [...readCapture(capture)];
      assertEquals(found.map(({ frame }) => frame), [1, 3]);
      assertEquals(found[0].timeMs, timeMs);
      assertEquals(found[1].payload, DATA);
    });
  }
}

Deno.test("isCapture() is false for other files and for too few bytes", () => {
  assertFalse(isCapture(bytes()));
  assertFalse(isCapture(bytes(0xa1, 0xb2, 0xc3)));
  assertFalse(isCapture(bytes(0, 5, 0, 30)));
  assertFalse(isCapture(new TextEncoder().encode("\n\r\r\nnot a capture")));
  assert(isCapture(pcapng(true).section()));
  assert(isCapture(pcapng(false).section()));
});

const first = (packet: Uint8Array, original?: number) =>
  readInChunks(pcap([packet], { linkType: 101, original }));

Deno.test("CaptureDecoder trims padding by the length of IP and of UDP", () => {
  const { datagrams: [byIp] } = first(concat([ipv4(udp(bytes(1, 2))), zeros(16)]));
  assertEquals([...byIp.payload], [1, 2]);
  const { datagrams: [byUdp] } = first(ipv4(udp(bytes(1, 2, 3), 10)));
  assertEquals([...byUdp.payload], [1, 2]);
  assertFalse(byIp.truncated || byUdp.truncated);
});

Deno.test("CaptureDecoder takes what is there where lengths are 0 or lie", () => {
  for (const length of [0, 1, 7]) {
    const { datagrams: [found] } = first(ipv4(udp(DATA, length)));
    assertEquals([found.payload, found.truncated], [DATA, false]);
  }
  const cases: readonly [packet: Uint8Array, truncated: boolean][] = [
    [ipv4(udp(DATA, 2000)), true],
    [ipv4(udp(DATA), { total: 2000 }), false],
    [ipv4(udp(DATA, 2000), { total: 2000 }), true],
    [ipv4(udp(DATA), { total: 0 }), false],
    [ipv6(udp(DATA), 17, 0), false],
    [ipv6(udp(DATA), 17, 2000), false],
  ];
  for (const [packet, truncated] of cases) {
    const { datagrams: [found] } = first(packet);
    assertEquals([found.payload, found.truncated], [DATA, truncated]);
  }
  // No length to go by but that of the capture.
  assert(first(ipv4(udp(DATA, 0), { total: 0 }), 2000).datagrams[0].truncated);
});

Deno.test("CaptureDecoder yields datagrams without payload", () => {
  assertEquals(first(ipv4(udp(bytes()))).datagrams[0].payload.length, 0);
});

Deno.test("CaptureDecoder passes over IPv4 options and IPv6 extension headers", () => {
  assertEquals(first(ipv4(udp(DATA), { options: zeros(40) })).datagrams[0].payload, DATA);
  const headers = concat([
    concat([bytes(43, 1), zeros(14)]), // hop-by-hop of 16 bytes
    concat([bytes(60, 0), zeros(6)]), // routing
    concat([bytes(51, 0), zeros(6)]), // destination options
    concat([bytes(44, 1), zeros(10)]), // authentication, in units of 4 bytes
    concat([bytes(17, 0), zeros(6)]), // atomic fragment
  ]);
  const { datagrams: [found] } = first(ipv6(concat([headers, udp(DATA)]), 0));
  assertEquals([found.payload, found.source], [DATA, SOURCE6]);
});

Deno.test("CaptureDecoder counts why packets give no datagram", () => {
  const reasons: readonly [reason: string, packet: Uint8Array][] = [
    ["not-udp", ipv4(DATA, { protocol: 6 })],
    ["not-udp", ipv6(DATA, 58)],
    ["bad-ip-length", ipv4(udp(DATA), { total: 19 })],
    ["bad-ip-header", concat([bytes(0x44), IP4.subarray(1)])],
    ["bad-ip-header", concat([bytes(0x50), IP4.subarray(1)])],
    ["packet-too-short", bytes()],
    ["packet-too-short", ipv4(bytes(1, 2, 3))],
    ["packet-too-short", ipv6(bytes(17, 200, 0, 0, 0, 0, 0, 0), 60)],
  ];
  for (const [reason, packet] of reasons) {
    assertEquals(first(packet), { datagrams: [], skipped: { [reason]: 1 }, error: undefined });
  }
  const links: readonly [reason: string, linkType: number, packet: Uint8Array][] = [
    ["unknown-link-type", 105, IP4],
    ["not-ip", 1, ethernet(zeros(46), 0x0806)],
    ["not-ip", 0, concat([u32(7), IP4])],
    ["not-ip", 9, concat([u16(0xc021), IP4])],
    ["packet-too-short", 1, ethernet(bytes(), 0x0800, [0x8100]).subarray(0, 16)],
  ];
  for (const [reason, linkType, packet] of links) {
    const { skipped } = readInChunks(pcap([packet, packet], { linkType }));
    assertEquals(skipped, { [reason]: 2 });
  }
});

Deno.test("CaptureDecoder gives views of the chunk, not copies", () => {
  const capture = pcap([ethernet(IP4)]);
  const [found] = readCapture(capture);
  assert(found.payload.buffer === capture.buffer);
});

Deno.test("CaptureDecoder keeps payloads whole while later chunks come", () => {
  const packets = Array.from({ length: 300 }, (_, index) => ethernet(ipv4(udp(payload(index)))));
  const capture = pcap(packets);
  const decoder = new CaptureDecoder();
  const found = [];
  for (let at = 0; at < capture.length; at += 333) {
    decoder.push(capture.slice(at, at + 333));
    for (let one; (one = decoder.read()) !== undefined;) found.push(one);
  }
  decoder.finish();
  assertEquals(found.length, 300);
  for (const [index, one] of found.entries()) assertEquals(one.payload, payload(index));
});

Deno.test("CaptureDecoder reads all chunks when read only after finish()", () => {
  const capture = pcap([ethernet(IP4), ethernet(IP4)]);
  const decoder = new CaptureDecoder();
  for (const byte of capture.subarray(0, -1)) decoder.push(bytes(byte));
  decoder.finish();
  assertEquals(decoder.read()?.frame, 1);
  const error = assertThrows(() => decoder.read(), CaptureError);
  assertEquals(error.code, "truncated");
  assertEquals(decoder.read(), undefined);
});

Deno.test("CaptureError says which packet, where, what and what would be right", () => {
  const capture = concat([pcap([ethernet(IP4)]), u32le(2), u32le(0), u32le(300000), u32le(300000)]);
  const { datagrams, error } = readInChunks(capture, 7, { source: "x.pcap" });
  assertEquals(datagrams.length, 1);
  assertInstanceOf(error, CaptureError);
  const offset = capture.length - 16;
  assertEquals(
    error.message,
    `Cannot read capture "x.pcap": packet 2 at byte ${offset} says 300000 bytes, limit is 262144`,
  );
  assertEquals([error.code, error.source, error.offset], ["packet-too-long", "x.pcap", offset]);
  assertEquals([error.expected, error.got], ["at most 262144 bytes", "300000 bytes"]);
  assertEquals(error.name, "CaptureError");
});

Deno.test("CaptureDecoder takes other limits", () => {
  const { error } = readInChunks(pcap([ethernet(IP4)]), 64, { limits: { packetBytes: 50 } });
  assertInstanceOf(error, CaptureError);
  assertEquals(error.code, "packet-too-long");
});

Deno.test("CaptureDecoder throws where bytes come after finish()", () => {
  const decoder = new CaptureDecoder();
  decoder.push(pcap([]));
  decoder.finish();
  const error = assertThrows(() => decoder.push(bytes(1)), CaptureError);
  assertEquals(error.code, "already-finished");
});

Deno.test("CaptureDecoder throws for an empty file and for an unknown version", () => {
  assertThrows(() => new CaptureDecoder().finish(), CaptureError, "the file header at byte 0");
  const capture = concat([u32le(0xa1b2c3d4), u16le(3), zeros(18)]);
  const error = assertThrows(() => [...readCapture(capture)], CaptureError);
  assertEquals(error.code, "unsupported-version");
});

Deno.test("CaptureDecoder throws a fault once and reads nothing after it", () => {
  const decoder = new CaptureDecoder();
  decoder.push(bytes(1, 2, 3, 4));
  const error = assertThrows(() => decoder.read(), CaptureError);
  assertEquals([error.code, error.got], ["not-a-capture", "01020304"]);
  decoder.push(pcap([ethernet(IP4)]));
  assertEquals(decoder.read(), undefined);
  decoder.finish();
  decoder.finish();
});
