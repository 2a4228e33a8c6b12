import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { loadSymbols, SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { readLines } from "../read_lines.ts";
import { ReportSeries, type ReportSeriesOptions } from "../rrd_report.ts";
import { SERIES_FLAG, SeriesError, SeriesStore } from "../rrd_store.ts";

/** What MRTG keeps. */
const STORAGE_DEFAULT = "600:600:600:732";

/** Makes time series of reports. */
export const rpt2rrdCommand: CommandBody = {
  operands: "[REPORT…]",
  flags: [
    {
      name: "keys",
      letter: "k",
      value: "KEYS",
      doc: "Keys to store, comma separated; total_flows and the like for the totals",
    },
    { name: "key-file", letter: "K", value: "FILE", doc: "Keys to store, one a line" },
    {
      name: "fields",
      letter: "f",
      value: "NAMES",
      doc: "Columns to store (default: flows,octets,packets)",
    },
    { name: "names", letter: "n", doc: "Keys are names of protocols, ports, AS numbers, tags" },
    SYMBOLS_FLAG,
    { name: "path", letter: "p", value: "DIR", doc: "Directory of the files (default: .)" },
    {
      name: "postfix",
      letter: "P",
      value: "TEXT",
      doc: "What stands behind the key in the name of a file",
    },
    {
      name: "storage",
      letter: "r",
      value: "A:B:C:D",
      doc:
        `Values kept of 5 minutes, 30 minutes, 2 hours, a day in an RRD (default: ${STORAGE_DEFAULT})`,
    },
    SERIES_FLAG,
    { name: "verbose", letter: "v", doc: "Name the files that get a value" },
    { name: "debug", letter: "d", doc: "Show what files get" },
  ],
  examples: [
    ["flowtools rpt2rrd -k 80,443 -p rrds ports.csv", "Web traffic of one report"],
    ["flowtools rpt2rrd -n -k smtp,domain,total_flows ports.csv", "By name, and the sum of all"],
  ],
  run: async (args) => {
    const options = seriesOptions(args);
    const store = new SeriesStore(args.value("format"), {
      created: (file) => console.log(`Creating ${file.endsWith(".rrd") ? "RRD " : ""}${file}`),
      updated: args.on("verbose")
        ? (file) => console.log(`Updating ${file.endsWith(".rrd") ? "RRD " : ""}${file}`)
        : undefined,
      detail: args.on("debug") ? (text) => console.error(text) : undefined,
    });
    try {
      const code = await eachInput(args, async (path) => {
        await new ReportSeries(options, store).add(readLines(path));
      });
      store.flush();
      if (store.stale > 0) {
        console.error(`flowtools: ${store.stale} values left out, the files have later ones`);
      }
      return code;
    } catch (error) {
      if (!(error instanceof SeriesError)) throw error;
      console.error(`flowtools: ${error.message}`);
      return 1;
    }
  },
};

function seriesOptions(args: ParsedArguments): ReportSeriesOptions {
  const file = args.value("key-file");
  const keys = file === undefined ? args.value("keys")?.split(",") : keysOf(file);
  if (keys === undefined || keys.join("") === "") {
    throw new UsageError("keys must be given with -k or -K");
  }
  const storage = (args.value("storage") ?? STORAGE_DEFAULT).split(":");
  if (storage.length !== 4 || storage.some((rows) => !/^\d*$/.test(rows))) {
    throw new UsageError(
      `--storage is "${storage.join(":")}", expected four numbers such as ${STORAGE_DEFAULT}`,
    );
  }
  return {
    keys,
    storage,
    fields: (args.value("fields") ?? "flows,octets,packets").split(","),
    path: args.value("path") ?? "./",
    postfix: args.value("postfix") ?? "",
    symbols: args.on("names") ? (kind) => loadSymbols(kind, args.value("symbols")) : undefined,
  };
}

/** The keys of a file, without comments and empty lines. */
function keysOf(path: string): string[] {
  return Deno.readTextFileSync(path).split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
