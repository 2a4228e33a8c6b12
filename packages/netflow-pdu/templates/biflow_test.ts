/** Records that tell of both directions (RFC 5103, NSEL). */
import { assertEquals, assertThrows } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";

import {
  type Field,
  flowsOf,
  inputOf,
  message,
  octets,
  pick,
  SENT_SECS,
  set,
  template,
} from "./_builders.ts";

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

const BIFLOW: readonly Field[] = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [10, 2],
  [14, 2],
  [4, 1],
  [1, 4],
  [2, 4],
  [1, 4, 29305],
  [2, 4, 29305],
  [6, 1],
  [6, 1, 29305],
  [152, 8],
  [153, 8],
  [152, 8, 29305],
];

function biflow(back: number): number[] {
  const sent = SENT_SECS * 1000;
  return [
    ...[10, 0, 0, 1, 10, 0, 0, 2],
    ...octets(1234, 2),
    ...octets(80, 2),
    ...octets(3, 2),
    ...octets(4, 2),
    6,
    ...octets(100, 4),
    ...octets(2, 4),
    ...octets(back, 4),
    ...octets(back > 0 ? 5 : 0, 4),
    2,
    18,
    ...octets(sent - 900, 8),
    ...octets(sent - 100, 8),
    ...octets(sent - 800, 8),
  ];
}

const KEYS = ["srcaddr", "srcport", "input", "dstaddr", "dstport", "output", "prot"];

Deno.test("biflow record: one row, what goes back by its names (RFC 5103)", () => {
  const [flow, ...others] = flowsOf(BIFLOW, biflow(5000));
  assertEquals(others, []);
  assertEquals(
    pick(flow, "dOctets", "dPkts", "reverseOctetDeltaCount", "reversePacketDeltaCount"),
    { dOctets: 100, dPkts: 2, reverseOctetDeltaCount: 5000, reversePacketDeltaCount: 5 },
  );
});

Deno.test("biflow split: a second row for what goes back, where anything does", () => {
  const split = () => createIpfixCodec({ biflow: "split" });
  const [there, back, ...others] = flowsOf(BIFLOW, biflow(5000), split());
  assertEquals(others, []);
  assertEquals(Object.values(pick(there, ...KEYS)), ["10.0.0.1", 1234, 3, "10.0.0.2", 80, 4, 6]);
  assertEquals(Object.values(pick(back, ...KEYS)), ["10.0.0.2", 80, 4, "10.0.0.1", 1234, 3, 6]);
  const counters = ["dOctets", "dPkts", "tcp_flags"];
  assertEquals(Object.values(pick(there, ...counters)), [100, 2, 2]);
  assertEquals(Object.values(pick(back, ...counters)), [5000, 5, 18]);
  assertEquals([there.first, there.last], [SENT_SECS - 0.9, SENT_SECS - 0.1]);
  assertEquals([back.first, back.last], [SENT_SECS - 0.8, SENT_SECS - 0.1]);
  assertEquals(flowsOf(BIFLOW, biflow(0), split()).length, 1);
});

Deno.test("biflow split: initiator and responder of a firewall's event (NSEL)", () => {
  const nsel: readonly Field[] = [[8, 4], [12, 4], [231, 4], [232, 4], [298, 4], [299, 4]];
  const body = [10, 0, 0, 1, 10, 0, 0, 2, ...[81, 763, 3, 4].flatMap((n) => octets(n, 4))];
  const [whole] = flowsOf(nsel, body, createV9Codec());
  assertEquals(pick(whole, "dOctets", "dPkts", "responderOctets"), {
    dOctets: 81,
    dPkts: 3,
    responderOctets: 763,
  });
  const [there, back] = flowsOf(nsel, body, createV9Codec({ biflow: "split" }));
  assertEquals(pick(there, "srcaddr", "dOctets", "dPkts"), {
    srcaddr: "10.0.0.1",
    dOctets: 81,
    dPkts: 3,
  });
  assertEquals(pick(back, "srcaddr", "dOctets", "dPkts"), {
    srcaddr: "10.0.0.2",
    dOctets: 763,
    dPkts: 4,
  });
});

Deno.test("biflow split: batches of any size keep the rows of a record together", () => {
  for (const capacity of [2, 3, 4, 5, 20]) {
    const codec = createIpfixCodec({ biflow: "split" });
    const session = codec.createSession();
    const batch = new FlowBatch({ capacity });
    const body = range(5).flatMap((n) => biflow(n % 2 * 7));
    const bytes = message({}, set(2, template(256, BIFLOW)), set(256, body));
    assertEquals(codec.decode(inputOf(bytes), batch, session).units, 5);
    const sums: number[] = [];
    do {
      for (const { dOctets } of batch) sums.push(dOctets!);
      batch.reset();
    } while (session.appendHeld(batch) > 0);
    assertEquals(sums, [100, 100, 7, 100, 100, 7, 100]);
  }
  const codec = createIpfixCodec({ biflow: "split" });
  const bytes = message({}, set(2, template(256, BIFLOW)), set(256, biflow(1)));
  const tiny = new FlowBatch({ capacity: 1 });
  assertThrows(() => codec.decode(inputOf(bytes), tiny, codec.createSession()), RangeError);
});
