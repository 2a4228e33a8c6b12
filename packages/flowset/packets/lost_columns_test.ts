import { assertEquals } from "@std/assert";
import { FlowSchema } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { RecordShaper } from "../record_shaper.ts";
import { LOST_COLUMNS_MAX, LOST_COLUMNS_SHOWN } from "../limits.ts";
import { lossText, LostColumns } from "./lost_columns.ts";

const V5 = findFtLayout(5)!.schema;
const ipfix = (...extras: string[]) =>
  new FlowSchema({ version: 10, fields: ["srcaddr", "dFlows"], extras });

Deno.test("LostColumns counts columns and elements by name, over shapes", () => {
  const lost = new LostColumns(V5);
  lost.add(ipfix("applicationId", "paddingOctets", "samplingRate"), 20);
  lost.add(ipfix("applicationId", "9.12235"), 3);
  lost.add(V5, 100);
  lost.count("samplingRate", 7);
  const expected = { dFlows: 23, applicationId: 23, "9.12235": 3, samplingRate: 7 };
  assertEquals(Object.fromEntries(lost.flows), expected);
  lost.add(ipfix("vlanId"), 1);
  assertEquals(Object.fromEntries(lost.flows), { ...expected, dFlows: 24, vlanId: 1 });
});

Deno.test("LostColumns keeps its memory bounded whatever names are made up", () => {
  const lost = new LostColumns(V5);
  for (let id = 0; id < 5000; id++) lost.add(ipfix(`4711.${id}`), 2);
  const { flows } = lost;
  // Those of the bound, and the one that stands for all others.
  assertEquals(flows.size, LOST_COLUMNS_MAX + 1);
  assertEquals([...flows.values()].reduce((sum, count) => sum + count, 0), 2 * (5000 + 5000));
});

Deno.test("lossText() tells the most frequent first, and not too many", () => {
  assertEquals(lossText(new Map([["a", 1], ["b", 20]])), "b of 20 flows, a of 1 flow");
  const many = new Map(Array.from({ length: 30 }, (_, index) => [`n${index}`, 30 - index]));
  const text = lossText(many);
  assertEquals(text.split(", ").length, LOST_COLUMNS_SHOWN);
  assertEquals(text.endsWith(" and 6 more"), true);
});

Deno.test("RecordShaper tells what records lose that become those of an older version", () => {
  const from = findFtLayout(6)!;
  const shaper = new RecordShaper({ version: 5 });
  const view = new DataView(new ArrayBuffer(3 * from.size));
  shaper.shape({ layout: from, view, offset: 0, count: 3, littleEndian: true });
  assertEquals(shaper.losses(), [{
    kind: "fields",
    message: "v5 records have no place for in_encaps of 3 flows, out_encaps of 3 flows, " +
      "peer_nexthop of 3 flows",
  }]);
  const same = new RecordShaper({ version: 6 });
  same.shape({ layout: from, view, offset: 0, count: 3, littleEndian: true });
  assertEquals(same.losses(), []);
});
