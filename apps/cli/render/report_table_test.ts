import { assertEquals } from "@std/assert";
import { readReport, type ReportTable } from "./report_table_input.ts";
import { fixed, sharesOfTotal, sortRows } from "./report_table_numbers.ts";

function tableOf(names: string[], rows: string[][]): ReportTable {
  return {
    header: [],
    names,
    keys: new Set([0]),
    widths: names.map((name) => name.length),
    rows,
    shown: names.map((_, at) => at),
    totals: undefined,
    detail: undefined,
  };
}

function sorted(values: string[], spec: string, name = "x"): string[] {
  const table = tableOf(["key", name], values.map((value) => ["k", value]));
  sortRows(table, spec);
  return table.rows.map((row) => row[1]);
}

Deno.test("fixed() rounds what lies between two to the even digit, as C does", () => {
  assertEquals([0.0625, 0.1875, -0.0625].map((value) => fixed(value, 3)), [
    "0.062",
    "0.188",
    "-0.062",
  ]);
  assertEquals(fixed(0.0078125, 6), "0.007812");
  assertEquals(fixed(100 / 3, 6), "33.333333");
});

Deno.test("sortRows() compares numbers exactly, fractions, and text", () => {
  const big = ["18446744073709551615", "18446744073709551614", "9"];
  assertEquals(sorted(big, "+x"), big.toReversed());
  assertEquals(sorted(["10.5", "9.25", "1"], "-x"), ["10.5", "9.25", "1"]);
  assertEquals(sorted(["tcp", "icmp"], "+x"), ["icmp", "tcp"]);
  const addresses = ["9.0.0.1", "10.0.0.1"];
  const name = "ip-source-address";
  assertEquals(sorted(addresses, `+${name}`, name), addresses.toReversed(), "addresses are text");
});

Deno.test("sharesOfTotal() is right for sums of 64 bits and for zero", () => {
  const table = tableOf(["key", "octets", "none"], [
    ["a", "9007199254740993", "0"],
    ["b", "27021597764222979", "0"],
  ]);
  sharesOfTotal(table);
  assertEquals(table.rows, [["a", "25.000000", "0.000000"], ["b", "75.000000", "0.000000"]]);
});

Deno.test("readReport() takes what is said of records for the header, and IPv6 keys for text", async () => {
  const { names, rows, header } = await readReport(
    linesOf(
      "# records:              31",
      "# records_shown:      2",
      "# recn: ip-source-address*,flows",
      "2001:db8::12,60",
      "192.0.2.1,9",
    ),
    "a report",
    0,
  );
  assertEquals(names, ["ip-source-address", "flows"]);
  assertEquals(rows, [["2001:db8::12", "60"], ["192.0.2.1", "9"]]);
  assertEquals(header.length, 2);
});

async function* linesOf(...lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}
