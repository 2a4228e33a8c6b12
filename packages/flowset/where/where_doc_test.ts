/** docs/WHERE.md says what is so: its expressions compile, its table is that of the language. */
import { assert, assertEquals } from "@std/assert";
import { createElementRegistry } from "@flowtools/netflow-pdu";
import { WHERE_CONDITIONS_MAX, WHERE_DEPTH_MAX, WHERE_LENGTH_MAX } from "../limits.ts";
import { parseFilterConfig } from "../filter/filter_config.ts";
import { builtInSymbols } from "../symbols.ts";
import { compileWhere } from "./compile_where.ts";
import { WHERE_SUBJECTS } from "./subjects.ts";

const TEXT = await Deno.readTextFile(new URL("../../../docs/WHERE.md", import.meta.url));

Deno.test("docs/WHERE.md: every expression is one", async () => {
  const options = {
    timeZone: "UTC",
    symbols: { port: await builtInSymbols("tcp-port"), protocol: await builtInSymbols("ip-prot") },
    filters: parseFilterConfig("filter-definition web-out\n"),
    registry: createElementRegistry(),
    exporterNames: true,
  };
  const blocks = [...TEXT.matchAll(/^```where\n(.*?)^```$/gms)].map(([, block]) => block);
  const calls = [...TEXT.matchAll(/--where '([^']+)'/g)].map(([, text]) => text);
  // A line that is indented goes on with the one before it.
  const expressions = [...blocks.flatMap((block) => block.trimEnd().split(/\n(?! )/)), ...calls];
  assert(expressions.length >= 30, `${expressions.length} expressions`);
  for (const expression of expressions) compileWhere(expression, options);
});

Deno.test("docs/WHERE.md: the table of fields is that of the language", () => {
  const cells = (line: string) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  const code = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(", ");
  const start = TEXT.indexOf("| field");
  const rows = TEXT.slice(start).split("\n\n")[0].split("\n").slice(2).map(cells);
  const expected = WHERE_SUBJECTS.map((subject) => {
    const ends = "ends" in subject ? subject.ends : [];
    return [code(subject.words), code(ends.flatMap(({ side }) => side ?? [])), subject.doc];
  });
  assertEquals(rows, expected);
});

Deno.test("docs/WHERE.md: the limits are those of the language", () => {
  const text = TEXT.replaceAll(/\s+/g, " ");
  const limits = `at most ${WHERE_LENGTH_MAX.toLocaleString("en-US")} characters, ` +
    `${WHERE_CONDITIONS_MAX} conditions and ${WHERE_DEPTH_MAX} levels`;
  assert(text.includes(limits), limits);
});
