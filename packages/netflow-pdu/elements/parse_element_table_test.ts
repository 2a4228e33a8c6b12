import { assertEquals, assertThrows } from "@std/assert";
import { ElementTableError, parseElementTable, USER_ELEMENTS_MAX } from "./parse_element_table.ts";

Deno.test("parseElementTable() reads tabs, commas, spaces, comments, quotes and a heading", () => {
  const text = "\ufeffenterprise\tid\tname\ttype\r\n" +
    "\n" +
    "# ours\n" +
    "64512\t1\trackId\tunsigned16\r\n" +
    '64512, 2 , "row_Id" ,string # where\n' +
    "  0 40999   ownV9Field unsigned32\r" +
    "64513,1,rackId,macAddress";
  assertEquals(parseElementTable(text, "racks.tsv"), [
    {
      enterprise: 64512,
      owner: "racks.tsv",
      elements: [[1, "rackId", "unsigned16"], [2, "row_Id", "string"]],
    },
    { enterprise: 0, owner: "racks.tsv", elements: [[40999, "ownV9Field", "unsigned32"]] },
    { enterprise: 64513, owner: "racks.tsv", elements: [[1, "rackId", "macAddress"]] },
  ]);
  assertEquals(parseElementTable("", "empty"), []);
});

Deno.test("parseElementTable() says file, line, expected and got", () => {
  const faults: [string, number, string][] = [
    ["1 2 a", 1, "expected 4 columns (enterprise, id, name, type), got 3"],
    ["\n1,2,a,string,b", 2, "expected 4 columns (enterprise, id, name, type), got 5"],
    [
      "4294967296 1 a string",
      1,
      'expected an enterprise number from 0 to 4294967295, got "4294967296"',
    ],
    ["x 1 a string", 1, 'expected an enterprise number from 0 to 4294967295, got "x"'],
    ["1 32768 a string", 1, 'expected an id from 0 to 32767, got "32768"'],
    ["0 65536 a string", 1, 'expected an id from 0 to 65535, got "65536"'],
    ["1 -1 a string", 1, 'expected an id from 0 to 32767, got "-1"'],
    ["1 1 1a string", 1, 'expected a name (a letter, then letters, digits, "_", "-"), got "1a"'],
    ["1 1 a string\n1 1 b string", 2, 'expected each id once, got 1 as "b" after "a"'],
    ["1 1 a string\n\n1 2 A string", 3, 'expected each name once, got "A" as 2 after 1'],
    // A heading is one only before the elements.
    [
      "1 1 a string\nenterprise id name type",
      2,
      'expected an enterprise number from 0 to 4294967295, got "enterprise"',
    ],
  ];
  for (const [text, line, problem] of faults) {
    const error = assertThrows(() => parseElementTable(text, "e.tsv"), ElementTableError);
    assertEquals(error.message, `Cannot read element table e.tsv:${line}: ${problem}`);
    assertEquals([error.path, error.line, error.code], ["e.tsv", line, "element-table"]);
  }
  const error = assertThrows(() => parseElementTable("1 1 a u16", "e.tsv"), ElementTableError);
  assertEquals(
    error.message.startsWith("Cannot read element table e.tsv:1: expected a type ("),
    true,
  );
  assertEquals(error.message.endsWith('subTemplateMultiList, unsigned256), got "u16"'), true);
});

Deno.test("parseElementTable() bounds the elements", () => {
  const line = (index: number) => `${1 + (index >> 15)} ${index & 0x7fff} e${index} string`;
  const lines = Array.from({ length: USER_ELEMENTS_MAX + 1 }, (_, index) => line(index));
  assertThrows(
    () => parseElementTable(lines.join("\n"), "big"),
    ElementTableError,
    "big:65537: expected at most 65536 elements, got more",
  );
});
