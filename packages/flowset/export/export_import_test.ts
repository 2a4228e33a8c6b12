import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { concat } from "@std/bytes";
import { findFtLayout, FT_LAYOUTS, recordBytes } from "@flowtools/ft-format";
import type { RecordLayout } from "@flowtools/flow-model";
import { FlowSet } from "../flow_set.ts";
import { CflowdImporter } from "../import/cflowd.ts";
import { CsvImporter } from "../import/csv.ts";
import { type FlowImporter, ImportError } from "../import/importer.ts";
import { NfCollectorImporter } from "../import/nfcollector.ts";
import { PacketImporter } from "../import/packets.ts";
import { CflowdExporter, cflowdMask } from "./cflowd.ts";
import { CsvExporter } from "./csv.ts";
import type { FlowExporter } from "./exporter.ts";
import { FieldMaskError, parseFieldMask } from "./field_mask.ts";
import { PacketExporter } from "./packets.ts";
import { ExportError, PcapExporter } from "./pcap.ts";
import { SqlExporter } from "./sql.ts";

const FIXTURES = new URL("../../../fixtures/", import.meta.url);
const LAYOUTS = FT_LAYOUTS.filter((layout) =>
  layout === findFtLayout(layout.schema.version, layout.schema.aggregation)
);

const pathOf = (label: string) =>
  decodeURIComponent(new URL(`ft/${label}-le.ft`, FIXTURES).pathname);

async function exported(exporter: FlowExporter, label: string): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  const sink = (bytes: Uint8Array) => void pieces.push(bytes.slice());
  exporter.begin(sink);
  await using set = await FlowSet.open(pathOf(label));
  for await (const block of set.blocks()) exporter.add(block, sink);
  exporter.end(sink);
  return concat(pieces);
}

async function imported(
  importer: FlowImporter,
  bytes: Uint8Array,
  step: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const sink = (block: Parameters<typeof recordBytes>[0]) =>
    void pieces.push(recordBytes(block).slice());
  for (let from = 0; from < bytes.length; from += step) {
    await importer.add(bytes.subarray(from, from + step), sink);
  }
  await importer.end(sink);
  return concat(pieces);
}

/** The records of a fixture with their reserved and unlisted bytes 0, which no format carries. */
async function recordsOf(layout: RecordLayout): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await using set = await FlowSet.open(pathOf(layout.schema.label));
  for await (const block of set.blocks()) pieces.push(recordBytes(block).slice());
  return blank(layout, concat(pieces), (row) => row.reserved === true || row.unlisted === true);
}

function blank(
  layout: RecordLayout,
  bytes: Uint8Array,
  which: (row: RecordLayout["rows"][number]) => boolean,
): Uint8Array {
  const copy = bytes.slice();
  for (const row of layout.rows.filter(which)) {
    for (let at = row.offset; at < copy.length; at += layout.size) copy.fill(0, at, at + row.width);
  }
  return copy;
}

Deno.test("what CsvExporter wrote of any version, CsvImporter reads, in pieces of any size", async () => {
  for (const layout of LAYOUTS) {
    const text = await exported(new CsvExporter(layout), layout.schema.label);
    for (const step of [text.length, 1000, 7]) {
      const records = await imported(new CsvImporter(layout), text, step);
      assertEquals(records, await recordsOf(layout), layout.schema.label);
    }
  }
});

Deno.test("PacketExporter joins packets, many at once, without changing them", () => {
  for (const layout of LAYOUTS.filter(({ schema }) => schema.version !== 1005)) {
    // Each flow has another clock, so that each has a packet of its own.
    const count = 20_000;
    const view = new DataView(new ArrayBuffer(count * layout.size));
    const clock = layout.rows.find(({ name }) => name === "unix_secs")!.offset;
    for (let row = 0; row < count; row++) view.setUint32(row * layout.size + clock, row, true);
    const block = { layout, view, offset: 0, count, littleEndian: true };
    const [alone, joined] = [false, true].map((joined) => {
      const pieces: Uint8Array[] = [];
      const sink = (bytes: Uint8Array) => void pieces.push(bytes.slice());
      const exporter = new PacketExporter(layout, { joined });
      exporter.add(block, sink);
      exporter.end(sink);
      return pieces;
    });
    assertEquals(alone.length, count, layout.schema.label);
    assert(joined.length < 20, `${joined.length} pieces`);
    assertEquals(concat(joined), concat(alone), layout.schema.label);
  }
});

Deno.test("what PacketExporter wrote of any version, PacketImporter reads", async () => {
  for (const layout of LAYOUTS.filter(({ schema }) => schema.version !== 1005)) {
    const warnings: string[] = [];
    const packets = await exported(new PacketExporter(layout), layout.schema.label);
    const importer = new PacketImporter(layout, (message) => warnings.push(message));
    const records = await imported(importer, packets, 1001);
    // A packet carries unlisted fields, and the address of its exporter only as its sender.
    const lost = (row: RecordLayout["rows"][number]) => row.name === "exaddr" || !!row.unlisted;
    assertEquals(
      blank(layout, records, lost),
      blank(layout, await recordsOf(layout), lost),
      layout.schema.label,
    );
    assertEquals(warnings, []);
  }
});

Deno.test("what CflowdExporter wrote, CflowdImporter reads, except the clock", async () => {
  const clock = new Set(["unix_secs", "unix_nsecs", "sysUpTime", "first", "last"]);
  for (const layout of LAYOUTS) {
    const bytes = await exported(new CflowdExporter(layout), layout.schema.label);
    const records = await imported(new CflowdImporter(layout), bytes, 97);
    const dropped = (row: RecordLayout["rows"][number]) =>
      clock.has(row.name) ||
      ["dFlows", "router_sc", "extra_pkts", "marked_tos"].includes(row.name) ||
      row.name.endsWith("_tag") || (layout.schema.version === 8 && row.name === "prot");
    assertEquals(
      blank(layout, records, dropped),
      blank(layout, await recordsOf(layout), dropped),
      layout.schema.label,
    );
  }
});

Deno.test("PcapExporter's standard form is read as a capture", async () => {
  const bytes = await exported(new PcapExporter(findFtLayout(5)!, "standard"), "v5");
  const view = new DataView(bytes.buffer);
  assertEquals([view.getUint32(0, true), view.getUint16(4, true)], [0xa1b2c3d4, 2]);
  let packets = 0;
  let at = 24;
  for (; at < bytes.length; at += 16 + view.getUint32(at + 8, true)) {
    assertEquals(view.getUint16(at + 16 + 12), 0x0800);
    packets++;
  }
  assertEquals([packets, at], [53, bytes.length]);
  assertThrows(
    () => new PcapExporter(findFtLayout(8, 1)!, "wide"),
    ExportError,
    "missing required",
  );
});

Deno.test("PacketExporter refuses tagged flows", () => {
  assertThrows(() => new PacketExporter(findFtLayout(1005)!), ExportError, "v1005");
});

Deno.test("SqlExporter writes a table, rows with quoted addresses, and a commit", async () => {
  const layout = findFtLayout(6)!;
  const target = { dialect: "postgresql", table: 'my"flows' } as const;
  const script = new TextDecoder().decode(await exported(new SqlExporter(layout, target), "v6"));
  assertStringIncludes(
    script,
    'CREATE TABLE IF NOT EXISTS "my""flows" (\n  "unix_secs" BIGINT NOT',
  );
  assertStringIncludes(script, '"peer_nexthop" INET NOT NULL');
  const rows = script.split("\n").filter((line) => line.startsWith("("));
  assertEquals(rows.length, 53);
  const { length } = layout.schema.fields;
  for (const row of rows) {
    const values = row.replace(/[,;]$/, "").slice(1, -1).split(",");
    assertEquals(values.length, length);
    for (const value of values) assert(/^(\d+|'\d+\.\d+\.\d+\.\d+')$/.test(value), value);
  }
  assert(script.endsWith(");\nCOMMIT;\n"));
});

Deno.test("parseFieldMask() says what is wrong with a mask", () => {
  const cases: [string, string][] = [
    ["srcaddr,colour", 'Unrecognized field "colour"'],
    ["srcaddr,srcaddr", 'Duplicate field "srcaddr"'],
    ["dstaddr,srcaddr", 'Out of order field "srcaddr"'],
    ["0xzz", '"0xzz" is no mask'],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => parseFieldMask(text), FieldMaskError, message);
  }
  assertEquals(parseFieldMask("nexthop,nexthop"), 0x40010000n, "the header line of a v6 export");
  assertEquals(parseFieldMask("017"), 15n);
});

Deno.test("cflowdMask() takes times with their clock only", () => {
  assertEquals(cflowdMask(parseFieldMask("unix_secs,unix_nsecs,sysuptime,first,prot")), 0x1400);
  const first = parseFieldMask("first");
  assertThrows(() => cflowdMask(first), FieldMaskError, "Cannot export first to cflowd");
});

Deno.test("importers say where an input is cut or strange", async () => {
  const v5 = findFtLayout(5)!;
  const none = () => {};
  const bytes = new Uint8Array([0, 0, 0, 2, 10, 0]);
  await assertRejects(
    () => imported(new CflowdImporter(v5), bytes, 6),
    ImportError,
    "record at byte 0 is cut after 6 bytes",
  );
  await assertRejects(
    () => imported(new CflowdImporter(v5), new Uint8Array(8).fill(0xff), 8),
    ImportError,
    "index 0xffffffff",
  );
  await assertRejects(
    () => imported(new PacketImporter(v5, none), new Uint8Array(40).fill(9), 40),
    ImportError,
    "has the version 2313",
  );
  const text = new TextEncoder().encode("a|FORMAT B|c\n");
  await assertRejects(
    () => imported(new NfCollectorImporter(v5, none), text, 100),
    ImportError,
    'expected 9 and "FORMAT A"',
  );
  await assertRejects(
    () => imported(new CsvImporter(v5), new Uint8Array(200_000).fill(0x31), 5000),
    ImportError,
    "more than 65536 characters",
  );
});

Deno.test("CsvImporter reads numbers and addresses as C does", async () => {
  const v5 = findFtLayout(5)!;
  const text = "# a comment\n\n#:dpkts,doctets,srcaddr,dstaddr\n0x1f, 010,10.1,\n-1,7 apples\n";
  const bytes = await imported(new CsvImporter(v5), new TextEncoder().encode(text), 9);
  await using set = await FlowSet.open(concat([await headerOf(), bytes]));
  const flows = [];
  for await (const { dPkts, dOctets, srcaddr, dstaddr } of set) {
    flows.push([dPkts, dOctets, srcaddr, dstaddr]);
  }
  assertEquals(flows, [[31, 8, "10.1.0.0", "0.0.0.0"], [2 ** 32 - 1, 7, "0.0.0.0", "0.0.0.0"]]);
});

async function headerOf(): Promise<Uint8Array> {
  const file = await Deno.readFile(pathOf("v5"));
  return file.subarray(0, new DataView(file.buffer).getUint32(4, true));
}
