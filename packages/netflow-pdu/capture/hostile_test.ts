import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { concat } from "@std/bytes";
import { CaptureError } from "./mod.ts";
import {
  ethernet,
  fragmentHeader,
  ipv4,
  ipv6,
  payload,
  pcap,
  pcapng,
  readInChunks,
  type ReadResult,
  udp,
} from "./_builders.ts";

/** Small captures that between them take every path of the reader. */
function samples(): Uint8Array[] {
  const whole = udp(payload(100));
  const packets = [
    ethernet(ipv4(udp(payload(30)))),
    ethernet(ipv4(whole.subarray(0, 64), { id: 5, more: true })),
    ethernet(ipv6(udp(payload(9))), 0x86dd, [0x88a8, 0x8100]),
    ethernet(ipv4(whole.subarray(64), { id: 5, offset: 64 })),
    ethernet(
      ipv6(concat([fragmentHeader(17, 5, 0, true), whole.subarray(0, 64)]), 44),
      0x86dd,
    ),
    ethernet(ipv6(concat([fragmentHeader(17, 5, 64, false), whole.subarray(64)]), 44), 0x86dd),
  ];
  const ngs = [true, false].map((littleEndian) => {
    const make = pcapng(littleEndian);
    const resolution = make.option(9, Uint8Array.of(9));
    const head = concat([make.section(), make.interface(1, 0, resolution), make.interface(1, 90)]);
    const kinds = [make.enhanced, make.simple, make.old];
    return concat([head, ...packets.map((packet, index) => kinds[index % 3](packet))]);
  });
  return [pcap(packets), pcap(packets, { magic: 0xa1b23c4d, littleEndian: false }), ...ngs];
}

/** A result without the stack of its error, which tells where the test read. */
const comparable = (result: ReadResult) => ({ ...result, error: String(result.error) });

Deno.test("chunks of every size give the same datagrams", () => {
  for (const capture of samples()) {
    const expected = readInChunks(capture);
    assertEquals([expected.datagrams.length, expected.error], [4, undefined]);
    for (let size = 1; size < capture.length; size++) {
      assertEquals(readInChunks(capture, size), expected);
    }
  }
});

Deno.test("a capture cut at every byte yields its whole packets, then one CaptureError", () => {
  for (const capture of samples()) {
    const { datagrams } = readInChunks(capture);
    let whole = 0;
    for (let length = 0; length < capture.length; length++) {
      const cut = readInChunks(capture.subarray(0, length));
      assertEquals(cut.datagrams, datagrams.slice(0, cut.datagrams.length));
      assert(cut.datagrams.length >= whole, "a longer capture lost a datagram");
      whole = cut.datagrams.length;
      if (cut.error === undefined) continue; // cut between two packets
      assertInstanceOf(cut.error, CaptureError);
      assertEquals(cut.error.code, "truncated");
      assert(cut.error.offset <= length);
    }
  }
});

/** Numbers below 2^32 from a seed (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

Deno.test("20,000 seeded mutations throw nothing but CaptureError, in one chunk or in many", () => {
  const originals = samples();
  const next = random(20260101);
  const faults = new Set<string>();
  for (let round = 0; round < 20_000; round++) {
    const capture = originals[round % originals.length].slice();
    for (let edits = 1 + next() % 4; edits > 0; edits--) {
      const at = next() % capture.length;
      // Small values and single bits reach lengths and flags more often than noise does.
      capture[at] = [next() & 255, next() % 16, capture[at] ^ (1 << next() % 8)][next() % 3];
    }
    const whole = readInChunks(capture);
    if (whole.error !== undefined) {
      assertInstanceOf(whole.error, CaptureError);
      faults.add(whole.error.code);
    }
    if (round % 10 === 0) {
      assertEquals(comparable(readInChunks(capture, 1 + next() % 50)), comparable(whole));
    }
  }
  // The mutations do reach the checks.
  assert(faults.size >= 7, [...faults].join());
});

Deno.test("a header that promises much makes the reader hold little", () => {
  // A packet of the largest size that never comes: the error must wait for the end, not for memory.
  const capture = concat([pcap([]), new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0])]);
  const { error } = readInChunks(concat([capture, new Uint8Array(1004)]), 1);
  assertInstanceOf(error, CaptureError);
  assertEquals(
    error.message,
    "Cannot read capture: packet 1 at byte 24 needs at least 262160 bytes, 1016 are left",
  );
});
