import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "@flowtools/common/flags";
import { type RowChoice, RowSieve } from "./row_sieve.ts";

type Row = Readonly<Record<string, unknown>>;

/** What a sieve lets through of rows. */
function sieved(choice: RowChoice, rows: readonly Row[], rowsMax?: number): Row[] {
  const passed: Row[] = [];
  const sieve = new RowSieve<Row>(
    choice,
    (row, name) => row[name],
    (row) => passed.push(row),
    rowsMax,
  );
  for (const row of rows) sieve.add(row);
  sieve.end();
  return passed;
}

Deno.test("RowSieve lets rows through as they come, up to the limit, and says when it is full", () => {
  const passed: number[] = [];
  const sieve = new RowSieve<number>({ limit: 2 }, () => 0, (row) => passed.push(row));
  const full = [5, 3, 4].map((row) => {
    sieve.add(row);
    return sieve.full;
  });
  sieve.end();
  assertEquals([passed, full], [[5, 3], [false, true, true]]);
});

Deno.test("RowSieve sorts numbers, text and addresses; what has no value comes last", () => {
  const values = ["10.0.0.9", null, "9.0.0.10", "2001:db8::a", "10.0.0.10", "::b", "x", undefined];
  const rows = values.map((value) => ({ value }));
  const order = (descending: boolean) =>
    sieved({ sort: { name: "value", descending }, limit: Infinity }, rows)
      .map(({ value }) => value);
  // As text 10.0.0.10 would be before 10.0.0.9, and both before 9.0.0.10.
  const addresses = ["9.0.0.10", "10.0.0.9", "10.0.0.10", "::b", "2001:db8::a", "x"];
  assertEquals(order(false), [...addresses, null, undefined]);
  assertEquals(order(true), [...addresses.toReversed(), null, undefined]);
  const numbers = [{ n: 10 }, { n: 9 }, { n: false }, { n: -1.5 }, { n: true }];
  assertEquals(
    sieved({ sort: { name: "n", descending: false }, limit: 4 }, numbers).map(({ n }) => n),
    [-1.5, false, true, 9],
  );
});

Deno.test("RowSieve keeps the order of rows that are equal, whichever way it sorts", () => {
  const rows = [1, 0, 1, 0].map((n, at) => ({ n, at }));
  const places = (descending: boolean) =>
    sieved({ sort: { name: "n", descending }, limit: 3 }, rows).map(({ at }) => at);
  assertEquals([places(false), places(true)], [[1, 3, 0], [0, 2, 1]]);
});

Deno.test("RowSieve finds the first of many rows in little memory, and refuses too many", () => {
  const rows = Array.from({ length: 30_000 }, (_, at) => ({ n: at * 7919 % 30_011, at }));
  const choice = { sort: { name: "n", descending: true }, limit: 20 };
  const expected = rows.toSorted((a, b) => b.n - a.n).slice(0, 20);
  // Without dropping rows on the way it would hold more than these.
  assertEquals(sieved(choice, rows, 10_000), expected);
  const all = { ...choice, limit: Infinity };
  assertThrows(() => sieved(all, rows, 10_000), UsageError, "more than 10000 rows; --limit");
});
