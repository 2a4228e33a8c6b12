import { assertAlmostEquals, assertEquals, assertInstanceOf } from "@std/assert";
import { concat } from "@std/bytes";
import { CaptureError, type CaptureOptions, readCapture } from "./mod.ts";
import {
  bytes,
  ethernet,
  ipv4,
  ipv6,
  payload,
  pcapng,
  readInChunks,
  udp,
  zeros,
} from "./_builders.ts";

const DATA = payload(21);
const FRAME = ethernet(ipv4(udp(DATA)));
const RAW = ipv6(udp(DATA));

for (const littleEndian of [true, false]) {
  const make = pcapng(littleEndian);
  const order = littleEndian ? "little" : "big";
  const file = (...blocks: Uint8Array[]) => concat([make.section(), ...blocks]);

  Deno.test(`readCapture() reads pcapng packets of all kinds, ${order}-endian`, () => {
    const capture = file(
      make.block(0x0bad, zeros(40)),
      make.interface(1),
      make.interface(101),
      make.enhanced(FRAME),
      make.block(5, zeros(12)), // interface statistics
      make.old(RAW, { id: 1 }),
      make.simple(FRAME),
      make.enhanced(RAW, { id: 1 }),
    );
    const found = [...readCapture(capture)];
    assertEquals(found.map(({ frame }) => frame), [1, 2, 3, 4]);
    for (const one of found) assertEquals(one.payload, DATA);
    assertEquals(found.map(({ source }) => source.includes(":")), [false, true, false, true]);
  });

  Deno.test(`readCapture() reads the clock of pcapng interfaces, ${order}-endian`, () => {
    const resolution = (value: number) => make.option(9, bytes(value));
    const clock = (...options: Uint8Array[]) => make.interface(1, 0, ...options);
    const ticks = (id: number, value: bigint) =>
      make.enhanced(FRAME, { id, high: Number(value >> 32n), low: Number(value & 0xffffffffn) });
    const capture = file(
      clock(),
      clock(make.option(2, zeros(5)), resolution(9), make.option(0, bytes())),
      clock(resolution(0x8a)),
      clock(resolution(3), make.option(14, make.n64(-3600n))),
      clock(make.option(0, bytes()), resolution(0)),
      ticks(0, 1_700_000_000_123_456n),
      ticks(1, 1_700_000_000_123_456_789n),
      ticks(2, 1_700_000_000n * 1024n + 512n),
      ticks(3, 1_700_003_600_250n),
      ticks(4, 1_700_000_000_000_000n),
    );
    const times = [...readCapture(capture)].map(({ timeMs }) => timeMs);
    assertEquals(times.slice(2), [1_700_000_000_500, 1_700_000_000_250, 1_700_000_000_000]);
    assertAlmostEquals(times[0], 1_700_000_000_123.456, 0.0005);
    assertAlmostEquals(times[1], 1_700_000_000_123.456789, 0.0005);
  });

  Deno.test(`readCapture() cuts simple packets at the snap length, ${order}-endian`, () => {
    const capture = file(make.interface(1, 53), make.simple(FRAME.subarray(0, 53), FRAME.length));
    const [found] = readCapture(capture);
    assertEquals([...found.payload], [...DATA.subarray(0, 11)]);
    assertEquals([found.truncated, found.timeMs], [true, 0]);
  });

  Deno.test(`readCapture() names the fault of pcapng blocks, ${order}-endian`, () => {
    const good = file(make.interface(1), make.enhanced(FRAME));
    const lengthOf = (length: number) => {
      const block = make.block(0x0bad, zeros(64));
      new DataView(block.buffer).setUint32(4, length, littleEndian);
      return block;
    };
    const faults: readonly [code: string, block: Uint8Array, options?: CaptureOptions][] = [
      ["bad-block-length", lengthOf(0)],
      ["bad-block-length", lengthOf(8)],
      ["bad-block-length", lengthOf(13)],
      ["bad-block-length", lengthOf(0xfffffffc)],
      ["bad-block-length", lengthOf(72)],
      ["bad-block-length", make.block(6, zeros(16))],
      ["bad-byte-order", make.block(0x0a0d0d0a, zeros(16))],
      ["unsupported-version", make.section(2)],
      ["bad-option", make.interface(1, 0, make.option(9, zeros(2)))],
      ["bad-option", make.interface(1, 0, make.option(14, zeros(4)))],
      ["bad-option", make.interface(1, 0, make.option(2, zeros(8)).subarray(0, 8))],
      ["unknown-interface", make.enhanced(FRAME, { id: 1 })],
      ["bad-packet-length", make.enhanced(FRAME, { captured: FRAME.length + 4 })],
      ["bad-packet-length", make.simple(FRAME, FRAME.length + 4)],
      ["packet-too-long", make.enhanced(FRAME, { captured: 262145 })],
      ["packet-too-long", make.simple(FRAME, 0xffffffff)],
      ["too-many-interfaces", make.interface(1), { limits: { interfaces: 1 } }],
      ["truncated", make.enhanced(FRAME).subarray(0, -1)],
    ];
    for (const [code, block, options] of faults) {
      const { datagrams, error } = readInChunks(concat([good, block]), 5, options);
      assertEquals(datagrams.length, 1);
      assertInstanceOf(error, CaptureError);
      assertEquals([error.code, error.offset], [code, good.length], error.message);
    }
  });
}

Deno.test("readCapture() reads sections of both byte orders, each with its own interfaces", () => {
  const [little, big] = [pcapng(true), pcapng(false)];
  const capture = concat([
    little.section(),
    little.interface(1),
    little.enhanced(FRAME),
    big.section(),
    big.interface(101),
    big.enhanced(RAW),
    little.section(),
    little.enhanced(FRAME),
  ]);
  const { datagrams, error } = readInChunks(capture);
  assertEquals(datagrams.map(({ frame }) => frame), [1, 2]);
  assertInstanceOf(error, CaptureError);
  assertEquals(error.code, "unknown-interface");
});
