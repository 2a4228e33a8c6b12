import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FlowPDU, PduError } from "./mod.ts";

const EXPORTER = "192.0.2.1";

interface Header {
  version?: number;
  count?: number;
  uptime?: number;
  secs?: number;
  nsecs?: number;
  sequence?: number;
  engine?: number;
}

/** A v5-shaped packet of empty records. */
function packet(header: Header = {}, records = header.count ?? 1): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(24 + 48 * records);
  const view = new DataView(payload.buffer);
  view.setUint16(0, header.version ?? 5);
  view.setUint16(2, header.count ?? records);
  view.setUint32(4, header.uptime ?? 1_000_000);
  view.setUint32(8, header.secs ?? 1_700_000_000);
  view.setUint32(12, header.nsecs ?? 0);
  view.setUint32(16, header.sequence ?? 0);
  view.setUint16(20, header.engine ?? 0);
  return payload;
}

function pdu(header: Header = {}, exporter: string | number = EXPORTER): FlowPDU {
  return new FlowPDU(exporter, packet(header));
}

Deno.test("FlowPDU shows the header of each version, and nothing that the version lacks", () => {
  const v5 = pdu({ count: 2, uptime: 7, secs: 8, nsecs: 9, sequence: 10, engine: 0x0102 });
  assertEquals(
    [v5.version, v5.count, v5.length, v5.sysUpTime, v5.unix_secs, v5.unix_nsecs, v5.sequence],
    [5, 2, 2, 7, 8, 9, 10],
  );
  assertEquals([v5.engine_type, v5.engine_id, v5.aggregation], [1, 2, undefined]);

  const payload = packet({ version: 1 }, 0);
  const v1 = new FlowPDU(EXPORTER, payload.slice(0, 16));
  assertEquals([v1.version, v1.sequence, v1.engine_id], [1, undefined, undefined]);
});

Deno.test("FlowPDU decodes v5 sampling from the last bits of the header", () => {
  const payload = packet();
  new DataView(payload.buffer).setUint16(22, (2 << 14) | 1000);
  const sampled = new FlowPDU(EXPORTER, payload);
  assertEquals([sampled.sampling_mode, sampled.sampling_interval], [2, 1000]);
});

Deno.test("FlowPDU takes the exporter as text, number or bytes, IPv4 or IPv6", () => {
  const bytes = new Uint8Array(16).fill(0);
  bytes.set([0x20, 0x01, 0x0d, 0xb8]);
  for (
    const [exporter, text] of [
      ["192.0.2.1", "192.0.2.1"],
      [0xc0000201, "192.0.2.1"],
      ["2001:db8::", "2001:db8::"],
      [bytes, "2001:db8::"],
    ] as const
  ) {
    const decoded = new FlowPDU(exporter, packet());
    assertEquals(decoded.exporter, text);
    assertEquals([...decoded][0].exaddr, text);
  }
  assertThrows(() => new FlowPDU("nowhere", packet()), RangeError, "nowhere");
});

Deno.test("FlowPDU refuses what has no readable header, and says why", () => {
  const short = assertThrows(() => new FlowPDU(EXPORTER, packet().slice(0, 20)), PduError);
  assertEquals([short.code, short.exporter, short.got], ["short-header", EXPORTER, 20]);
  const unknown = assertThrows(() => new FlowPDU(EXPORTER, packet({ version: 77 })), PduError);
  assertEquals(unknown.code, "unknown-version");
});

Deno.test("FlowPDU keeps the whole records of a packet whose count lies, and names the problem", () => {
  const cases = [
    [packet({ count: 3 }, 2), "short-datagram", 2],
    [packet({ count: 1 }, 2), "trailing-bytes", 1],
    [packet({ count: 0 }, 2), "count-zero", 0],
    [packet({ count: 65535 }, 2), "count-over-maximum", 2],
    [packet({ count: 2 }, 2).slice(0, 24 + 60), "short-datagram", 1],
  ] as const;
  for (const [payload, problem, length] of cases) {
    const decoded = new FlowPDU(EXPORTER, payload);
    assertEquals([decoded.problem, decoded.length], [problem, length]);
    assertEquals([...decoded].length, length);
  }
});

Deno.test("FlowPDU.equals() is about the exporter and the bytes", () => {
  assert(pdu().equals(pdu()));
  assert(!pdu().equals(pdu({ sequence: 1 })));
  assert(!pdu().equals(pdu({}, "192.0.2.2")));
  assertEquals(pdu().compare(pdu()), 0);
});

Deno.test("FlowPDU.compare() puts PDUs in the order they were issued", () => {
  const WRAP = 2 ** 32;
  const ordered: Record<string, readonly [Header, Header]> = {
    "later by clock and uptime": [
      { uptime: 1000, secs: 100, sequence: 0 },
      { uptime: 2000, secs: 101, sequence: 30 },
    ],
    "same moment, sequence": [{ sequence: 0 }, { sequence: 30 }],
    "same moment, sequence across its wrap": [{ sequence: WRAP - 30 }, { sequence: 0 }],
    "equal sequence numbers, later clock": [
      { sequence: 7, uptime: 1000, secs: 100 },
      { sequence: 7, uptime: 5000, secs: 104 },
    ],
    "equal sequence numbers, nanoseconds": [
      { sequence: 7, nsecs: 100 },
      { sequence: 7, nsecs: 200 },
    ],
    "uptime across its wrap": [
      { uptime: WRAP - 500, secs: 100, sequence: 0 },
      { uptime: 500, secs: 101, sequence: 30 },
    ],
    "clock set back, exporter running on": [
      { uptime: 10_000, secs: 100, sequence: 0 },
      { uptime: 12_000, secs: 90, sequence: 30 },
    ],
    "exporter restarted: uptime and sequence began anew": [
      { uptime: 900_000_000, secs: 1_000_000, sequence: 1_000_000 },
      { uptime: 5_000, secs: 1_000_060, sequence: 0 },
    ],
    "months apart": [
      { uptime: 3_000_000_000, secs: 1_000_000, sequence: 5 },
      { uptime: 100_000, secs: 9_000_000, sequence: 4 },
    ],
  };
  for (const [what, [first, second]] of Object.entries(ordered)) {
    const [a, b] = [pdu(first), pdu(second)];
    assert(a.compare(b) < 0, `${what}: first is earlier`);
    assert(b.compare(a) > 0, `${what}: second is later`);
    assert(a.isBefore(b) && !b.isBefore(a), what);
  }
});

Deno.test("FlowPDU.compare() sorts a run of packets shuffled, across both wraps", () => {
  const run = Array.from({ length: 40 }, (_, i) =>
    pdu({
      uptime: (2 ** 32 - 20_000 + i * 1000) % 2 ** 32,
      secs: 1_700_000_000 + i,
      sequence: (2 ** 32 - 600 + i * 30) % 2 ** 32,
      count: 30,
    }));
  fc.assert(fc.property(fc.shuffledSubarray(run, { minLength: 40 }), (shuffled) => {
    assertEquals(shuffled.toSorted((a, b) => a.compare(b)).map((p) => run.indexOf(p)), [
      ...run.keys(),
    ]);
  }));
  for (let i = 1; i < run.length; i++) assert(run[i - 1].isNext(run[i]), `packet ${i}`);
});

Deno.test("FlowPDU.compare() is antisymmetric whatever the headers say", () => {
  const header = fc.record({
    uptime: fc.nat(0xffffffff),
    secs: fc.nat(0xffffffff),
    nsecs: fc.nat(999_999_999),
    sequence: fc.nat(0xffffffff),
    engine: fc.nat(0xffff),
  });
  fc.assert(fc.property(header, header, (a, b) => {
    assertEquals(Math.sign(pdu(a).compare(pdu(b))), -Math.sign(pdu(b).compare(pdu(a))) || 0);
  }));
});

Deno.test("FlowPDU.compare() is antisymmetric half a turn of a counter apart", () => {
  for (const far of [{ uptime: 2 ** 31 }, { uptime: 0, sequence: 2 ** 31 }]) {
    const [a, b] = [pdu({ uptime: 0 }), pdu(far)];
    assert(a.isBefore(b) !== b.isBefore(a));
  }
});

Deno.test("FlowPDU.isNext() wants the next sequence of the same exporter, version and engine", () => {
  const first = pdu({ count: 30, sequence: 2 ** 32 - 10 });
  assert(first.isNext(pdu({ sequence: 20 })), "across the wrap of 2^32");
  assert(!first.isNext(pdu({ sequence: 21 })), "one further");
  assert(!first.isNext(pdu({ sequence: 20, engine: 1 })), "another engine");
  assert(!first.isNext(pdu({ sequence: 20 }, "192.0.2.9")), "another exporter");
  assert(!first.isNext(pdu({ sequence: 20, uptime: 1 })), "issued before");
  const v1 = () => new FlowPDU(EXPORTER, packet({ version: 1 }, 0).slice(0, 16));
  assert(!v1().isNext(v1()), "version 1 has no sequence");
});
