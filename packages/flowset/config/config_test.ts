import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "./error.ts";
import { configLines, type ConfigSource } from "./lexer.ts";
import { parseNumberList, scanAddress, scanList, scanPrefix, scanUnsigned } from "./numbers.ts";
import { type Keyword, NamedEntries, readSections } from "./sections.ts";
import { parseVariables, substitute } from "./variables.ts";

const START = { file: "x.cfg", line: 1, column: 1 };

function word(text: string) {
  return { ...START, text };
}

function wordsOf(source: Omit<ConfigSource, "file">): string[][] {
  return [...configLines({ file: "x.cfg", ...source })].map((line) => {
    const words: string[] = [];
    for (let next = line.next(); next !== undefined; next = line.next()) {
      words.push(`${next.line}:${next.column}:${next.text}`);
    }
    return words;
  });
}

Deno.test("lines become words with their place; only a first word begins a comment", () => {
  const text = "\n# remark\n\tmatch  a b\r\n   \n  #x\npermit 1 # no comment\n";
  assertEquals(wordsOf({ text }), [
    ["3:2:match", "3:9:a", "3:11:b"],
    ["6:1:permit", "6:8:1", "6:10:#", "6:12:no", "6:15:comment"],
  ]);
});

Deno.test("places are those of the file, not of the line with its variables replaced", () => {
  const variables = new Map([["A", "long value"]]);
  assertEquals(wordsOf({ text: "permit @A x", variables }), [
    ["1:1:permit", "1:8:long", "1:8:value", "1:11:x"],
  ]);
  assertEquals(wordsOf({ text: "permit @A x" }), [["1:1:permit", "1:8:@A", "1:11:x"]]);
});

/** What `ftvar_evalstr` of flow-tools gives for each, with A=7 and Ab=q. */
const SUBSTITUTIONS: readonly (readonly [line: string, text: string])[] = [
  ["permit @A,@{B:-5} x@ @{C} @_x", "permit 7,5 x  _x"],
  ["@{A}@{A:-x}", "77"],
  ["@@A", "7"],
  ["a@A_b", "a7_b"],
  ["@{B:-a b}", "a b"],
  ["@{B:-}", ""],
  ["@{}", ""],
  ["@{:-d}", "d"],
  ["@Ab", "q"],
  ["user@A.com @", "user7.com "],
  ["@{B:-@A}", "@A"],
  ["@{B:-{x}}", "{x}"],
];

Deno.test("variables are replaced as the reference does", () => {
  const variables = parseVariables(["A=1", "A=7", "Ab=q"]);
  for (const [line, text] of SUBSTITUTIONS) {
    assertEquals(substitute(line, variables, START).text, text, line);
  }
});

Deno.test("what is no variable is an error with its place", () => {
  for (const [line, column] of [["x @{A:x}", 3], ["@{A", 1], ["@{A_B:-1}", 1]] as const) {
    const error = assertThrows(() => substitute(line, new Map(), START), ConfigError);
    assertEquals(error.column, column, line);
  }
  for (const binding of ["A", "=1", "A="]) {
    assertThrows(() => parseVariables([binding]), RangeError, binding);
  }
});

Deno.test("numbers are read as strtoul reads them", () => {
  const cases = { "12": 12, "0x1F": 31, "017": 15, "08": 0, "12abc": 12, "x": 0, "": 0 };
  for (const [text, value] of Object.entries(cases)) assertEquals(scanUnsigned(text), value, text);
  assertEquals(scanUnsigned("-1"), 2 ** 32 - 1);
  assertEquals(scanUnsigned("4294967297"), 1);
  assertEquals(scanUnsigned("99999999999999999999"), 2 ** 32 - 1);
});

Deno.test("addresses may be short, prefixes may lack their length", () => {
  assertEquals(scanAddress(word("10.1")), 0x0a010000);
  assertEquals(scanAddress(word("10.1.2.300")), 0x0a01022c);
  assertThrows(() => scanAddress(word("host.example")), ConfigError, "expected an IPv4 address");
  assertEquals(scanPrefix(word("10/8")), { address: 0x0a000000, length: 8 });
  assertEquals(scanPrefix(word("10")), { address: 0x0a000000, length: 8 });
  assertEquals(scanPrefix(word("172.16")), { address: 0xac100000, length: 16 });
  assertEquals(scanPrefix(word("192.0.2.0")), { address: 0xc0000200, length: 24 });
  assertEquals(scanPrefix(word("192.0.2.1")), { address: 0xc0000201, length: 32 });
  assertEquals(scanPrefix(word("224.0.0.0")), { address: 0xe0000000, length: 28 });
  assertEquals(scanPrefix(word("1.2.3.4/99")), { address: 0x01020304, length: 32 });
});

function listed(text: string): number[] {
  return scanList(word(text), 256, (name) => name === "tcp" ? 6 : undefined).ranges
    .flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

Deno.test("lists of a configuration have the traps of the reference", () => {
  assertEquals(listed("1,!2,3"), [1, 0, 3]);
  assertEquals(listed("tcp,0x10-0x12,"), [6, 16, 17, 18]);
  assertEquals(listed("1-5-9"), [1, 2, 3, 4, 5, 9]);
  assertEquals(listed("5-"), [5]);
  assertEquals(listed("-2"), [0, 1, 2]);
  assertEquals(scanList(word("!1,5"), 256).inverted, true);
  assertThrows(() => listed("udp"), ConfigError, 'no symbol "udp"');
  assertThrows(() => listed("256"), ConfigError, "0 to 255");
});

Deno.test("lists of a command line may have several separators in a row", () => {
  const ranges = (text: string) =>
    parseNumberList(text, 65536).ranges.map(({ from, to }) => [from, to]);
  assertEquals(ranges("1,,15-17,!3"), [[1, 1], [15, 17], [0, 0]]);
  assertEquals(ranges("9-2"), [[9, 9]]);
  assertThrows(() => ranges("1,70000"), RangeError, '"70000" is out of range');
  assertThrows(() => ranges("-5"), RangeError, '"-5" is out of range');
});

Deno.test("a table of keywords reads sections, in any case", () => {
  const seen: string[] = [];
  const note = (name: string): Keyword<string[]>["read"] => (line, state) => {
    state.push(`${name} ${line.expect("a name").text}`);
  };
  const keywords: Keyword<string[]>[] = [
    { name: "thing", opens: "thing", read: note("thing") },
    { name: "size", within: ["thing"], read: note("thing's size") },
    { name: "box", opens: "box", read: note("box") },
    { name: "size", within: ["box"], read: note("box's size") },
  ];
  const read = (text: string) => readSections({ file: "x.cfg", text }, keywords, seen);
  read("THING a\n  Size 1\nbox b\n  size 2\n");
  assertEquals(seen, ["thing a", "thing's size 1", "box b", "box's size 2"]);
  const message = (text: string) => assertThrows(() => read(text), ConfigError).message;
  assertEquals(message(" size 1"), 'x.cfg:1:2: unexpected "size", expected one of thing, box');
  assertEquals(message("box"), "x.cfg:1:4: the line ends, expected a name");
  assertEquals(message("box a b"), 'x.cfg:1:7: unexpected "b", expected the end of the line');
});

Deno.test("no name is defined twice, in whichever case", () => {
  const entries = new NamedEntries<number>("thing");
  entries.define(word("One"), 1);
  assertEquals(entries.get("oNE"), 1);
  assertThrows(() => entries.define(word("ONE"), 2), ConfigError, "defined twice");
  assertThrows(() => entries.resolve(word("two")), ConfigError, "expected one of One");
});
