/** One suite that every codec must pass: how a datagram may be damaged, and what comes of it. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { fieldIndex, FlowBatch } from "@flowtools/flow-model";
import {
  type ClassicPduCodec,
  createPduRegistry,
  decodePdu,
  decodePduAt,
  describePdu,
  encodePdu,
  formatDump,
  PDU_CODECS,
  PDU_REASONS,
  PduError,
  pduMessage,
  type PduResult,
} from "./mod.ts";
import { TOY_CODEC } from "./testing/mod.ts";

const registry = createPduRegistry([...PDU_CODECS, TOY_CODEC]);
/** Those whose packets all look alike; the others have tests of their own. */
const codecs = registry.codecs.filter((codec): codec is ClassicPduCodec =>
  codec.layouts !== undefined
);

/** A packet of `count` records of noise under a true header. */
function packetOf(codec: ClassicPduCodec, count: number): Uint8Array<ArrayBuffer> {
  const { header, record } = codec.layouts;
  const bytes = new Uint8Array(header.size + count * record.size);
  let noise = 12345;
  for (let i = 4; i < bytes.length; i++) {
    noise = (Math.imul(noise, 1103515245) + 12345) >>> 0;
    bytes[i] = noise >>> 24;
  }
  const view = new DataView(bytes.buffer);
  view.setUint16(0, codec.version);
  view.setUint16(2, count);
  const set = (name: string, value: number) => {
    const row = header.rows.find((row) => row.name === name);
    if (row !== undefined) bytes[row.offset] = value;
  };
  set("aggregation", codec.aggregation ?? 0);
  set("agg_version", 2);
  return bytes;
}

/** The values of all rows, to tell whether two decodes agree. */
function rowsOf(batch: FlowBatch): unknown[] {
  return Array.from(batch, (flow) => flow.toObject());
}

/** No decode of any damage may break these. */
function assertSane(result: PduResult, batch: FlowBatch, length: number): void {
  assertEquals(batch.length, result.rows, "rows are what was appended");
  if (result.reason === undefined) {
    assertEquals(pduMessage(result), "");
    return;
  }
  assert(result.reason in PDU_REASONS);
  assert(result.offset !== undefined && result.offset >= 0 && result.offset <= length);
  assert(!/undefined|NaN/.test(pduMessage(result, "10.0.0.1")), pduMessage(result, "10.0.0.1"));
}

for (const codec of codecs) {
  const { header, record } = codec.layouts;
  const full = packetOf(codec, codec.maxRecords);

  Deno.test(`${codec.title}: a full packet decodes, and the header is right`, () => {
    const batch = new FlowBatch();
    const result = decodePdu(registry, full, batch, { exporter: "192.0.2.9" });
    assertEquals(result.codec, codec);
    assertEquals(result.reason, undefined);
    assertEquals(result.rows, codec.maxRecords);
    assertEquals(result.header?.version, codec.version);
    assertEquals(result.header?.count, codec.maxRecords);
    assertEquals(result.header?.aggregation, codec.aggregation);
    assertEquals("sequence" in result.header!, codec.sequenceUnit === "flows");
    const flow = batch.flow(codec.maxRecords - 1);
    assertEquals(flow.exaddr, "192.0.2.9");
    assertEquals(flow.unix_secs, result.header?.unix_secs);
    assertEquals(flow.engine_id, result.header?.engine_id);
    assertEquals(flow.schema.version, codec.version);
  });

  Deno.test(`${codec.title}: a full packet fits into an Ethernet frame`, () => {
    assert(full.length <= 1500 - 28, `${full.length} bytes`);
  });

  Deno.test(`${codec.title}: truncated at every byte, whole records are delivered`, () => {
    const batch = new FlowBatch();
    decodePdu(registry, full, batch);
    const expected = rowsOf(batch);
    for (let length = 0; length < full.length; length++) {
      batch.reset();
      const result = decodePdu(registry, full.subarray(0, length), batch);
      assertSane(result, batch, length);
      if (length < header.size) {
        assertEquals(result.reason, "short-header");
        assertEquals(result.rows, 0);
        continue;
      }
      const whole = Math.floor((length - header.size) / record.size);
      assertEquals(result.reason, "short-datagram");
      assertEquals(result.rows, whole);
      assertEquals(result.offset, header.size + whole * record.size);
      assertEquals(result.expected, full.length);
      assertEquals(result.got, length);
      if (length % 97 === 0) assertEquals(rowsOf(batch), expected.slice(0, whole));
    }
  });

  Deno.test(`${codec.title}: counts that lie never make phantom rows`, () => {
    const batch = new FlowBatch();
    const packet = packetOf(codec, 3);
    const view = new DataView(packet.buffer);
    for (
      const [count, reason, rows] of [
        [0, "count-zero", 0],
        [1, "trailing-bytes", 1],
        [2, "trailing-bytes", 2],
        [3, undefined, 3],
        [4, "short-datagram", 3],
        [codec.maxRecords, "short-datagram", 3],
        [codec.maxRecords + 1, "count-over-maximum", 3],
        [65535, "count-over-maximum", 3],
      ] as const
    ) {
      batch.reset();
      view.setUint16(2, count);
      const result = decodePdu(registry, packet, batch);
      assertSane(result, batch, packet.length);
      assertEquals(result.reason, reason, `count ${count}`);
      assertEquals(result.rows, rows, `count ${count}`);
    }
  });

  Deno.test(`${codec.title}: a count over the maximum that the bytes back up is delivered`, () => {
    const batch = new FlowBatch();
    const packet = packetOf(codec, codec.maxRecords + 2);
    const result = decodePdu(registry, packet, batch);
    assertEquals(result.reason, "count-over-maximum");
    assertEquals(result.rows, codec.maxRecords + 2);
    assertEquals(result.expected, codec.maxRecords);
  });

  Deno.test(`${codec.title}: trailing bytes are no record`, () => {
    const batch = new FlowBatch();
    for (const extra of [1, record.size - 1, record.size, 3 * record.size]) {
      batch.reset();
      const packet = new Uint8Array(packetOf(codec, 2).length + extra).fill(0xff);
      packet.set(packetOf(codec, 2));
      const result = decodePdu(registry, packet, batch);
      assertSane(result, batch, packet.length);
      assertEquals(result.reason, "trailing-bytes");
      assertEquals(result.rows, 2);
      assertEquals(result.offset, packet.length - extra);
    }
  });

  Deno.test(`${codec.title}: zeros behind the records are padding where Catalysts export`, () => {
    const packet = packetOf(codec, 2);
    const padded = new Uint8Array(packet.length + 2 * record.size);
    padded.set(packet);
    const result = decodePdu(registry, padded, new FlowBatch());
    const catalyst = ["NetFlow v8.6", "NetFlow v8.7", "NetFlow v8.8"].includes(codec.title);
    assertEquals(result.reason, catalyst ? undefined : "trailing-bytes");
    assertEquals(result.rows, 2);
  });

  Deno.test(`${codec.title}: a batch without room is left alone`, () => {
    const batch = new FlowBatch({ capacity: codec.maxRecords + 1 });
    assertEquals(decodePdu(registry, full, batch).rows, codec.maxRecords);
    const result = decodePdu(registry, full, batch);
    assertEquals(result.reason, "batch-full");
    assertEquals(result.rows, 0);
    assertEquals(result.expected, codec.maxRecords);
    assertEquals(result.got, 1);
    assertEquals(batch.length, codec.maxRecords);
    assertEquals(decodePdu(registry, packetOf(codec, 1), batch).rows, 1, "one record still fits");
    batch.reset();
    assertEquals(decodePdu(registry, full, batch).rows, codec.maxRecords);
  });

  Deno.test(`${codec.title}: without a batch the datagram is only checked`, () => {
    assertEquals(decodePdu(registry, full).rows, 0);
    assertEquals(decodePdu(registry, full).reason, undefined);
    assertEquals(decodePdu(registry, full.subarray(0, -1)).reason, "short-datagram");
  });

  Deno.test(`${codec.title}: a datagram inside a larger buffer ends where it is said to`, () => {
    const buffer = new Uint8Array(full.length + 200).fill(0xee);
    buffer.set(full, 33);
    const view = new DataView(buffer.buffer, 10);
    const input = { view, offset: 23, length: full.length, exporter: 0 };
    const there = new FlowBatch();
    assertEquals(decodePduAt(registry, input, there).reason, undefined);
    const here = new FlowBatch();
    decodePdu(registry, full, here);
    assertEquals(rowsOf(there), rowsOf(here));
    there.reset();
    const short = decodePduAt(registry, { ...input, length: full.length - 1 }, there);
    assertEquals(short.reason, "short-datagram");
    const beyond = { view, offset: view.byteLength - 3, length: 1000, exporter: 0 };
    assertEquals(decodePduAt(registry, beyond, there).reason, "short-header");
    assertEquals(codec.decode(beyond, there).reason, "short-header");
  });

  Deno.test(`${codec.title}: an exporter with an IPv6 address becomes exaddr`, () => {
    const batch = new FlowBatch();
    decodePdu(registry, full, batch, { exporter: "2001:db8::7" });
    assertEquals(batch.flow(codec.maxRecords - 1).exaddr, "2001:db8::7");
  });

  Deno.test(`${codec.title}: describePdu() shows every byte once, damaged or not`, () => {
    const long = new Uint8Array(full.length + 5);
    long.set(full);
    for (const length of [0, 1, 3, 4, header.size, header.size + 7, full.length, long.length]) {
      const dumps = describePdu(registry, long.subarray(0, length));
      let at = 0;
      for (const [index, dump] of dumps.entries()) {
        if (index > 0 && dump.offset === dumps[index - 1].offset) continue; // parts of one row
        assertEquals(dump.offset, at);
        assertEquals(dump.hex.length, 2 * dump.width);
        at += dump.width;
      }
      assertEquals(at, length);
      assertEquals(formatDump(dumps).includes("undefined"), false);
    }
    const last = describePdu(registry, full).at(-1);
    assertEquals(last?.record, codec.maxRecords - 1);
  });

  Deno.test(`${codec.title}: encode() refuses what does not fit one packet`, () => {
    const batch = new FlowBatch({ capacity: codec.maxRecords + 1 });
    for (let row = 0; row <= codec.maxRecords; row++) batch.append(record.schema, {});
    assertEquals(encodePdu(codec, batch, 1, codec.maxRecords).length, full.length);
    assertThrows(() => encodePdu(codec, batch, 0, codec.maxRecords + 1), RangeError);
    assertThrows(() => encodePdu(codec, batch, 0, 0), RangeError);
    assertThrows(() => encodePdu(codec, batch, codec.maxRecords, 2), RangeError);
  });

  Deno.test(`${codec.title}: encode() takes header fields from the first row`, () => {
    const batch = new FlowBatch({ capacity: 2 });
    const values = { unix_secs: 7, unix_nsecs: 8, sysUpTime: 9, engine_type: 1, engine_id: 2 };
    batch.append(record.schema, {});
    batch.append(record.schema, values);
    const packet = encodePdu(codec, batch, 1, 1, { sysUpTime: 99 });
    const result = decodePdu(registry, packet);
    for (const [name, value] of Object.entries(values)) {
      const row = header.rows.find((row) => row.name === name);
      if (row === undefined || name === "sysUpTime") continue;
      assert(row.field === fieldIndex(name));
      assertEquals(result.header?.[name as keyof typeof values], value);
    }
    assertEquals(result.header?.sysUpTime, 99);
  });
}

Deno.test("decodePdu() tells an unknown version", () => {
  const batch = new FlowBatch();
  const result = decodePdu(registry, new Uint8Array([0, 77, 0, 1, 9, 9]), batch);
  assertSane(result, batch, 6);
  assertEquals(result, { rows: 0, reason: "unknown-version", offset: 0, got: 77 });
});

Deno.test("decodePdu() tells an unknown aggregation, and its version", () => {
  const batch = new FlowBatch();
  const packet = packetOf(codecs.find((codec) => codec.aggregation === 1)!, 2);
  packet[22] = 15;
  assertEquals(decodePdu(registry, packet, batch).reason, "unknown-aggregation");
  const [dump] = describePdu(registry, packet).slice(-1);
  assertEquals(dump.name, "records");
  packet[22] = 1;
  packet[23] = 1;
  const result = decodePdu(registry, packet, batch);
  assertSane(result, batch, packet.length);
  assertEquals(result.reason, "unknown-aggregation-version");
  assertEquals(result.expected, 2);
  packet[23] = 0;
  assertEquals(decodePdu(registry, packet, batch).rows, 2, "Juniper sends 0");
});

Deno.test("createPduRegistry() refuses codecs that collide", () => {
  const [v1] = PDU_CODECS;
  const v8 = registry.find(8, 3)!;
  assertThrows(() => createPduRegistry([v1, v1]), RangeError, 'is taken by "NetFlow v1"');
  assertThrows(() => createPduRegistry([v8, v8]), RangeError, "v8.3");
  assertThrows(() => createPduRegistry([v8, { ...v1, version: 8 }]), RangeError);
  assertThrows(
    () => createPduRegistry([{ ...v1, aggregation: 1 }]),
    RangeError,
    'its header has no "aggregation" row',
  );
});

Deno.test("registries know nothing of each other", () => {
  const toys = createPduRegistry([TOY_CODEC]);
  assertEquals(toys.find(5), undefined);
  assertEquals(createPduRegistry(PDU_CODECS).find(TOY_CODEC.version), undefined);
  assertEquals(registry.find(8), undefined, "v8 has no codec without an aggregation");
});

Deno.test("pduMessage() says who, what and how much", () => {
  const datagram = packetOf(registry.find(5) as ClassicPduCodec, 30).subarray(0, 1200);
  const result = decodePdu(registry, datagram);
  const error = new PduError(result, "10.0.0.1");
  assertEquals(
    error.message,
    "Cannot decode NetFlow v5 PDU from 10.0.0.1: " +
      "header says 30 records (1464 bytes), datagram has 1200 bytes",
  );
  assertEquals([error.code, error.name, error.offset, error.expected, error.got], [
    "short-datagram",
    "PduError",
    1176,
    1464,
    1200,
  ]);
  assertThrows(() => new PduError({ rows: 1 }), TypeError);
});

Deno.test("decodePdu() refuses an exporter that is no address", () => {
  for (const exporter of ["10.0.0", "router", new Uint8Array(4)]) {
    assertThrows(() => decodePdu(registry, new Uint8Array(4), undefined, { exporter }), RangeError);
  }
});

Deno.test("decodePdu() survives random bytes under every version", () => {
  const batch = new FlowBatch();
  const bytes = new Uint8Array(1500);
  let noise = 1;
  for (let round = 0; round < 3000; round++) {
    for (let i = 0; i < 64; i++) {
      noise = (Math.imul(noise, 1103515245) + 12345) >>> 0;
      bytes[(i * 23 + round) % bytes.length] = noise >>> 24;
    }
    const codec = registry.codecs[round % registry.codecs.length];
    bytes[0] = codec.version >> 8;
    bytes[1] = codec.version & 255;
    const datagram = bytes.subarray(0, noise % 1500);
    batch.reset();
    const result = decodePdu(registry, datagram, batch);
    assertSane(result, batch, datagram.length);
    describePdu(registry, datagram);
  }
});
