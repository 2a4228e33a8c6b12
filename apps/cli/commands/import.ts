import { FLOW_FIELDS, type RecordLayout } from "@flowtools/flow-model";
import { findFtLayout, type RecordBlock } from "@flowtools/ft-format";
import {
  type BlockSink,
  CflowdImporter,
  CsvImporter,
  type FlowImporter,
  type ImportWarning,
  NfCollectorImporter,
  PacketImporter,
  parseFieldMask,
} from "@flowtools/flowset";
import type { ReferenceFaultOptions } from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import { reportInputFault } from "../each_input.ts";
import { UsageError } from "@flowtools/common/flags";
import { listInputs } from "../inputs.ts";
import { EXPORT_VERSIONS, parseVersion } from "@flowtools/common/parse_version";
import { readChunks } from "../read_chunks.ts";
import { RunProfile } from "../run_profile.ts";
import {
  BYTE_ORDER_FLAG,
  byteOrderOf,
  COMPRESS_FLAG,
  DEBUG_FLAG,
  OUTPUT_FLAG,
} from "../shared_flags.ts";
import { StreamOutput } from "../stream_output.ts";
import { strictCompat } from "../strict_compat.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";

/** What a call asks of an importer. */
interface ImportCall extends ReferenceFaultOptions {
  readonly layout: RecordLayout;
  readonly mask: bigint | undefined;
  readonly warn: ImportWarning;
}

/** A format. */
interface ImportFormat {
  /** Its number in flow-import, and its name. */
  readonly names: readonly string[];
  /** What it is. */
  readonly meaning: string;
  /** The exit code of flow-import where all went well. */
  readonly strictCode: number;
  /** flow-import writes its records in the order of this machine, whatever the header says. */
  readonly ignoresOrder?: true;
  readonly make: (call: ImportCall) => FlowImporter;
}

/** The exit code of flow-import for what it cannot read: -1, of which 8 bits are left. */
const STRICT_FAULT = 255;

const FORMATS: readonly ImportFormat[] = [
  {
    names: ["0", "cflowd"],
    meaning: "Records of cflowd",
    strictCode: 255,
    make: (call) => new CflowdImporter(call.layout, call),
  },
  {
    names: ["2", "csv"],
    meaning: "Lines of values with commas between them",
    strictCode: 0,
    make: (call) => new CsvImporter(call.layout, call.mask, call),
  },
  {
    names: ["3", "nfcollector"],
    meaning: "Files of Cisco NFCollector",
    strictCode: 1,
    make: (call) => new NfCollectorImporter(call.layout, call.warn, call),
  },
  {
    names: ["4", "pdu"],
    meaning: "Export packets",
    strictCode: 255,
    ignoresOrder: true,
    make: (call) => new PacketImporter(call.layout, call.warn, call),
  },
];

/** Imports flows from other formats. */
export const importCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "format",
      letter: "f",
      value: "FORMAT",
      choices: FORMATS.flatMap(({ names }) => names),
      meanings: FORMATS.flatMap(({ names, meaning }) =>
        names.map((name) => [name, meaning] as const)
      ),
      doc: "The format to import from (default: 0)",
    },
    {
      name: "mask",
      letter: "m",
      value: "FIELDS",
      words: FLOW_FIELDS.map(({ name }) => name.toLowerCase()),
      list: true,
      doc: "Columns of CSV that does not name them: names, comma separated, or a number (0x…)",
    },
    {
      name: "export-version",
      letter: "V",
      value: "VERSION",
      words: EXPORT_VERSIONS,
      doc: "Version to store: 1, 5, 6, 7, 8.1 to 8.14 or 1005; must be given",
    },
    OUTPUT_FLAG,
    BYTE_ORDER_FLAG,
    COMPRESS_FLAG,
    DEBUG_FLAG,
  ]),
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
    const kind = FORMATS.find(({ names }) => names.includes(format))!;
    const strict = strictCompat(args);
    const call: ImportCall = {
      layout,
      mask: mask === undefined ? undefined : parseFieldMask(mask, { referenceFaults: strict }),
      warn: (message) => console.error(`flow-import: ${message}`),
      referenceFaults: strict,
    };
    const selection = await WhereSelection.fromArgs(args);
    selection.where?.check(layout.schema);
    const output = StreamOutput.fromFlags(args);
    const shaped = (block: RecordBlock) =>
      strict && kind.ignoresOrder
        ? { ...block, littleEndian: byteOrderOf(args) === "little" }
        : block;
    const write: BlockSink = (block) => {
      const passed = selection.take(block);
      return passed && output.write(shaped(passed));
    };
    let code = 0;
    try {
      output.begin(layout, {
        hostname: "flow-import",
        comments: "flow-import",
        ...(output.rewritable ? { flowCount: 0 } : {}),
      });
      for (const path of listInputs(args.operands)) {
        const importer = kind.make(call);
        try {
          for await (const chunk of readChunks(path)) {
            await importer.add(chunk, write);
          }
          await importer.end(write);
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
    if (strict) return code === 0 ? kind.strictCode : STRICT_FAULT;
    return selection.exitCode(code);
  },
};
