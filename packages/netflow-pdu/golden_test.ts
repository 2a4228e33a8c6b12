/** Packets made from the published offsets alone must decode to the values that went in. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createPduRegistry, decodePdu, encodePdu, PDU_CODECS } from "./mod.ts";

const FIXTURES = new URL("../../fixtures/pdu/", import.meta.url);
const registry = createPduRegistry(PDU_CODECS);

const names = [...Deno.readDirSync(FIXTURES)].map((entry) => entry.name)
  .filter((name) => name.endsWith(".dat")).map((name) => name.slice(0, -4)).sort();

Deno.test("fixtures/pdu has packets of every codec that has a layout", () => {
  const versions = new Set(names.map((name) => name.split("-")[0]));
  const expected = PDU_CODECS.flatMap(({ layouts }) => layouts?.record.schema.label ?? []);
  assertEquals([...versions].sort(), expected.sort());
});

for (const name of names) {
  const bytes = Deno.readFileSync(new URL(`${name}.dat`, FIXTURES));
  const expected = JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, FIXTURES)));

  Deno.test(`decodePdu() gives the golden values of ${name}`, () => {
    const batch = new FlowBatch();
    const { codec, header, rows, reason } = decodePdu(registry, bytes, batch);
    assertEquals(reason, undefined);
    assert(codec?.layouts !== undefined);
    const { flows, ...goldenHeader } = expected;
    const { sampling_mode: _mode, sampling_interval: _interval, ...ourHeader } = header!;
    assertEquals(ourHeader, goldenHeader);
    assertEquals(rows, flows.length);
    for (const [row, golden] of flows.entries()) {
      const ours = batch.flow(row).toObject();
      for (const key of Object.keys(golden)) assertEquals(ours[key], golden[key], key);
      for (const { name: field, reserved } of codec.layouts.record.rows) {
        assert(reserved || field in golden, `the golden flow lacks ${field}`);
      }
    }
  });

  Deno.test(`encodePdu() gives the golden bytes of ${name}`, () => {
    const batch = new FlowBatch();
    const { codec, header, rows } = decodePdu(registry, bytes, batch);
    assert(codec?.layouts !== undefined && header !== undefined);
    const { header: table, record } = codec.layouts;
    const clean = bytes.slice();
    for (const row of table.rows.filter((row) => row.reserved)) {
      clean.fill(0, row.offset, row.offset + row.width);
    }
    for (let start = table.size; start < clean.length; start += record.size) {
      for (const row of record.rows.filter((row) => row.reserved)) {
        clean.fill(0, start + row.offset, start + row.offset + row.width);
      }
    }
    const { sequence, agg_version } = header;
    assertEquals(encodePdu(codec, batch, 0, rows, { sequence, agg_version }), clean);
  });
}
