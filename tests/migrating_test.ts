/** docs/MIGRATING.md names things that exist, on both sides of its table. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as flowModel from "@flowtools/flow-model";
import * as flowset from "@flowtools/flowset";
import { COMMANDS } from "../apps/cli/commands.ts";
import { listFiles, readText } from "./files.ts";

const { Flow, FlowPDU, FlowSet } = flowset;

/** One row of the table: the code of both cells. */
interface Row {
  readonly line: string;
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

const codeOf = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code);

/** The rows of the table below a heading, without the head. */
function tableBelow(heading: string): string[] {
  const [, text] = readText("docs/MIGRATING.md").split(`\n## ${heading}\n`);
  return text.split("\n## ")[0].split("\n").filter((line) => line.startsWith("|")).slice(2);
}

const ROWS: readonly Row[] = tableBelow("From pyflowtools")
  .map((line) => {
    const [, theirs, ours] = line.split("|");
    // "The same" names what the other cell names.
    const same = /\bthe same\b/.test(ours);
    return { line, theirs: codeOf(theirs), ours: codeOf(same ? theirs : ours) };
  });

/** What the variables of the examples are. */
const OWNERS: Readonly<Record<string, object>> = {
  set: FlowSet.prototype,
  pdu: FlowPDU.prototype,
  pdu1: FlowPDU.prototype,
  pdu2: FlowPDU.prototype,
  flow: Flow.prototype,
  FlowSet,
};

const EXPORTS: Readonly<Record<string, unknown>> = { ...flowModel, ...flowset };

const KEYWORDS = new Set([
  "undefined",
  "await",
  "new",
  "const",
  "of",
  "for",
  "import",
  "from",
  "using",
  "true",
]);
const PLACEHOLDERS = new Set(["exporter", "buffer", "compressionLevel"]);

/** Says what is wrong with a piece of code; nothing, where every name in it exists. */
function unknownNames(code: string): string[] {
  const wrong: string[] = [];
  const names = code.replace(/"[^"]*"/g, '""').matchAll(/(?<![\w.])(\w*)((?:\.\w+)*)/g);
  for (const [, head, tail] of names) {
    const [member] = tail.split(".").slice(1);
    if (head === "" && member === undefined) continue;
    if (head === "") {
      // `.count` goes on with the variable before it.
      if (!(member in FlowPDU.prototype)) wrong.push(`.${member}`);
    } else if (head in OWNERS) {
      if (member !== undefined && !(member in OWNERS[head])) wrong.push(`${head}.${member}`);
    } else if (!KEYWORDS.has(head) && !PLACEHOLDERS.has(head) && !/^\d+$/.test(head)) {
      if (!(head in EXPORTS) && !isExportedType(head)) wrong.push(head);
    }
  }
  return wrong;
}

/** Types are gone at run time; they are looked for in the sources. */
function isExportedType(name: string): boolean {
  return listFiles("packages/flowset", ".ts")
    .some((path) => new RegExp(`export (interface|type) ${name}\\b`).test(readText(path)));
}

/** Programs whose commands are the collector's. */
const COLLECTOR = ["capture", "fanout", "receive"];

/** The programs of flow-tools. */
const PROGRAMS =
  "capture cat dscan expire export fanout filter gen header import log2rrd mask merge nfilter print " +
  "receive report rpt2rrd rptfmt send split stat tag xlate";

Deno.test("MIGRATING.md has a row for each of the 24 programs, with commands and flags that exist", () => {
  const rows = tableBelow("From the flow-tools programs").map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
  assertEquals(rows.map(([old]) => old), PROGRAMS.split(" ").map((name) => `\`flow-${name}\``));
  for (const [old, ours, differs] of rows) {
    const name = old.slice("`flow-".length, -1);
    assertEquals(ours, `\`flowtools ${name}\``);
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (command === undefined) {
      assert(COLLECTOR.includes(name), name);
      continue;
    }
    for (const [, dashes, flag] of differs.matchAll(/`(--?)([A-Za-z][a-z-]*)/g)) {
      const found = command.flags.some((row) =>
        dashes === "--" ? row.name === flag : row.letter === flag[0]
      );
      assert(found, `${name} has no ${dashes}${flag}`);
    }
  }
});

Deno.test("the table has a row for every name of pyflowtools", () => {
  const theirs = ROWS.flatMap((row) => row.theirs).join("\n");
  for (
    const name of [
      "FlowSet(",
      "FlowPDU(",
      "set.write(",
      "is_next(",
      "getID(",
      "flowtools.Error",
      "flowtools.IOError",
      "flowtools.AttributeError",
      ...["version", "count", "sequence", "sysUpTime", "unix_secs", "unix_nsecs"],
      ...["==", "!=", "<", "<=", ">", ">="],
    ]
  ) assert(theirs.includes(name), `${name} is not in the table`);
});

for (const { line, ours } of ROWS) {
  Deno.test(`MIGRATING.md names what exists: ${line.replace(/ +/g, " ")}`, () => {
    assert(ours.length > 0, "the row names nothing");
    for (const code of ours) {
      if (code.startsWith("import")) assertMatch(code, /from "@flowtools\/flowset"$/);
      else assertEquals(unknownNames(code), [], code);
    }
  });
}

Deno.test("the check of the table finds names that do not exist", () => {
  assertEquals(unknownNames('await FlowSet.opne("file")'), ["FlowSet.opne"]);
  assertEquals(unknownNames("pdu1.is_next(pdu2)"), ["pdu1.is_next"]);
  assertEquals(unknownNames("flow.sourceAddress"), ["flow.sourceAddress"]);
  assertEquals(unknownNames("FlowErrors"), ["FlowErrors"]);
  assertEquals(unknownNames(".packets"), [".packets"]);
});

Deno.test("members that the table shows are functions where it calls them", () => {
  for (const code of ROWS.flatMap((row) => row.ours)) {
    for (const [, head, member] of code.matchAll(/\b(\w+)\.(\w+)\(/g)) {
      const owner = OWNERS[head] as Record<string, unknown> | undefined;
      if (owner !== undefined) assertEquals(typeof owner[member], "function", `${head}.${member}`);
    }
  }
});

Deno.test("errors that the table names are FlowToolsErrors", () => {
  const errors = ROWS.flatMap((row) => row.ours).filter((code) => /^\w+Error$/.test(code));
  assertEquals(errors.toSorted(), ["FlowAttributeError", "FlowToolsError", "FtFormatError"]);
  const { FlowToolsError, FlowAttributeError, FtFormatError } = flowset;
  assert(FlowAttributeError.prototype instanceof FlowToolsError);
  assert(FtFormatError.prototype instanceof FlowToolsError);
});

Deno.test("all 40 attributes of pyflowtools are on Flow, under the same names", () => {
  // The golden values come from pyflowtools; between them they have every attribute.
  const names = new Set<string>();
  for (const path of listFiles("fixtures/ft-expected", ".json")) {
    for (const flow of JSON.parse(readText(path))) {
      for (const name of Object.keys(flow)) names.add(name);
    }
  }
  assertEquals(names.size, 40);
  assertEquals([...names].filter((name) => !(name in Flow.prototype)), []);
});
