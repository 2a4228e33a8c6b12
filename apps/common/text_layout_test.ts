import { assert, assertEquals } from "@std/assert";
import { definitionLines, termColumnsOf, wrapShellCall, wrapText } from "./text_layout.ts";

Deno.test("wrapText() breaks between words, and no word", () => {
  assertEquals(wrapText("", 10), [""]);
  assertEquals(wrapText("ten column", 10), ["ten column"]);
  assertEquals(wrapText("eleven cols", 10), ["eleven", "cols"]);
  assertEquals(wrapText("a verylongword b", 6), ["a", "verylongword", "b"]);
});

Deno.test("wrapText() loses no word at any width", () => {
  const text = "Names of protocols, ports, AS numbers and tags (default: what is built in)";
  for (let columns = 1; columns < 90; columns++) {
    const lines = wrapText(text, columns);
    assertEquals(lines.join(" "), text);
    assert(lines.every((line) => line.length <= columns || !line.includes(" ")), `${columns}`);
  }
});

Deno.test("wrapShellCall() breaks so that a shell joins the lines again", () => {
  const call =
    `flowtools print --where 'src port 80 and octets > 10k' --format ndjson "my file.ft"`;
  assertEquals(wrapShellCall(call, 200), [call]);
  assertEquals(wrapShellCall(call, 40), [
    "flowtools print --where \\",
    "  'src port 80 and octets > 10k' \\",
    '  --format ndjson "my file.ft"',
  ]);
});

Deno.test("wrapShellCall() gives the shell the same words at any width", async () => {
  const call = `printf '<%s>' --where 'dst port 443 and not proto udp' -v "A B"=C file.ft`;
  const run = async (script: string) => {
    const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
    return new TextDecoder().decode(stdout);
  };
  const expected = await run(call);
  for (const columns of [10, 20, 33, 60]) {
    const lines = wrapShellCall(call, columns);
    assert(lines.length > 1);
    assertEquals(await run(lines.join("\n")), expected);
  }
});

Deno.test("definitionLines() has meanings in a column, and below terms that are too long", () => {
  const rows = [
    ["-f, --format NAME", "How to print"],
    ["-o, --a-name-of-a-flag-that-is-long NAME", "Where to"],
  ] as const;
  assertEquals(termColumnsOf(rows), "-f, --format NAME".length);
  assertEquals(definitionLines(rows, 80), [
    "  -f, --format NAME  How to print",
    "  -o, --a-name-of-a-flag-that-is-long NAME",
    "                     Where to",
  ]);
});

Deno.test("definitionLines() lays parts of a meaning out below it", () => {
  const parts = [["0", "all of them"], ["10", "one of many"]] as const;
  assertEquals(definitionLines([["-f", "What", parts]], 22), [
    "  -f  What",
    "        0   all of",
    "            them",
    "        10  one of",
    "            many",
  ]);
});
