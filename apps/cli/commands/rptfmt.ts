import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import type { ParsedArguments } from "@flowtools/common/flags";
import { loadSymbols, SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { DATA_FORMAT_FLAG, lookFromFlags, UNITS_FLAG } from "../modern_flags.ts";
import { Output } from "../output.ts";
import { DATA_FORMATS } from "../render/data_set.ts";
import { readLines } from "../read_lines.ts";
import {
  pickColumns,
  REPORT_TABLE_FORMATS,
  type ReportTableFormat,
} from "../render/report_table.ts";
import { readReport, type ReportTable } from "../render/report_table_input.ts";
import {
  type KeyNames,
  keyNames,
  nameKeys,
  sharesOfTotal,
  sortRows,
} from "../render/report_table_numbers.ts";
import { ReportDocuments } from "../render/report_documents.ts";
import { writeReportTable } from "../render/report_table_rows.ts";
import { OUTPUT_FLAG } from "../shared_flags.ts";
import { STRICT_COMPAT_FLAG } from "../strict_compat.ts";

const U32_MAX = 2 ** 32 - 1;

/** Formats reports. */
export const rptfmtCommand: CommandBody = {
  operands: "[REPORT…]",
  flags: [
    {
      name: "format",
      group: "output",
      letter: "f",
      value: "FORMAT",
      choices: [...Object.keys(REPORT_TABLE_FORMATS), ...DATA_FORMATS],
      meanings: [
        ["ascii", "As flow-rptfmt has it"],
        ["html", "A table for a web page"],
        ...(DATA_FORMAT_FLAG.meanings ?? []).map(([name, meaning]) =>
          [name, name === "json" ? "One array of objects, each a report" : meaning] as const
        ),
      ],
      doc: "Format (default: ascii)",
    },
    {
      name: "fields",
      group: "output",
      letter: "F",
      value: "NAMES",
      doc: "Columns to show, comma separated, in the order of the report (default: all)",
    },
    {
      name: "limit",
      letter: "m",
      value: "N",
      range: [0, U32_MAX],
      doc: "Rows at most, 0 for all (default: 0)",
    },
    {
      name: "sort",
      letter: "s",
      value: "NAME",
      doc: "Sort by a column: +NAME for smallest first, -NAME for largest first",
    },
    { name: "names", letter: "n", doc: "Names for protocols, ports, AS numbers and tags" },
    SYMBOLS_FLAG,
    { name: "percent", letter: "p", doc: "Shares in per cent of the sums of all rows" },
    { name: "no-header", letter: "H", doc: "Leave the header of ascii and html out" },
    {
      name: "alarm",
      letter: "a",
      value: "SECONDS",
      range: [0, U32_MAX],
      doc: "Give up after this time, for web pages made on request",
    },
    {
      name: "compat-g",
      letter: "g",
      group: "classic",
      doc: "Accepted for the sake of old scripts: does nothing",
    },
    UNITS_FLAG,
    OUTPUT_FLAG,
  ],
  examples: [
    ["flowtools rptfmt -F ip-protocol,octets -p -n -s -octets -m 5 day.csv", "The top protocols"],
    ["flowtools rptfmt -f html -o day.html day.csv", "A web page of a report"],
    ["flowtools rptfmt -f json day.csv", "A report for programs"],
  ],
  run: async (args) => {
    const output = Output.open(args.value("output"));
    const dataFormat = DATA_FORMATS.find((name) => name === args.value("format"));
    const rows = dataFormat && new ReportDocuments(output, dataFormat, lookFromFlags(args));
    const seconds = args.number("alarm") ?? 0;
    const deadline = new Deadline(seconds, () => {
      if (rows === undefined) output.text(LATE_TEXT);
      else console.error(`flowtools: gave up after ${seconds} s: the report is not complete`);
      output.close();
      Deno.exit(rows === undefined ? 0 : 1);
    });
    const format = REPORT_TABLE_FORMATS[args.value("format") === "html" ? "html" : "ascii"];
    const code = await eachInput(args, async (path) => {
      const { table, names } = await loadTable(args, path, deadline);
      if (rows === undefined) {
        nameKeys(table, names);
        if (args.on("percent")) sharesOfTotal(table);
        deadline.check();
        show(table, format, args, output, deadline);
      } else {
        if (args.on("percent")) sharesOfTotal(table);
        const rowsMax = args.number("limit") ?? 0;
        const options = { names, rowsMax, shares: args.on("percent") };
        writeReportTable(rows, table, options, () => deadline.check());
      }
    });
    deadline.cancel();
    rows?.end();
    output.close();
    return code;
  },
};

async function loadTable(
  args: ParsedArguments,
  path: string,
  deadline: Deadline,
): Promise<{ readonly table: ReportTable; readonly names: KeyNames }> {
  const sort = args.value("sort");
  const maxRows = args.number("limit") ?? 0;
  const readsAll = sort !== undefined || args.on("percent");
  const source = path === "-" ? "standard input" : path;
  const table = await readReport(readLines(path), source, readsAll ? 0 : maxRows);
  deadline.check();
  pickColumns(table, (args.value("fields") ?? "all").split(","));
  if (sort !== undefined && table.detail === undefined) sortRows(table, sort);
  deadline.check();
  const names: KeyNames = args.on("names")
    ? await keyNames(table, (kind) => loadSymbols(kind, args.value("symbols")))
    : new Map();
  return { table, names };
}

function show(
  table: ReportTable,
  format: ReportTableFormat,
  args: ParsedArguments,
  output: Output,
  deadline: Deadline,
): void {
  const options = {
    header: !args.on("no-header"),
    call: callText(),
    maxRows: args.number("limit") ?? 0,
  };
  format(table, options, (text) => {
    output.text(text);
    deadline.check();
  });
}

/** How the program was called, as Python shows a list of words. */
function callText(): string {
  const words = (Deno.args[0] === "rptfmt" ? Deno.args.slice(1) : Deno.args)
    // A classic call has no such word.
    .filter((word) => word !== `--${STRICT_COMPAT_FLAG.name}`);
  return `[${["flow-rptfmt", ...words].map(quoted).join(", ")}]`;
}

/** A word as Python shows it: double quotes only around single ones. */
function quoted(word: string): string {
  const quote = word.includes("'") && !word.includes('"') ? '"' : "'";
  const bytes = new TextEncoder().encode(word);
  return quote + Array.from(bytes, (byte) => quotedByte(byte, quote)).join("") + quote;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function quotedByte(byte: number, quote: string): string {
  const char = String.fromCharCode(byte);
  if (char === quote) return `\\${quote}`;
  if (byte >= 0x20 && byte < 0x7f) return ESCAPES[char] ?? char;
  return ESCAPES[char] ?? `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** What flow-rptfmt says when its time is over, with success. */
const LATE_TEXT = "flow-rptfmt exceeded CPU time, consider running report offline.\n";

/** Ends the program when its time is over. */
class Deadline {
  readonly #end: number;
  readonly #expire: () => never;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seconds: number, expire: () => never) {
    this.#expire = expire;
    this.#end = seconds === 0 ? Infinity : performance.now() + seconds * 1000;
    // It fires while the program waits for input; while it works, `check` finds out.
    if (seconds > 0) this.#timer = setTimeout(expire, seconds * 1000);
  }

  /** Ends the program where time is over. */
  check(): void {
    if (performance.now() >= this.#end) this.#expire();
  }

  /** Lets the program be. */
  cancel(): void {
    clearTimeout(this.#timer);
  }
}
