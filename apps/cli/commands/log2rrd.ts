import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { readLines } from "../read_lines.ts";
import { parseStatLine } from "../rrd_log.ts";
import { SERIES_FLAG, SeriesError, SeriesStore } from "../rrd_store.ts";

/** Makes time series of logs. */
export const log2rrdCommand: CommandBody = {
  operands: "[LOG…]",
  flags: [
    {
      name: "path",
      letter: "p",
      value: "DIR",
      doc: "Directory of the files capture|fanout.HOST.SRC_IP.DST_IP.VERSION.rrd (default: .)",
    },
    SERIES_FLAG,
  ],
  examples: [
    ["flowtools log2rrd -p rrds netflow.log", "Values of each exporter from the log"],
    ["flowtools log2rrd --format csv -p series netflow.log", "The same for a spreadsheet"],
  ],
  run: async (args) => {
    const path = args.value("path") ?? ".";
    const store = new SeriesStore(args.value("format"), {
      created: (file) => console.log(`Creating ${file.endsWith(".rrd") ? "RRD  " : ""}${file}`),
    });
    let faults = 0;
    let firstFault = "";
    const code = await eachInput(args, async (input) => {
      let number = 0;
      for await (const line of readLines(input)) {
        number++;
        const stat = parseStatLine(line, path);
        if (stat === undefined) continue;
        try {
          if (typeof stat === "string") throw new SeriesError(stat);
          store.update(stat.spec, stat.time, stat.values);
        } catch (error) {
          if (!(error instanceof SeriesError)) throw error;
          if (faults++ === 0) firstFault = `${input} line ${number}: ${error.message}`;
        }
      }
    });
    try {
      store.flush();
    } catch (error) {
      if (!(error instanceof SeriesError)) throw error;
      if (faults++ === 0) firstFault = error.message;
    }
    if (store.stale > 0) {
      console.error(`flowtools: ${store.stale} values left out, the files have later ones`);
    }
    if (faults > 0) {
      console.error(`flowtools: ${faults} lines could not be stored, the first: ${firstFault}`);
    }
    return faults > 0 ? 1 : code;
  },
};
