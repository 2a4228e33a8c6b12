/** What goes through a codec and back is what went in, whatever it is. */
import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { fieldIndex, FlowBatch } from "@flowtools/flow-model";
import {
  type ClassicPduCodec,
  compileHeader,
  createPduRegistry,
  decodePdu,
  type HeaderRow,
  PDU_CODECS,
  type PduHeader,
  V5_CODEC,
  V5_HEADER_ROWS,
} from "./mod.ts";
import { TOY_CODEC } from "./testing/mod.ts";

const codecs = [...PDU_CODECS, TOY_CODEC].filter((codec): codec is ClassicPduCodec =>
  codec.layouts !== undefined
);
const registry = createPduRegistry(codecs);

function unsigned(bytes: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 2 ** (8 * bytes) - 1 });
}

/** Random values for every field of a record, by the widths of its table. */
function recordOf(codec: ClassicPduCodec): fc.Arbitrary<Record<string, number>> {
  const rows = codec.layouts.record.rows.filter((row) => !row.reserved);
  return fc.record(Object.fromEntries(rows.map((row) => [row.name, unsigned(row.width)])));
}

/** Random values for the header fields that the codec does not set itself. */
function headerOf(codec: ClassicPduCodec): fc.Arbitrary<Partial<PduHeader>> {
  const fixed = ["version", "count", "aggregation", "agg_version"];
  const rows = codec.layouts.header.rows.filter((row) =>
    !row.reserved && !fixed.includes(row.name) && row.name !== "sampling"
  );
  return fc.record(Object.fromEntries(rows.map((row) => [row.name, unsigned(row.width)])));
}

for (const codec of codecs) {
  const { schema } = codec.layouts.record;

  Deno.test(`decode after encode is the identity for ${codec.title}`, () => {
    const records = fc.array(recordOf(codec), { minLength: 1, maxLength: codec.maxRecords });
    fc.assert(
      fc.property(records, headerOf(codec), (records, header) => {
        const sent = new FlowBatch({ capacity: 256 });
        for (const record of records) sent.append(schema, record);
        const packet = codec.encode(sent, 0, records.length, header);
        const received = new FlowBatch({ capacity: 256 });
        const result = decodePdu(registry, packet, received);
        assertEquals(result.reason, undefined);
        assertEquals(result.rows, records.length);
        assertEquals({ ...result.header, ...header }, result.header);
        for (const [row, record] of records.entries()) {
          for (const [name, value] of Object.entries(record)) {
            assertEquals(received.columnAt(fieldIndex(name))![row], value, name);
          }
        }
      }),
      { seed: 1, numRuns: 25 },
    );
  });

  Deno.test(`encode after decode is the identity for ${codec.title}, less reserved bytes`, () => {
    const { header, record } = codec.layouts;
    const body = fc.uint8Array({ minLength: record.size, maxLength: record.size });
    fc.assert(
      fc.property(body, body, (first, second) => {
        const packet = new Uint8Array(header.size + 2 * record.size);
        const one = new FlowBatch({ capacity: 2 });
        one.append(schema, {});
        packet.set(codec.encode(one, 0, 1, {}).subarray(0, header.size));
        packet[3] = 2;
        packet.set(first, header.size);
        packet.set(second, header.size + record.size);
        const batch = new FlowBatch({ capacity: 2 });
        decodePdu(registry, packet, batch);
        for (const start of [header.size, header.size + record.size]) {
          for (const row of record.rows.filter((row) => row.reserved)) {
            packet.fill(0, start + row.offset, start + row.offset + row.width);
          }
        }
        assertEquals(codec.encode(batch, 0, 2, {}), packet);
      }),
      { seed: 1, numRuns: 25 },
    );
  });
}

Deno.test("v5 sampling mode takes the two high bits, the interval the rest", () => {
  const batch = new FlowBatch({ capacity: 1 });
  batch.append(V5_CODEC.layouts.record.schema, {});
  const packet = V5_CODEC.encode(batch, 0, 1, { sampling_mode: 2, sampling_interval: 1000 });
  assertEquals([...packet.subarray(22, 24)], [0x83, 0xe8]);
  const { header } = decodePdu(registry, packet);
  assertEquals(header?.sampling_mode, 2);
  assertEquals(header?.sampling_interval, 1000);
});

Deno.test("compileHeader() places the parts of a divided row from the highest bit down", () => {
  const { fields } = compileHeader("v5 header", 24, V5_HEADER_ROWS);
  assertEquals(fields.slice(-2).map(({ name, shift, mask }) => ({ name, shift, mask })), [
    { name: "sampling_mode", shift: 14, mask: 3 },
    { name: "sampling_interval", shift: 0, mask: 0x3fff },
  ]);
});

Deno.test("compileHeader() refuses tables that contradict themselves", () => {
  const rows: readonly HeaderRow[] = V5_HEADER_ROWS;
  const message = (rows: readonly HeaderRow[], size: number) => {
    try {
      compileHeader("test header", size, rows);
    } catch (error) {
      return error instanceof RangeError ? error.message : "another error";
    }
    return "no error";
  };
  assertEquals(
    message(rows, 25),
    "Cannot compile test header: rows take 24 bytes, expected 25",
  );
  assertEquals(
    message(rows.filter((row) => row.name !== "unix_secs"), 20),
    'Cannot compile test header: it lacks the field "unix_secs"',
  );
  assertEquals(
    message([...rows, { name: "bits", width: 1, parts: [] }], 25),
    'Cannot compile test header: the parts of "bits" take 0 bits, expected 8',
  );
});
