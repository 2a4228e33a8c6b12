import { assertEquals } from "@std/assert";
import { type Flow, FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { TimeZone } from "@flowtools/flowset/groups";
import { type SymbolKind, SymbolTable } from "@flowtools/flowset/select";
import { NO_FLAGS } from "@flowtools/common/flags";
import { FieldNames } from "./field_names.ts";
import { FlowNames } from "./flow_names.ts";
import { FlowPrinter } from "./flow_printer.ts";
import { Output } from "./output.ts";
import { CsvRenderer } from "./render/csv.ts";
import { JsonRenderer } from "./render/json.ts";
import { LabelledFlows } from "./render/labelled_flow.ts";
import type { Renderer } from "./render/renderer.ts";
import { TableRenderer } from "./render/table.ts";
import { ReverseDns } from "./reverse_dns.ts";

const SCHEMA = new FlowSchema({
  version: 10,
  fields: ["srcaddr", "dstaddr", "nexthop", "dstport", "dOctets"],
});

function flowsOf(count: number): Flow[] {
  const batch = new FlowBatch({ capacity: count });
  for (let at = 0; at < count; at++) {
    const srcaddr = `192.0.2.${at % 250 + 1}`;
    const addresses = { srcaddr, dstaddr: "2001:db8::1", nexthop: "0.0.0.0" };
    batch.append(SCHEMA, { ...addresses, dstport: 443, dOctets: 10 });
  }
  return [...batch];
}

/** What is printed of flows, and which questions were asked before each piece of it. */
async function printed(
  count: number,
  create: (names: FlowNames) => Renderer,
): Promise<{ lines: string[]; asked: string[] }> {
  const asked: string[] = [];
  const dns = new ReverseDns({
    ask: (question) => {
      asked.push(question);
      // 192.0.2.2 has no name.
      if (question.startsWith("2.2.0.192.")) return Promise.reject(new Error("no records found"));
      const name = question.endsWith(".ip6.arpa") ? "wide" : `host-${question.split(".")[0]}`;
      return Promise.resolve([`${name}.example.`]);
    },
  });
  const ports = SymbolTable.parse("443 https\n", "ports");
  const names = new FlowNames(new Map<SymbolKind, SymbolTable>([["tcp-port", ports]]), dns);
  const path = Deno.makeTempFileSync();
  try {
    const output = Output.open(path);
    const printer = new FlowPrinter({
      renderer: create(names),
      labelled: new LabelledFlows({ scaled: false }),
      names,
      fields: await FieldNames.load(NO_FLAGS, []),
      output,
    });
    await printer.print(flowsOf(count));
    printer.end();
    output.close();
    assertEquals(printer.printed, count);
    return { lines: Deno.readTextFileSync(path).trimEnd().split("\n"), asked };
  } finally {
    Deno.removeSync(path);
  }
}

const WIDE = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";

Deno.test("JSON has the names of addresses beside them", async () => {
  const { lines, asked } = await printed(
    2,
    (names) => new JsonRenderer("ndjson", undefined, names),
  );
  // 0.0.0.0 is nobody's address.
  assertEquals(asked.toSorted(), [WIDE, "1.2.0.192.in-addr.arpa", "2.2.0.192.in-addr.arpa"]);
  const rows = lines.map((line) => JSON.parse(line));
  assertEquals(rows.map(({ srcaddr, dstaddr }) => [srcaddr, dstaddr]), [
    ["192.0.2.1", "2001:db8::1"],
    ["192.0.2.2", "2001:db8::1"],
  ]);
  assertEquals(rows.map(({ names }) => names), [
    { dstport: "https", srcaddr: "host-1.example", dstaddr: "wide.example" },
    { dstport: "https", dstaddr: "wide.example" },
  ]);
});

Deno.test("only addresses that are shown are asked for; CSV has columns for their names", async () => {
  const fields = ["srcaddr", "dstport"];
  const { lines, asked } = await printed(2, (names) => new CsvRenderer(fields, [], names));
  assertEquals(asked, ["1.2.0.192.in-addr.arpa", "2.2.0.192.in-addr.arpa"]);
  assertEquals(lines, [
    "srcaddr,dstport,srcaddr_name,dstport_name",
    "192.0.2.1,443,host-1.example,https",
    "192.0.2.2,443,,https",
  ]);
});

Deno.test("tables show names in place of addresses, each flow once and in its order", async () => {
  const look = { columns: 80, color: false, unicode: true, human: false };
  const { lines, asked } = await printed(
    260,
    (names) => new TableRenderer(undefined, [], names, new TimeZone("UTC"), look),
  );
  // Of each address once, though they come in several pieces; next hops are not shown.
  assertEquals(asked.length, 251);
  assertEquals(lines.length, 261);
  assertEquals(lines[0].split(/ +/), ["srcaddr", "dstaddr", "dstport", "dOctets"]);
  const hosts = lines.slice(1).map((line) => line.split(/ +/)[0]);
  assertEquals(
    hosts,
    Array.from(
      { length: 260 },
      (_, at) => at % 250 === 1 ? "192.0.2.2" : `host-${at % 250 + 1}.example`,
    ),
  );
  assertEquals(lines[1].split(/ +/), ["host-1.example", "wide.example", "https", "10"]);
  // Columns are as wide as the longest name.
  assertEquals(new Set(lines.slice(1).map((line) => line.indexOf("wide.example"))).size, 1);
});
