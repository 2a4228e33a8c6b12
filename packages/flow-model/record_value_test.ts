import { assertEquals } from "@std/assert";
import {
  FlowBatch,
  FlowSchema,
  recordJson,
  type RecordList,
  type RecordReader,
  type RecordValues,
  valueJson,
  valueText,
} from "./mod.ts";

Deno.test("valueJson() is what JSON keeps", () => {
  assertEquals(valueJson(5), 5);
  assertEquals(valueJson(2n ** 53n), "9007199254740992");
  assertEquals(valueJson(-(2n ** 63n)), "-9223372036854775808");
  assertEquals(valueJson("x"), "x");
  assertEquals(valueJson(false), false);
  assertEquals(valueJson(NaN), "NaN");
  assertEquals(valueJson(-Infinity), "-Infinity");
  assertEquals(valueJson(Uint8Array.of(0, 255, 16)), "00ff10");
  assertEquals(valueJson(new Uint8Array()), "");
});

const BASIC: RecordList = {
  semantic: "ordered",
  element: "octets",
  values: [Uint8Array.of(1), 2n],
};
const RECORD: RecordValues = [["name", "a"], ["label", 1], ["list", BASIC], ["label", 2]];
const LIST: RecordList = {
  semantic: "allOf",
  lists: [
    { semantic: "allOf", template: 300, records: [RECORD, []] },
    { semantic: "allOf", template: 301 },
  ],
};
const LIST_JSON = '{"semantic":"allOf","lists":[{"semantic":"allOf","template":300,"records":' +
  '[{"name":"a","label":[1,2],"list":{"semantic":"ordered","element":"octets",' +
  '"values":["01","2"]}},{}]},{"semantic":"allOf","template":301}]}';

Deno.test("valueJson() and valueText() show what is in lists", () => {
  assertEquals(JSON.stringify(valueJson(LIST)), LIST_JSON);
  assertEquals(valueText(LIST), LIST_JSON);
  assertEquals(valueText(Uint8Array.of(0xca, 0xfe)), "cafe");
  assertEquals([valueText(1), valueText(2n ** 64n), valueText(true), valueText("a,b")], [
    "1",
    "18446744073709551616",
    "true",
    "a,b",
  ]);
});

Deno.test("recordJson() keeps every name that exporters may think of", () => {
  const values: RecordValues = [["__proto__", 1], ["toString", 2], ["constructor", 3], [
    "constructor",
    4,
  ]];
  assertEquals(
    JSON.stringify(recordJson(values)),
    '{"__proto__":1,"toString":2,"constructor":[3,4]}',
  );
});

Deno.test("Flow.toJSON() shows lists that records have", () => {
  const reader: RecordReader = { names: ["list"], read: () => LIST };
  const schema = new FlowSchema({ version: 10, fields: [], extras: ["list"], reader });
  const batch = new FlowBatch({ octets: true });
  batch.append(schema, {});
  batch.octets!.store(0, 1, new DataView(new ArrayBuffer(1)), 0, 1);
  assertEquals(JSON.stringify(batch.flow(0)), `{"list":${LIST_JSON}}`);
  assertEquals(batch.flow(0).get("list"), LIST);
});
