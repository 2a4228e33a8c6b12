import { fieldIndex } from "@flowtools/flow-model";
import { findFtLayout, recordBytes } from "@flowtools/ft-format";
import { assertEquals } from "@std/assert";
import { parseFilterConfig } from "./filter_config.ts";
import { RecordFilter } from "./record_filter.ts";

const ROWS = 37;
const PASSING = [0, 1, 5, 17, 18, 19, 36];

/** Passes the rows above, whose number is their source port. */
const CONFIG = parseFilterConfig(`
filter-primitive ROWS
  type ip-port
  ${PASSING.map((row) => `permit ${row}`).join("\n  ")}
filter-definition rows
  match ip-source-port ROWS
`);

// Records of 64, 68 and 60 bytes behind some bytes: copied by words or bytes.
for (const version of [5, 7, 1]) {
  for (const offset of [0, 8, 4, 3]) {
    Deno.test(`records of version ${version} at byte ${offset} are copied as they are`, () => {
      const layout = findFtLayout(version)!;
      const { size } = layout;
      const port = layout.rows.find(({ field }) => field === fieldIndex("srcport"))!;
      const bytes = new Uint8Array(offset + ROWS * size);
      for (let at = 0; at < bytes.length; at++) bytes[at] = Math.imul(at, 0x9e3779b1) >>> 24;
      const view = new DataView(bytes.buffer);
      const start = (row: number) => offset + row * size;
      for (let row = 0; row < ROWS; row++) view.setUint16(start(row) + port.offset, row, true);

      const block = { layout, view, offset, count: ROWS, littleEndian: true };
      const passed = new RecordFilter(CONFIG.filter("rows")).select(block)!;
      assertEquals(passed.count, PASSING.length);
      const expected = PASSING.flatMap((row) => [...bytes.subarray(start(row), start(row) + size)]);
      assertEquals([...recordBytes(passed)], expected);
    });
  }
}
