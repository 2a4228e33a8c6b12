/** docs/FORMAT.md says what the code does: its tables are made from it, the rest is compared. */
import { assert, assertEquals } from "@std/assert";
import { decodeFtHeader, FT_FLAGS, FT_LAYOUTS } from "@flowtools/ft-format";
import { withTables } from "../scripts/make_format_doc.ts";
import { readText } from "./files.ts";

const DOCUMENT = readText("docs/FORMAT.md");

/** The cells of the first table below a heading, without its head. */
function tableBelow(heading: string): string[][] {
  const start = DOCUMENT.indexOf(`\n${heading}\n`);
  assert(start >= 0, `no heading ${heading}`);
  const rows = DOCUMENT.slice(start).match(/^\|.*(?:\n\|.*)*/m)?.[0].split("\n") ?? [];
  return rows.slice(2).map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("docs/FORMAT.md has the tables of the code", () => {
  const help = "run: deno run --allow-read --allow-write=docs/FORMAT.md scripts/make_format_doc.ts";
  assertEquals(withTables(DOCUMENT) === DOCUMENT, true, `docs/FORMAT.md is out of date, ${help}`);
});

Deno.test("docs/FORMAT.md has every record layout, without gaps", () => {
  const headings = DOCUMENT.match(/^### Version .*$/gm) ?? [];
  assertEquals(headings.length, FT_LAYOUTS.length);
  for (const heading of headings) {
    const size = Number(heading.match(/: (\d+) bytes$/)?.[1]);
    let offset = 0;
    for (const [at, bytes] of tableBelow(heading)) {
      assertEquals(Number(at), offset, heading);
      offset += Number(bytes);
    }
    assertEquals(offset, size, heading);
  }
});

Deno.test("docs/FORMAT.md has every flag with its bit", () => {
  const flags = tableBelow("### Flags").map(([bit, name]) => [name, Number(bit)]);
  assertEquals(Object.fromEntries(flags), { ...FT_FLAGS });
});

Deno.test("docs/FORMAT.md has every reason why reading fails", () => {
  const union = readText("packages/ft-format/errors.ts").match(/type FtReason =([^;]*);/)?.[1] ??
    "";
  const codes = [...union.matchAll(/"([a-z-]+)"/g)].map(([, code]) => code);
  assert(codes.length >= 15);
  const documented = tableBelow("## What readers do on damage").map(([code]) => code);
  assertEquals(documented, codes.map((code) => `\`${code}\``));
});

Deno.test("docs/FORMAT.md describes the header of stream version 1 as it is decoded", () => {
  const rows = tableBelow("## Header of stream version 1")
    .map(([offset, bytes, member]) => ({
      offset: Number(offset),
      bytes: Number(bytes),
      member: member.replaceAll("`", ""),
    }));
  const size = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  assertEquals(size, 360);
  const header = new Uint8Array(size);
  const view = new DataView(header.buffer);
  header.set([0xcf, 0x10, 2, 1]);
  const expected: Record<string, number | string> = {};
  for (const { offset, bytes, member } of rows.filter(({ member }) => member !== "")) {
    if (bytes > 4) {
      header.set(new TextEncoder().encode(member), offset);
      expected[member] = member;
    } else {
      // A number that tells its place; of the flags the reader sets one itself.
      expected[member] = member === "flags"
        ? FT_FLAGS.XLATE
        : member === "exportVersion"
        ? 5
        : 900 + offset;
      if (bytes === 2) view.setUint16(offset, Number(expected[member]));
      else view.setUint32(offset, Number(expected[member]));
    }
  }
  const decoded: Record<string, unknown> = { ...decodeFtHeader(header) };
  for (const [member, value] of Object.entries(expected)) {
    assertEquals(decoded[member], value, member);
  }
  assertEquals(decoded.size, size);
});
