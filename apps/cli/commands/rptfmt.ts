import type { Command } from "../command.ts";
import { eachInput } from "../each_input.ts";
import type { ParsedArguments } from "@flowtools/common/flags";
import { loadSymbols, SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { Output } from "../output.ts";
import { readLines } from "../read_lines.ts";
import {
  pickColumns,
  REPORT_TABLE_FORMATS,
  type ReportTableFormat,
} from "../render/report_table.ts";
import { readReport, type ReportTable } from "../render/report_table_input.ts";
import { nameKeys, sharesOfTotal, sortRows } from "../render/report_table_numbers.ts";
import { OUTPUT_FLAG } from "../shared_flags.ts";
import { STRICT_COMPAT_FLAG } from "../strict_compat.ts";

const U32_MAX = 2 ** 32 - 1;

/** Formats reports. */
export const rptfmtCommand: Command = {
  name: "rptfmt",
  summary: "Format the output of report as a text or HTML table",
  operands: "[REPORT…]",
  flags: [
    {
      name: "format",
      letter: "f",
      value: "FORMAT",
      choices: Object.keys(REPORT_TABLE_FORMATS),
      doc: "Format (default: ascii)",
    },
    {
      name: "fields",
      letter: "F",
      value: "NAMES",
      doc: "Columns to show, comma separated, in the order of the report (default: all)",
    },
    {
      name: "rows",
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
    { name: "no-header", letter: "H", doc: "Leave the header out" },
    {
      name: "alarm",
      letter: "a",
      value: "SECONDS",
      range: [0, U32_MAX],
      doc: "Give up after so many seconds, for web pages made on request",
    },
    { name: "compat-g", letter: "g", doc: "Accepted for the sake of old scripts: does nothing" },
    OUTPUT_FLAG,
  ],
  examples: [
    ["flowtools rptfmt -F ip-protocol,octets -p -n -s -octets -m 5 day.csv", "The top protocols"],
    ["flowtools rptfmt -f html -o day.html day.csv", "A web page of a report"],
  ],
  run: async (args) => {
    const output = Output.open(args.value("output"));
    const deadline = new Deadline(args.number("alarm") ?? 0, output);
    const format = REPORT_TABLE_FORMATS[args.value("format") === "html" ? "html" : "ascii"];
    const code = await eachInput(args, async (path) => {
      show(await loadTable(args, path, deadline), format, args, output, deadline);
    });
    deadline.cancel();
    output.close();
    return code;
  },
};

async function loadTable(
  args: ParsedArguments,
  path: string,
  deadline: Deadline,
): Promise<ReportTable> {
  const sort = args.value("sort");
  const maxRows = args.number("rows") ?? 0;
  const readsAll = sort !== undefined || args.on("percent");
  const source = path === "-" ? "standard input" : path;
  const table = await readReport(readLines(path), source, readsAll ? 0 : maxRows);
  deadline.check();
  pickColumns(table, (args.value("fields") ?? "all").split(","));
  if (sort !== undefined && table.detail === undefined) sortRows(table, sort);
  deadline.check();
  if (args.on("names")) await nameKeys(table, (kind) => loadSymbols(kind, args.value("symbols")));
  if (args.on("percent")) sharesOfTotal(table);
  deadline.check();
  return table;
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
    maxRows: args.number("rows") ?? 0,
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

/** Ends the program, quietly and with success, when its time is over. */
class Deadline {
  readonly #end: number;
  readonly #output: Output;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seconds: number, output: Output) {
    this.#output = output;
    this.#end = seconds === 0 ? Infinity : performance.now() + seconds * 1000;
    // It fires while the program waits for input; while it works, `check` finds out.
    if (seconds > 0) this.#timer = setTimeout(() => this.#expire(), seconds * 1000);
  }

  /** Ends the program where time is over. */
  check(): void {
    if (performance.now() >= this.#end) this.#expire();
  }

  /** Lets the program be. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  #expire(): never {
    this.#output.text("flow-rptfmt exceeded CPU time, consider running report offline.\n");
    this.#output.close();
    Deno.exit(0);
  }
}
