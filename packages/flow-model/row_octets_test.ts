import { assert, assertEquals } from "@std/assert";
import { FlowBatch, FlowSchema, type RecordReader, ROW_OCTETS_MAX, SCHEMAS_MAX } from "./mod.ts";

/** Records of two fields of one octet each, `colour` and `weight`. */
const READER: RecordReader = {
  names: ["colour", "weight"],
  read: ([colour, weight], name) =>
    name === "colour" ? BigInt(colour) : name === "weight" ? weight > 0 : undefined,
};

const SCHEMA = new FlowSchema({
  version: 9,
  fields: ["srcport"],
  extras: ["colour", "weight"],
  reader: READER,
});

function viewOf(...octets: number[]): DataView {
  return new DataView(Uint8Array.from([0xee, ...octets]).buffer, 1);
}

Deno.test("RowOctets keep the record of each row, and flows read its fields by name", () => {
  const batch = new FlowBatch({ capacity: 4, octets: true });
  const at = batch.takeRows(SCHEMA, 2);
  batch.octets!.store(at, 2, viewOf(9, 1, 2, 3, 0), 1, 2);
  assertEquals(batch.octets!.read(0), new Uint8Array([1, 2]));
  assertEquals(batch.octets!.read(1), new Uint8Array([3, 0]));
  const [first, second] = batch;
  assertEquals([first.get("colour"), first.get("weight")], [1n, true]);
  assertEquals(second.toObject().colour, 3n);
  const json = JSON.parse(JSON.stringify(second));
  assertEquals([json.colour, json.weight], ["3", false]);
});

Deno.test("toObject() reads all fields at once where the reader can", () => {
  let calls = 0;
  const reader: RecordReader = {
    ...READER,
    read: () => {
      throw new Error("read one by one");
    },
    readAll: ([colour, weight]) => {
      calls++;
      return new Map<string, number>([["colour", colour], ["weight", weight]]);
    },
  };
  const schema = new FlowSchema({ version: 9, fields: [], extras: ["colour", "weight"], reader });
  const batch = new FlowBatch({ capacity: 1, columns: [], octets: true });
  batch.octets!.store(batch.takeRows(schema, 1), 1, viewOf(7, 8), 0, 2);
  assertEquals(batch.flow(0).toObject(), { colour: 7, weight: 8 });
  assertEquals(calls, 1);
});

Deno.test("RowOctets forget everything when the batch is reset", () => {
  const batch = new FlowBatch({ capacity: 4, octets: true });
  batch.octets!.store(batch.takeRows(SCHEMA, 3), 3, viewOf(1, 2, 3, 4, 5, 6), 0, 2);
  batch.reset();
  const row = batch.takeRows(SCHEMA, 3);
  assertEquals(batch.octets!.read(row + 2), undefined);
  assertEquals(batch.flow(row + 2).has("colour"), false);
});

Deno.test("a batch has no room when that for octets may run out, and its rows have theirs", () => {
  const batch = new FlowBatch({ capacity: 1000, octets: true });
  const record = new DataView(new ArrayBuffer(65_535));
  let rows = 0;
  for (; batch.room > 0; rows++) {
    assert(batch.octets!.store(batch.takeRows(SCHEMA, 1), 1, record, 0, record.byteLength));
  }
  assertEquals(rows, Math.floor(ROW_OCTETS_MAX / 65_535));
  assert(rows < 1000);
  batch.reset();
  assertEquals(batch.room, 1000);
});

Deno.test("a batch has no room for rows of more shapes than it can tell apart", () => {
  const batch = new FlowBatch({ capacity: SCHEMAS_MAX + 10, columns: [] });
  for (let row = 0; row < SCHEMAS_MAX; row++) {
    batch.takeRows(new FlowSchema({ version: 9, fields: [] }), 1);
  }
  assertEquals([batch.length, batch.room, batch.schemas.length], [SCHEMAS_MAX, 0, SCHEMAS_MAX]);
  assertEquals(batch.flow(SCHEMAS_MAX - 1).schema, batch.schemas[SCHEMAS_MAX - 1]);
});
