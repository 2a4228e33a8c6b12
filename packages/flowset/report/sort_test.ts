import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { sortStable } from "./sort.ts";

/** What the language's own stable sort makes of it. */
function expected(values: ArrayLike<number>, order: Uint32Array): number[] {
  return [...order].sort((a, b) => values[a] - values[b]);
}

function shuffled(length: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length }, (_, i) => (i * 7 + 3) % length);
}

const length = 1000;

Deno.test("sortStable() sorts whole numbers of 32 bits", () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.nat(5), fc.nat(0xffffffff))), (numbers) => {
    for (const values of [Uint32Array.from(numbers), Float64Array.from(numbers)]) {
      const order = Uint32Array.from(numbers, (_, index) => numbers.length - 1 - index);
      const wanted = expected(values, order);
      assertEquals([...sortStable(order, { values, stride: 1, offset: 0 })], wanted);
    }
  }));
});

Deno.test("sortStable() sorts counters of 53 bits and fractions", () => {
  const number = fc.oneof(
    fc.nat(3),
    fc.maxSafeNat(),
    fc.double({ min: 0, max: 1e18, noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(fc.property(fc.array(number), (numbers) => {
    const values = Float64Array.from(numbers, (value) => value + 0);
    const order = Uint32Array.from(numbers, (_, index) => index);
    const wanted = expected(values, order);
    assertEquals([...sortStable(order, { values, stride: 1, offset: 0 })], wanted);
  }));
});

Deno.test("sortStable() reads every so many numbers, from any order", () => {
  const values = Float64Array.from({ length: length * 4 }, (_, i) => (i * 2654435761) % 97);
  const column = Array.from({ length }, (_, i) => values[i * 4 + 2]);
  const order = shuffled(length);
  const wanted = expected(column, order);
  assertEquals([...sortStable(order, { values, stride: 4, offset: 2 })], wanted);
});
