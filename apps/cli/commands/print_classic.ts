import { findFtLayout, type FtHeader } from "@flowtools/ft-format";
import {
  FlowSet,
  headerClockMs,
  type SymbolKind,
  type SymbolTable,
} from "@flowtools/flowset/select";
import type { FlowSchema } from "@flowtools/flow-model";
import { eachPath } from "../each_input.ts";
import type { ParsedArguments } from "@flowtools/common/flags";
import { loadSymbols } from "@flowtools/common/load_symbols";
import { inputProgress } from "../input_progress.ts";
import { listInputs } from "../inputs.ts";
import { Output } from "../output.ts";
import { PacketWarnings } from "../packet_warnings.ts";
import { RunProfile } from "../run_profile.ts";
import { WriteBehind } from "../write_behind.ts";
import {
  ClassicPrint,
  formatSymbols,
  missingFields,
  neededFields,
} from "../render/classic_print.ts";
import {
  defaultPrintFormat,
  PRINT_FORMATS,
  type PrintFormat,
} from "../render/classic_print_formats.ts";
import { headerText } from "../render/header_text.ts";
import { strictCompat } from "../strict_compat.ts";
import { WhereSelection } from "../where_selection.ts";

/** The exit code of flow-print where records lack a field: -1, of which 8 bits are left. */
const EXIT_MISSING_FIELD = 255;

/** The printer in use, and the format that it is for. */
interface Printing {
  readonly format: PrintFormat;
  readonly printer: ClassicPrint;
}

/** Prints flows as flow-print does. */
export async function printClassic(args: ParsedArguments): Promise<number> {
  const profile = new RunProfile("print");
  const selection = await WhereSelection.fromArgs(args);
  const output = Output.open(args.value("output"));
  const text = new WriteBehind(output);
  const number = Number(args.value("format") ?? "classic");
  let printing: Printing | undefined;
  let missing = false;
  let flows = 0;
  const packets = new PacketWarnings(args);
  const paths = [...listInputs(args.operands, { includeTmp: args.on("all") })];
  using progress = inputProgress(paths, args);
  const code = await eachPath(paths, async (path) => {
    const options = { ...packets.optionsOf(path, selection), onRead: progress.onRead };
    await using set = await FlowSet.open(path, options);
    const schema = schemaOf(set.header);
    if (args.on("header")) {
      text.buffer.text(headerText(set.header, args.value("comment-char")?.[0]));
    }
    const format = PRINT_FORMATS[number] ?? defaultPrintFormat(schema);
    if (reportMissing(path, format, schema)) {
      missing = true;
      return;
    }
    // What comes from several files is one table, as long as it has the same columns.
    if (printing?.format !== format) {
      printing = { format, printer: await createPrinter(format, args) };
      printing.printer.head(text.buffer);
    } else if (args.on("header")) {
      printing.printer.head(text.buffer);
    }
    if (path === "-") await text.handOver();
    for await (const batch of set.batches({ columns: neededFields(format) })) {
      printing.printer.flows(batch, text.buffer);
      flows += batch.length;
      await text.handOver();
    }
  });
  progress.end();
  await text.finish();
  output.close();
  if (!missing) profile.report(args.number("debug"), flows);
  const faults = packets.finish();
  return missing ? EXIT_MISSING_FIELD : selection.exitCode(faults || code);
}

async function createPrinter(
  format: PrintFormat,
  args: ParsedArguments,
): Promise<ClassicPrint> {
  const symbols = new Map<SymbolKind, SymbolTable>();
  if (args.on("names")) {
    for (const kind of formatSymbols(format)) {
      symbols.set(kind, await loadSymbols(kind, args.value("symbols")));
    }
  }
  return new ClassicPrint(format, {
    wide: args.on("wide"),
    symbols,
    clock: strictCompat(args) ? headerClockMs : undefined,
    ignored: (flows) => console.error("Ignoring bogus flow dPkts=0\n".repeat(flows).trimEnd()),
  });
}

function schemaOf(header: FtHeader): FlowSchema {
  const { exportVersion, aggregation, streamVersion } = header;
  const layout = findFtLayout(exportVersion, aggregation, streamVersion);
  if (layout === undefined) {
    // Opening a file of such records has failed before.
    throw new RangeError(`Cannot print flows: version ${exportVersion} has no layout`);
  }
  return layout.schema;
}

/** Says, as flow-print does, that records lack fields, and then which. */
function reportMissing(path: string, format: PrintFormat, schema: FlowSchema): boolean {
  const names = missingFields(format, schema);
  if (names.length === 0) return false;
  const file = path === "-" ? "standard input" : path;
  console.error("flow-print: Flow record missing required field for format.");
  console.error(
    `flowtools: format ${PRINT_FORMATS.indexOf(format)} needs ${names.join(", ")}, ` +
      `which ${schema.label} records of ${file} lack`,
  );
  return true;
}
