import type { RecordLayout } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import {
  CflowdImporter,
  CsvImporter,
  type FlowImporter,
  type ImportWarning,
  NfCollectorImporter,
  PacketImporter,
  parseFieldMask,
} from "@flowtools/flowset";
import type { Command } from "../command.ts";
import { reportInputFault } from "../each_input.ts";
import { UsageError } from "@flowtools/common/flags";
import { listInputs } from "../inputs.ts";
import { parseVersion } from "@flowtools/common/parse_version";
import { readChunks } from "../read_chunks.ts";
import { RunProfile } from "../run_profile.ts";
import { BYTE_ORDER_FLAG, COMPRESS_FLAG, DEBUG_FLAG, OUTPUT_FLAG } from "../shared_flags.ts";
import { StreamOutput } from "../stream_output.ts";

type MakeImporter = (
  layout: RecordLayout,
  mask: bigint | undefined,
  warn: ImportWarning,
) => FlowImporter;

/** The formats: those of flow-import by number, and each by name. */
const FORMATS: readonly (readonly [names: readonly string[], make: MakeImporter])[] = [
  [["0", "cflowd"], (layout) => new CflowdImporter(layout)],
  [["2", "csv"], (layout, mask) => new CsvImporter(layout, mask)],
  [["3", "nfcollector"], (layout, _mask, warn) => new NfCollectorImporter(layout, warn)],
  [["4", "pdu"], (layout, _mask, warn) => new PacketImporter(layout, warn)],
];

/** Imports flows from other formats. */
export const importCommand: Command = {
  name: "import",
  summary: "Import flows from other formats",
  operands: "[FILE…]",
  flags: [
    {
      name: "format",
      letter: "f",
      value: "FORMAT",
      choices: FORMATS.flatMap(([names]) => names),
      doc: "0 cflowd, 2 CSV, 3 Cisco NFCollector, 4 export packets (default: 0)",
    },
    {
      name: "mask",
      letter: "m",
      value: "FIELDS",
      doc: "Columns of CSV that does not name them: names, comma separated, or a number (0x…)",
    },
    {
      name: "export-version",
      letter: "V",
      value: "VERSION",
      doc: "Version to store: 1, 5, 6, 7, 8.1 to 8.14 or 1005; must be given",
    },
    OUTPUT_FLAG,
    BYTE_ORDER_FLAG,
    COMPRESS_FLAG,
    DEBUG_FLAG,
  ],
  examples: [
    [
      "flowtools export -f 2 file.ft | flowtools import -f 2 -V 5 >again.ft",
      "There and back by CSV",
    ],
    [
      "flowtools export -f 4 file.ft | flowtools import -f 4 -V 7 -o v7.ft",
      "Export packets as version 7",
    ],
  ],
  run: async (args) => {
    const profile = new RunProfile("import");
    const label = args.value("export-version");
    if (label === undefined) {
      throw new UsageError("--export-version (-V) is missing: say which version to store flows as");
    }
    const { version, aggregation } = parseVersion(label);
    const layout = findFtLayout(version, aggregation)!;
    const mask = args.value("mask");
    const format = args.value("format") ?? "0";
    const make = FORMATS.find(([names]) => names.includes(format))![1];
    const fields = mask === undefined ? undefined : parseFieldMask(mask);
    const output = StreamOutput.fromFlags(args);
    const warn = (message: string) => console.error(`flow-import: ${message}`);
    let code = 0;
    try {
      output.begin(layout, {
        hostname: "flow-import",
        comments: "flow-import",
        ...(output.rewritable ? { flowCount: 0 } : {}),
      });
      for (const path of listInputs(args.operands)) {
        const importer = make(layout, fields, warn);
        try {
          for await (const chunk of readChunks(path)) {
            await importer.add(chunk, (block) => output.write(block));
          }
          await importer.end((block) => output.write(block));
        } catch (error) {
          reportInputFault(path, error);
          code = 1;
        }
      }
      await output.close();
    } catch (error) {
      output.abort();
      throw error;
    }
    profile.report(args.number("debug"), output.flowCount);
    console.error(`flow-import: Imported ${output.flowCount} records.`);
    return code;
  },
};
