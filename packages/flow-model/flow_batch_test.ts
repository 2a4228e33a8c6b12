import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  BatchPool,
  compileRecordLayout,
  FlowAttributeError,
  FlowBatch,
  type FlowFieldName,
  FlowSchema,
  type RecordLayout,
} from "./mod.ts";

const LAYOUT: RecordLayout = compileRecordLayout(
  { title: "test record", size: 36, version: 99, shared: ["unix_secs", "exaddr"] },
  [
    { name: "srcaddr", width: 4 },
    { name: "dOctets", width: 8 },
    { name: "dPkts", width: 4 },
    { name: "src_as", width: 2 },
    { name: "dst_as", width: 4 },
    { name: "srcport", width: 2 },
    { name: "tcp_flags", width: 1 },
    { name: "prot", width: 1 },
    { name: "input", width: 2 },
    { name: "first", width: 4 },
    { name: "pad", width: 4, reserved: true },
  ],
);

/** One record at each width's extremes, written by hand in both byte orders. */
function record(littleEndian: boolean): DataView {
  const view = new DataView(new ArrayBuffer(LAYOUT.size));
  view.setUint32(0, 0xc0000201, littleEndian);
  view.setBigUint64(4, 0x1fffffffffffffn, littleEndian);
  view.setUint32(12, 0xffffffff, littleEndian);
  view.setUint16(16, 0xffff, littleEndian);
  view.setUint32(18, 0xfffffffe, littleEndian);
  view.setUint16(22, 443, littleEndian);
  view.setUint8(24, 0x1b);
  view.setUint8(25, 6);
  view.setUint16(26, 0xabcd, littleEndian);
  view.setUint32(28, 0x80000001, littleEndian);
  view.setUint32(32, 0xdeadbeef, littleEndian);
  return view;
}

for (const littleEndian of [true, false]) {
  const order = littleEndian ? "little" : "big";
  Deno.test(`FlowBatch.appendRecords() reads every width, ${order} endian`, () => {
    const batch = new FlowBatch({ capacity: 4 });
    const shared = { unix_secs: 1_700_000_000, exaddr: 0x0a000001 };
    assertEquals(batch.appendRecords(LAYOUT, record(littleEndian), 0, 1, littleEndian, shared), 1);
    assertEquals(batch.flow(0).toObject(), {
      unix_secs: 1_700_000_000,
      exaddr: "10.0.0.1",
      exaddr_raw: 0x0a000001,
      dPkts: 0xffffffff,
      dOctets: Number.MAX_SAFE_INTEGER,
      first: 1_700_000_000 + 0x80000001 / 1000,
      first_raw: 0x80000001,
      srcaddr: "192.0.2.1",
      srcaddr_raw: 0xc0000201,
      input: 0xabcd,
      srcport: 443,
      prot: 6,
      tcp_flags: 0x1b,
      src_as: 0xffff,
      dst_as: 0xfffffffe,
    });
  });

  Deno.test(`FlowBatch.storeRecords() writes what was read, pads zero, ${order} endian`, () => {
    const batch = new FlowBatch({ capacity: 4 });
    const original = record(littleEndian);
    batch.appendRecords(LAYOUT, original, 0, 1, littleEndian);
    const copy = new DataView(new ArrayBuffer(LAYOUT.size + 8));
    new Uint8Array(copy.buffer).fill(0x55);
    batch.storeRecords(LAYOUT, 0, 1, copy, 4, littleEndian);
    original.setUint32(32, 0);
    const bytes = new Uint8Array(copy.buffer);
    assertEquals(bytes.slice(4, 4 + LAYOUT.size), new Uint8Array(original.buffer));
    assertEquals([...bytes.slice(0, 4), ...bytes.slice(-4)], new Array(8).fill(0x55));
  });
}

Deno.test("FlowBatch keeps only the columns that were asked for", () => {
  const batch = new FlowBatch({ columns: ["srcaddr", "dOctets"] });
  batch.appendRecords(LAYOUT, record(true), 0, 1, true);
  assertEquals(batch.column("srcaddr")[0], 0xc0000201);
  assertThrows(() => batch.column("srcport"), FlowAttributeError, "does not keep");
  assertEquals(batch.flow(0).srcport, undefined);
  assertEquals(batch.flow(0).has("srcport"), false);
  assertThrows(() => batch.flow(0).get("srcport"), FlowAttributeError, "not read");
  assertThrows(
    () => batch.storeRecords(LAYOUT, 0, 1, record(true), 0, true),
    FlowAttributeError,
    "does not keep",
  );
});

Deno.test("FlowBatch.appendRecords() takes what fits and says how much", () => {
  const batch = new FlowBatch({ capacity: 3 });
  const view = new DataView(new ArrayBuffer(LAYOUT.size * 5));
  assertEquals(batch.appendRecords(LAYOUT, view, 0, 5, true), 3);
  assertEquals(batch.appendRecords(LAYOUT, view, 0, 5, true), 0);
  assertEquals(batch.length, 3);
});

Deno.test("FlowBatch rows of several schemas keep their own shape, and reuse leaves no rubbish", () => {
  const bare = new FlowSchema({ version: 1, fields: ["srcaddr"] });
  const batch = new FlowBatch({ capacity: 2 });
  batch.appendRecords(LAYOUT, record(true), 0, 1, true);
  batch.reset();
  batch.append(bare, { srcaddr: "10.0.0.1" });
  batch.appendRecords(LAYOUT, record(true), 0, 1, true);
  assertEquals(batch.flow(0).toObject(), { srcaddr: "10.0.0.1", srcaddr_raw: 0x0a000001 });
  assertEquals(batch.flow(0).dOctets, undefined);
  assertEquals(batch.column("dOctets")[0], 0);
  assertEquals(batch.flow(1).dPkts, 0xffffffff);
});

Deno.test("FlowBatch.appendRecords() gives each packet its own shared values, whatever came before", () => {
  // In this layout the exporter is no shared value but a field of the record.
  const own = compileRecordLayout({ title: "own exporter", size: 4, version: 98 }, [
    { name: "exaddr", width: 4 },
  ]);
  const wide = new Uint8Array(16).fill(7);
  const step = fc.record({
    what: fc.constantFrom("shared", "shared", "shared", "own", "row", "reset"),
    exaddr: fc.constantFrom<number | Uint8Array>(1, 1, 1, 0xfffffffe, wide),
    seconds: fc.constantFrom(0, 5, 5),
    count: fc.integer({ min: 1, max: 30 }),
  });
  const records = new DataView(new ArrayBuffer(30 * LAYOUT.size));
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const batch = new FlowBatch({ capacity: 1000 });
    let expected: unknown[] = [];
    for (const { what, exaddr, seconds, count } of steps) {
      const before = batch.length;
      if (what === "reset") {
        batch.reset();
        // What is behind the rows is rubbish, also where somebody wrote rubbish into it.
        batch.column("unix_secs").fill(99);
        batch.column("src_tag").fill(99);
        expected = [];
      } else if (what === "shared") {
        batch.appendRecords(LAYOUT, records, 0, count, false, { exaddr, unix_secs: seconds });
        const row = [typeof exaddr === "number" ? exaddr : 0, exaddr === wide, seconds, 0, 99];
        for (let at = before; at < batch.length; at++) expected.push(row);
      } else if (what === "own") {
        batch.appendRecords(own, records, 0, count, false);
        for (let at = before; at < batch.length; at++) expected.push([0, false, 0, 0, 98]);
      } else if (batch.room > 0) {
        batch.append(own.schema, { exaddr, unix_secs: seconds, src_tag: 3 });
        const row = [typeof exaddr === "number" ? exaddr : 0, exaddr === wide, seconds, 3, 98];
        expected.push(row);
      }
    }
    const families = batch.family("exaddr");
    const got = Array.from(expected, (_, row) => [
      batch.column("exaddr")[row],
      families?.[row] === 6,
      batch.column("unix_secs")[row],
      batch.column("src_tag")[row],
      batch.schemas[batch.schemaOf[row]].version,
    ]);
    assertEquals(batch.length, expected.length);
    assertEquals(got, expected);
  }));
});

Deno.test("FlowBatch.storeRecords() writes many rows as it writes few", () => {
  const schema = new FlowSchema({ version: 99, fields: ["srcaddr", "dOctets", "dst_as", "input"] });
  const batch = new FlowBatch({ capacity: 1000 });
  for (let row = 0; row < 1000; row++) {
    batch.append(schema, { srcaddr: row * 4099, dOctets: row * 2 ** 40, input: row * 100 });
  }
  const view = new DataView(new ArrayBuffer(1000 * LAYOUT.size));
  new Uint8Array(view.buffer).fill(0xee);
  const misfits = new Map<FlowFieldName, number>();
  batch.storeRecords(LAYOUT, 1, 999, view, 0, true, misfits);
  for (let row = 1; row < 1000; row++) {
    const at = (row - 1) * LAYOUT.size;
    const input = row * 100;
    assertEquals(view.getUint32(at, true), row * 4099);
    assertEquals(view.getBigUint64(at + 4, true), BigInt(row) * 2n ** 40n);
    assertEquals(view.getUint16(at + 26, true), input > 0xffff ? 0xffff : input);
    assertEquals(view.getUint32(at + 32, true), 0);
  }
  assertEquals([...misfits], [["input", 344]]);
  assertEquals(view.getUint8(999 * LAYOUT.size), 0xee);
});

Deno.test("FlowBatch holds IPv6 beside IPv4, and forgets it on reset", () => {
  const schema = new FlowSchema({ version: 10, fields: ["srcaddr", "dstaddr"] });
  const batch = new FlowBatch({ capacity: 4 });
  batch.append(schema, { srcaddr: "2001:db8::1", dstaddr: "10.0.0.2" });
  batch.append(schema, { srcaddr: "10.0.0.3", dstaddr: "::5" });
  assertEquals(batch.flow(0).srcaddr, "2001:db8::1");
  assertEquals(batch.flow(0).srcaddr_raw, 0x20010db8000000000000000000000001n);
  assertEquals(batch.flow(1).srcaddr_raw, 0x0a000003);
  assertEquals(batch.flow(1).dstaddr, "::5");
  assertEquals([...batch.family("srcaddr")!.slice(0, 2)], [6, 4]);
  batch.reset();
  batch.appendRecords(LAYOUT, record(true), 0, 1, true, { exaddr: new Uint8Array(16).fill(1) });
  assertEquals(batch.flow(0).srcaddr, "192.0.2.1");
  assertEquals(batch.flow(0).exaddr, "101:101:101:101:101:101:101:101");
  assertThrows(() => batch.append(schema, { srcaddr: "nowhere" }), RangeError, "no IPv4 or IPv6");
});

Deno.test("FlowBatch.storeRecords() counts what does not fit and stores the stand-in", () => {
  const schema = new FlowSchema({
    version: 10,
    fields: ["srcaddr", "dPkts", "src_as", "input", "tcp_flags"],
  });
  const batch = new FlowBatch({ capacity: 4 });
  batch.append(schema, {
    srcaddr: "::1",
    dPkts: 2 ** 40,
    src_as: 4_200_000_000,
    input: 70_000,
    tcp_flags: 0x102,
  });
  const view = new DataView(new ArrayBuffer(LAYOUT.size));
  const misfits = new Map<FlowFieldName, number>();
  batch.storeRecords(LAYOUT, 0, 1, view, 0, false, misfits);
  assertEquals(
    misfits,
    new Map<FlowFieldName, number>([
      ["srcaddr", 1],
      ["dPkts", 1],
      ["src_as", 1],
      ["tcp_flags", 1],
      ["input", 1],
    ]),
  );
  assertEquals(view.getUint32(0), 0);
  assertEquals(view.getUint32(12), 0xffffffff);
  assertEquals(view.getUint16(16), 23456, "AS_TRANS");
  assertEquals(view.getUint8(24), 2);
  assertEquals(view.getUint16(26), 0xffff);
});

Deno.test("FlowBatch has room for further columns", () => {
  const schema = new FlowSchema({ version: 10, fields: ["srcport"], extras: ["vlanId", "9.12"] });
  const batch = new FlowBatch({ capacity: 2, extras: [{ name: "vlanId", kind: "u16" }] });
  batch.addColumn({ name: "9.12", kind: "bytes" });
  batch.append(schema, { srcport: 1, vlanId: 42, "9.12": Uint8Array.of(1, 255) });
  const flow = batch.flow(0);
  assertEquals(flow.get("vlanId"), 42);
  assertEquals(flow.has("9.12"), true);
  assertEquals(flow.toJSON(), { srcport: 1, vlanId: 42, "9.12": "01ff" });
  batch.reset();
  batch.append(schema, { srcport: 2 });
  assertEquals(batch.flow(0).toObject(), { srcport: 2, vlanId: 0 });
  assertThrows(() => batch.addColumn({ name: "srcport", kind: "u16" }), RangeError, "canonical");
});

Deno.test("FlowBatch refuses impossible capacities, columns and rows", () => {
  assertThrows(() => new FlowBatch({ capacity: 0 }), RangeError, "capacity is 0");
  assertThrows(
    () => new FlowBatch({ columns: ["colour" as FlowFieldName] }),
    RangeError,
    'no flow field is named "colour"',
  );
  const batch = new FlowBatch({ capacity: 1 });
  assertThrows(() => batch.flow(0), RangeError, "batch has 0");
  const schema = new FlowSchema({ version: 5, fields: ["srcport"] });
  batch.append(schema, { srcport: 1 });
  assertThrows(() => batch.append(schema, { srcport: 1 }), RangeError, "all 1 rows are in use");
});

Deno.test("Flow of a batch that was reset throws instead of showing another flow", () => {
  const pool = new BatchPool({ capacity: 1 });
  const batch = pool.acquire();
  batch.append(new FlowSchema({ version: 5, fields: ["srcport"] }), { srcport: 7 });
  const flow = batch.flow(0);
  const kept = flow.toObject();
  pool.release(batch);
  assertThrows(() => flow.srcport, FlowAttributeError, "was reset");
  assertEquals(kept, { srcport: 7 });
  assertStrictEquals(pool.acquire(), batch);
});

Deno.test("Flow.getID() is one key for both directions when bidirectional, for IPv4 and IPv6", () => {
  const schema = new FlowSchema({
    version: 10,
    fields: ["srcaddr", "dstaddr", "srcport", "dstport", "input", "output", "prot"],
  });
  const address = fc.oneof(
    fc.nat(0xffffffff),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  const endpoint = fc.record({ a: address, p: fc.nat(0xffff), i: fc.nat(0xffffffff) });
  fc.assert(fc.property(endpoint, endpoint, fc.nat(255), (x, y, prot) => {
    const batch = new FlowBatch({ capacity: 2 });
    const row = (s: typeof x, d: typeof y) =>
      batch.append(schema, {
        srcaddr: s.a,
        srcport: s.p,
        input: s.i,
        dstaddr: d.a,
        dstport: d.p,
        output: d.i,
        prot,
      });
    row(x, y);
    row(y, x);
    const [there, back] = batch;
    assertEquals(there.getID(true), back.getID(true));
    const same = there.getID().every((byte, i) => byte === back.getID()[i]);
    assertEquals(same, JSON.stringify(x) === JSON.stringify(y) || isSameEndpoint(x, y));
  }));
});

/** An IPv4 number and an IPv6 array of the same value are one endpoint in the wide form. */
function isSameEndpoint(
  x: { a: number | Uint8Array; p: number; i: number },
  y: { a: number | Uint8Array; p: number; i: number },
): boolean {
  const wide = (a: number | Uint8Array) =>
    typeof a === "number" ? BigInt(a) : BigInt("0x" + Array.from(a, hex).join(""));
  return wide(x.a) === wide(y.a) && x.p === y.p && x.i === y.i;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

Deno.test("Flow.getID() has the documented bytes", () => {
  const schema = new FlowSchema({
    version: 5,
    fields: ["srcaddr", "dstaddr", "srcport", "dstport", "input", "output", "prot"],
  });
  const batch = new FlowBatch({ capacity: 1 });
  batch.append(schema, {
    srcaddr: "10.0.0.2",
    srcport: 0x1234,
    input: 7,
    dstaddr: "10.0.0.1",
    dstport: 80,
    output: 9,
    prot: 6,
  });
  const flow = batch.flow(0);
  const source = [10, 0, 0, 2, 0x12, 0x34, 0, 0, 0, 7];
  const destination = [10, 0, 0, 1, 0, 80, 0, 0, 0, 9];
  assertEquals([...flow.getID()], [4, ...source, ...destination, 6]);
  assertEquals([...flow.getID(true)], [4, ...destination, ...source, 6]);
});

Deno.test("FlowBatch.keepRows() moves every kind of value, and rows behind them are new", () => {
  const schema = new FlowSchema({ version: 9, fields: ["srcaddr", "dOctets"], extras: ["label"] });
  const other = new FlowSchema({ version: 10, fields: ["dOctets", "exaddr"] });
  const batch = new FlowBatch({ capacity: 8, extras: [{ name: "label", kind: "bytes" }] });
  const label = Uint8Array.of(7);
  batch.append(schema, { srcaddr: "10.0.0.1", dOctets: 1 });
  batch.append(schema, { srcaddr: "2001:db8::1", dOctets: 2 ** 40, label });
  batch.appendRecords(LAYOUT, record(true), 0, 1, true, { exaddr: 5 });
  batch.append(other, { exaddr: "192.0.2.9", dOctets: 3 });
  const early = batch.flow(0);

  batch.keepRows(Uint32Array.of(1, 3));
  assertEquals([...batch].map((flow) => flow.toObject()), [
    {
      srcaddr: "2001:db8::1",
      srcaddr_raw: 0x20010db8000000000000000000000001n,
      dOctets: 2 ** 40,
      label,
    },
    { exaddr: "192.0.2.9", exaddr_raw: 0xc0000209, dOctets: 3 },
  ]);
  assertThrows(() => early.srcaddr, FlowAttributeError);
  batch.append(schema, { srcaddr: "10.0.0.3", dOctets: 4 });
  assertEquals(batch.flow(2).toObject(), {
    srcaddr: "10.0.0.3",
    srcaddr_raw: 0x0a000003,
    dOctets: 4,
  });
  // What shared values were filled ahead with is not what stands there any more.
  batch.appendRecords(LAYOUT, record(true), 0, 1, true, { exaddr: 5 });
  assertEquals([batch.flow(3).exaddr, batch.flow(3).schema], ["0.0.0.5", LAYOUT.schema]);

  const records = FlowBatch.ofRecords(LAYOUT, record(true), 0, 1, true);
  assertThrows(() => records.keepRows(new Uint32Array(0)), RangeError, "one of records");
});
