import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { prefixMask } from "../config/numbers.ts";
import { type PrefixEntry, PrefixTable } from "./prefix_table.ts";

/** The longest prefix, by asking all. */
function naive(entries: readonly PrefixEntry[], address: number): number {
  let best: PrefixEntry | undefined;
  for (const entry of entries) {
    const matches = ((address ^ entry.address) & prefixMask(entry.length)) === 0;
    if (matches && (best === undefined || entry.length > best.length)) best = entry;
  }
  return best?.value ?? 0;
}

/** Addresses that share much, so that prefixes nest and collide. */
const address = fc.tuple(
  fc.constantFrom(0, 0x0a000000, 0x0a0a0000, 0xfffffff0),
  fc.nat(0xffff),
  fc.nat(31),
)
  .map(([base, low, shift]) => (base ^ (low << shift)) >>> 0);

const entries = fc.array(
  fc.record({ address, length: fc.nat(32), value: fc.integer({ min: 1, max: 5 }) }),
  { maxLength: 40 },
);

Deno.test("find() gives the longest prefix of any address", () => {
  fc.assert(fc.property(entries, fc.array(address), (prefixes, addresses) => {
    const table = new PrefixTable(prefixes);
    const edges = prefixes.flatMap((prefix) => {
      const mask = prefixMask(prefix.length);
      const [first, last] = [prefix.address & mask, prefix.address | ~mask];
      return [first - 1, first, last, last + 1].map((edge) => edge >>> 0);
    });
    for (const one of [...addresses, ...edges]) {
      assertEquals(table.find(one), naive(prefixes, one), `address ${one}`);
    }
  }));
});

Deno.test("find() knows nothing in an empty table, and everything under 0/0", () => {
  assertEquals(new PrefixTable([]).find(0xffffffff), 0);
  assertEquals(new PrefixTable([{ address: 5, length: 0, value: 9 }]).find(0xffffffff), 9);
});
