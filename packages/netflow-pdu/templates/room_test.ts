/** Nothing is lost and nothing comes twice, however small the batches; sequences follow. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec, IPFIX_CODEC } from "../codecs/ipfix.ts";
import { createV9Codec, V9_CODEC } from "../codecs/v9.ts";

import { pduMessage } from "../errors.ts";
import { SequenceTracker } from "../sequence.ts";
import {
  type Field,
  inputOf,
  message,
  octets,
  optionsTemplate,
  packet9,
  set,
  template,
} from "./_builders.ts";
import { VARIABLE_LENGTH } from "./template.ts";

/** Source port and packets: six octets a record. */
const FIELDS: readonly Field[] = [[7, 2], [2, 4]];

function records(...ports: number[]): number[] {
  return ports.flatMap((port) => [...octets(port, 2), ...octets(1, 4)]);
}

function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

const TEACH = message({}, set(2, template(256, FIELDS)));

/**
 * Decodes messages as a program does that hands its batch on when it is full; gives the source ports
 * of all rows.
 */
function collect(messages: readonly Uint8Array[], capacity: number): number[] {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch({ capacity });
  const ports: number[] = [];
  const drain = () => {
    for (const { srcport } of batch) ports.push(srcport!);
    batch.reset();
  };
  for (const bytes of messages) {
    let result = codec.decode(inputOf(bytes), batch, session);
    if (result.reason === "batch-full") {
      drain();
      // Once is enough: what an empty batch has no room for waits in the session.
      result = codec.decode(inputOf(bytes), batch, session);
    }
    assertEquals(result.reason, undefined, pduMessage(result));
  }
  drain();
  while (session.holds) {
    assert(session.appendHeld(batch) > 0);
    drain();
  }
  assertEquals(codec.store.counters.waitingOctets, 0);
  assertEquals(codec.store.counters.overflowed, 0);
  return ports;
}

Deno.test("batches of any size lose nothing and double nothing", () => {
  for (const capacity of [1, 2, 3, 7, 10, 25, 99, 100, 101, 1000]) {
    const messages = [
      TEACH,
      ...range(20).map((n) => message({}, set(256, records(...range(5, n * 5))))),
    ];
    assertEquals(collect(messages, capacity), range(100), `capacity ${capacity}`);
  }
});

Deno.test("batches of any size lose nothing of what has waited for its template", () => {
  for (const capacity of [1, 2, 3, 7, 10, 25, 100]) {
    const messages = [
      ...range(10).map((n) => message({}, set(256, records(...range(5, n * 5))))),
      message({}, set(2, template(256, FIELDS)), set(256, records(50, 51, 52))),
      message({}, set(256, records(53))),
    ];
    assertEquals(collect(messages, capacity), range(54), `capacity ${capacity}`);
  }
});

Deno.test("a template that changes does not reach back to records that wait for room", () => {
  const changed: readonly Field[] = [[2, 4], [7, 2]];
  const messages = [
    message({}, set(256, records(...range(9)))),
    TEACH,
    message(
      {},
      set(256, records(9, 10)),
      set(2, template(256, changed)),
      set(256, octets(1, 4), octets(11, 2)),
      set(2, template(256, [])),
    ),
  ];
  for (const capacity of [1, 2, 4, 50]) assertEquals(collect(messages, capacity), range(12));
});

Deno.test("records of variable length wait for room like others", () => {
  const named: readonly Field[] = [[7, 2], [96, VARIABLE_LENGTH]];
  const body = range(40).map((port) => [...octets(port, 2), 3, 97, 98, 99]);
  const messages = [message({}, set(2, template(256, named))), message({}, set(256, ...body))];
  for (const capacity of [1, 3, 39, 40, 41]) assertEquals(collect(messages, capacity), range(40));
});

Deno.test("a batch that is not empty is left alone where a packet has no room", () => {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch({ capacity: 4 });
  codec.decode(inputOf(TEACH), batch, session);
  codec.decode(inputOf(message({}, set(256, records(1, 2)))), batch, session);
  const result = codec.decode(inputOf(message({}, set(256, records(3, 4, 5)))), batch, session);
  assertEquals([result.reason, result.rows, result.expected, result.got], ["batch-full", 0, 3, 2]);
  assertEquals([batch.length, session.holds, result.units], [2, false, undefined]);
});

Deno.test("without a session a packet has all its rows or none", () => {
  const bytes = message({}, set(2, template(256, FIELDS)), set(256, records(1, 2, 3)));
  for (const [capacity, rows] of [[2, 0], [3, 3], [4, 3]]) {
    const batch = new FlowBatch({ capacity });
    const result = IPFIX_CODEC.decode(inputOf(bytes), batch);
    assertEquals([result.rows, batch.length], [rows, rows]);
    assertEquals(result.reason, rows === 0 ? "batch-full" : undefined);
  }
});

Deno.test("without a session no row is lost behind records that cannot be read", () => {
  const bytes = message(
    {},
    set(300, records(9)),
    set(2, template(256, FIELDS)),
    set(256, records(1, 2, 3)),
    set(3, optionsTemplate(301, 1, [[10, 4], [82, 1]])),
    set(301, octets(1, 4), [65]),
  );
  const two = IPFIX_CODEC.decode(inputOf(bytes), new FlowBatch({ capacity: 2 }));
  assertEquals([two.reason, two.rows, two.expected], ["batch-full", 0, 3]);
  const three = IPFIX_CODEC.decode(inputOf(bytes), new FlowBatch({ capacity: 3 }));
  assertEquals([three.reason, three.rows], ["unknown-template", 3]);
});

Deno.test("without a session records whose template is not in the packet are told as lost", () => {
  const bytes = message({}, set(256, records(1)));
  const result = IPFIX_CODEC.decode(inputOf(bytes), new FlowBatch({ capacity: 4 }));
  assertEquals([result.reason, result.offset, result.got, result.units], [
    "unknown-template",
    16,
    256,
    -1,
  ]);
  assert(pduMessage(result).endsWith("at byte 16, set 256"), pduMessage(result));
});

Deno.test("what no one has room for is told: the session is full, too", () => {
  const codec = createIpfixCodec({ limits: { waitingOctets: 300 } });
  const session = codec.createSession();
  const batch = new FlowBatch({ capacity: 1 });
  codec.decode(inputOf(TEACH), batch, session);
  const result = codec.decode(
    inputOf(message({}, set(256, records(...range(50))))),
    batch,
    session,
  );
  assertEquals([result.reason, result.rows, result.expected], ["no-room", 1, 49]);
  assertEquals([codec.store.counters.overflowed, result.units], [1, 50]);
});

Deno.test("units are data records, those of options included, whatever becomes of them", () => {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch({ capacity: 3 });
  const bytes = message(
    {},
    set(2, template(256, FIELDS)),
    set(3, optionsTemplate(300, 1, [[10, 4], [82, 1]])),
    set(300, octets(1, 4), [65], octets(2, 4), [66]),
    set(256, records(...range(7))),
  );
  assertEquals(codec.decode(inputOf(bytes), batch, session).units, 9);
  assertEquals(codec.decode(inputOf(bytes), undefined, session).units, 9, "check only");
  assertEquals(V9_CODEC.sequenceUnit, "packets");
});

Deno.test("SequenceTracker follows IPFIX through data that cannot be counted", () => {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const tracker = new SequenceTracker();
  const batch = new FlowBatch();
  const hear = (bytes: Uint8Array) => {
    const result = codec.decode(inputOf(bytes), batch, session);
    return tracker.observe(1, result);
  };
  const at = (sequence: number, ...sets: number[][]) => message({ sequence }, ...sets);
  assertEquals(hear(at(100, set(256, records(1, 2, 3))))?.event, "first");
  // The three records before were not counted: 103 is no loss.
  assertEquals(hear(at(103, set(256, records(4))))?.event, "in-order");
  assertEquals(hear(at(104, set(2, template(256, FIELDS))))?.event, "in-order");
  assertEquals(hear(at(104, set(256, records(5, 6))))?.event, "in-order");
  assertEquals(hear(at(107, set(256, records(7)))), { event: "lost", lost: 1 });
  assertEquals(hear(at(106, set(256, records(8)))), { event: "reordered", lost: -1 });
  assertEquals(tracker.totals.lost, 0);
  // Behind damage nobody knows, either.
  assertEquals(hear(at(108, [1, 0, 0, 2]))?.event, "in-order");
  assertEquals(hear(at(120, set(256, records(9))))?.event, "in-order");
  assertEquals(tracker.totals, { lost: 0, received: 5, reordered: 1, duplicate: 0, reset: 0 });
});

Deno.test("SequenceTracker counts packets of NetFlow v9 by source", () => {
  const codec = createV9Codec();
  const session = codec.createSession();
  const tracker = new SequenceTracker();
  const hear = (sequence: number, domain: number) =>
    tracker.observe(
      1,
      codec.decode(
        inputOf(packet9({ sequence, domain }, set(256, records(1, 2)))),
        new FlowBatch(),
        session,
      ),
    );
  assertEquals(hear(7, 1)?.event, "first");
  assertEquals(hear(8, 1)?.event, "in-order");
  assertEquals(hear(1000, 2)?.event, "first");
  assertEquals(hear(11, 1), { event: "lost", lost: 2 });
});

Deno.test("a batch that keeps octets is full before they are, and nothing is lost", () => {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch({ octets: true, capacity: 1 << 17 });
  codec.decode(inputOf(message({}, set(2, template(256, [[7, 2], [210, 998]])))), batch, session);
  const body = new Array(60 * 1000).fill(0);
  let rows = 0;
  let full = 0;
  for (let packet = 0; packet < 600; packet++) {
    let result = codec.decode(inputOf(message({}, set(256, body))), batch, session);
    rows += result.rows;
    if (result.reason !== "batch-full") continue;
    full++;
    for (const row of [0, batch.length - 1]) assertEquals(batch.octets?.read(row)?.length, 1000);
    batch.reset();
    result = codec.decode(inputOf(message({}, set(256, body))), batch, session);
    rows += result.rows;
  }
  assertEquals([rows, full], [36_000, 2]);
});
