import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import type { CaptureOptions } from "./mod.ts";
import {
  bytes,
  fragmentHeader,
  ipv4,
  ipv6,
  payload,
  pcap,
  pcapng,
  readInChunks,
  udp,
  zeros,
} from "./_builders.ts";

const DATA = payload(3000);

/** The fragments of one datagram, of 1000 bytes each. */
function parts4(data = DATA, id = 7): Uint8Array[] {
  const whole = udp(data);
  const parts = [];
  for (let offset = 0; offset < whole.length; offset += 1000) {
    const more = offset + 1000 < whole.length;
    parts.push(ipv4(whole.subarray(offset, offset + 1000), { id, offset, more }));
  }
  return parts;
}

function parts6(next: number, whole: Uint8Array, id = 0x12345678): Uint8Array[] {
  const parts = [];
  for (let offset = 0; offset < whole.length; offset += 1000) {
    const header = fragmentHeader(next, id, offset, offset + 1000 < whole.length);
    parts.push(ipv6(concat([header, whole.subarray(offset, offset + 1000)]), 44));
  }
  return parts;
}

const read = (packets: readonly Uint8Array[], options?: CaptureOptions) =>
  readInChunks(pcap(packets, { linkType: 101 }), undefined, options);

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest])
  );
}

Deno.test("CaptureDecoder reassembles IPv4 fragments in every order", () => {
  for (const order of permutations(parts4())) {
    const { datagrams, skipped } = read(order);
    assertEquals(datagrams.length, 1);
    assertEquals([datagrams[0].frame, datagrams[0].payload], [4, DATA]);
    assertEquals([datagrams[0].sourcePort, datagrams[0].truncated], [1234, false]);
    assertEquals(skipped, {});
  }
});

Deno.test("CaptureDecoder reassembles IPv6 fragments, with headers after the fragment header", () => {
  for (const order of permutations(parts6(17, udp(DATA)))) {
    assertEquals(read(order).datagrams[0].payload, DATA);
  }
  const options = concat([bytes(17, 0), zeros(6)]);
  const { datagrams: [found] } = read(parts6(60, concat([options, udp(DATA)])));
  assertEquals(found.payload, DATA);
});

Deno.test("CaptureDecoder keeps interleaved datagrams apart", () => {
  const [a, b, c] = [parts4(DATA, 1), parts4(payload(2500), 2), parts6(17, udp(DATA), 1)];
  const { datagrams, skipped } = read([a[0], b[0], c[0], a[1], c[1], b[1], c[2], c[3], b[2], a[2]]);
  assertEquals(datagrams.map(({ payload }) => payload.length), [3000, 2500]);
  assertEquals(skipped, { "fragment-incomplete": 1 });
});

Deno.test("CaptureDecoder counts datagrams whose fragments never come", () => {
  const [, second, third] = parts4();
  assertEquals(read([second, third]).skipped, { "fragment-incomplete": 1 });
});

Deno.test("CaptureDecoder counts repeated fragments once and gives up contradictory datagrams", () => {
  const [a, b, c, d] = parts4();
  const twice = read([a, a, b, b, c, d]);
  assertEquals(twice.datagrams[0].payload, DATA);
  assertEquals(twice.skipped, { "fragment-duplicate": 2 });

  const other = ipv4(zeros(1000), { id: 7, offset: 992, more: true });
  assertEquals(read([a, other]).skipped, { "fragment-overlap": 1, "fragment-incomplete": 1 });
  assertEquals(read([other, a]).skipped, { "fragment-overlap": 1, "fragment-incomplete": 1 });
  const early = ipv4(zeros(8), { id: 7, offset: 1000 });
  assertEquals(read([c, early]).skipped, { "fragment-overlap": 1, "fragment-incomplete": 1 });
  const behind = ipv4(zeros(8), { id: 7, offset: 4000, more: true });
  assertEquals(read([d, behind]).skipped, { "fragment-overlap": 1, "fragment-incomplete": 1 });

  // The remains of one datagram do not spoil the next with its identifier.
  const next = parts4(DATA.map((byte) => byte ^ 255));
  const { datagrams } = read([a, c, ...next]);
  assertEquals(datagrams[0].payload, DATA.map((byte) => byte ^ 255));
});

Deno.test("CaptureDecoder gives up datagrams that wait too long", () => {
  const [a, b, c, d] = parts4();
  const make = pcapng(true);
  const at = (packet: Uint8Array, seconds: number) => make.old(packet, { low: seconds * 1e6 });
  const capture = concat([
    ...[make.section(), make.interface(101), at(a, 0), at(b, 31)],
    ...[at(a, 32), at(c, 32), at(d, 61)],
  ]);
  const { datagrams, skipped } = readInChunks(capture);
  assertEquals(datagrams.map(({ frame }) => frame), [5]);
  assertEquals(skipped, { "fragment-incomplete": 1 });
});

Deno.test("CaptureDecoder refuses impossible and cut fragments", () => {
  const malformed = [
    ipv4(zeros(1001), { offset: 0, more: true }),
    ipv4(bytes(), { offset: 8 }),
    ipv4(zeros(16), { offset: 65528 }),
  ];
  assertEquals(read(malformed).skipped, { "fragment-malformed": 3 });
  const [a] = parts4();
  assertEquals(read([a.subarray(0, 500)]).skipped, { "fragment-truncated": 1 });
  const tcp = ipv6(concat([fragmentHeader(6, 1, 0, true), zeros(8)]), 44);
  assertEquals(read([tcp]).skipped, { "not-udp": 1 });
  const nested = parts6(44, concat([fragmentHeader(17, 2, 0, true), zeros(1000)]));
  assertEquals(read(nested).skipped, { "fragment-malformed": 1 });
});

Deno.test("CaptureDecoder holds only so many fragments, the newest", () => {
  const starts = Array.from({ length: 10 }, (_, id) => parts4(DATA, id)[0]);
  const rest = parts4(DATA, 9).slice(1);
  const byCount = read([...starts, ...rest], { limits: { pendingDatagrams: 3 } });
  assertEquals(byCount.datagrams.length, 1);
  assertEquals(byCount.skipped, { "fragment-evicted": 7, "fragment-incomplete": 2 });

  const byBytes = read([...starts, ...rest], { limits: { pendingBytes: 5000 } });
  assertEquals(byBytes.datagrams.length, 1);
  const tooSmall = read([...starts, ...rest], { limits: { pendingBytes: 10 } });
  assertEquals(tooSmall.skipped, { "fragment-evicted": 13 });
});
