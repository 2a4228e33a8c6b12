import { assertEquals } from "@std/assert";
import { formatIPv4 } from "@flowtools/flow-model";
import fc from "fast-check";
import { putAddress, putNumber, putOctet } from "./decimal_text.ts";

const view = new DataView(new ArrayBuffer(64));

type Put = (view: DataView, at: number, value: number) => number;

function textOf(put: Put, value: number): string {
  const end = put(view, 3, value);
  return new TextDecoder().decode(new Uint8Array(view.buffer, 3, end - 3));
}

Deno.test("putNumber() writes every number of 32 bits", () => {
  const edges = Array.from({ length: 10 }, (_, power) => 10 ** power)
    .flatMap((edge) => [edge - 1, edge, edge + 1]);
  for (const value of [...edges, 255, 256, 65535, 2 ** 31, 2 ** 32 - 1]) {
    assertEquals(textOf(putNumber, value), `${value},`);
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      assertEquals(textOf(putNumber, value), `${value},`);
    }),
    { seed: 1 },
  );
});

Deno.test("putOctet() writes every octet, putAddress() every address", () => {
  for (let value = 0; value < 256; value++) assertEquals(textOf(putOctet, value), `${value},`);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      assertEquals(textOf(putAddress, value), `${formatIPv4(value)},`);
    }),
    { seed: 2 },
  );
});
