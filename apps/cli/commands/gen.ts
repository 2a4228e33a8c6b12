import { FLOW_FIELD_NAMES, FlowBatch, type FlowFieldName } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { FlowSet } from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import { NewFile } from "../new_file.ts";
import {
  BYTE_ORDER_FLAG,
  byteOrderOf,
  COMPRESS_FLAG,
  OUTPUT_FLAG,
  SILENT_DEBUG_FLAG,
} from "../shared_flags.ts";
import { EXPORT_VERSIONS, parseVersion } from "@flowtools/common/parse_version";

/** Generates the test pattern of flow-gen. */
export const genCommand: CommandBody = {
  operands: "",
  flags: [
    {
      name: "count",
      letter: "n",
      value: "N",
      range: [0, 2 ** 32 - 1],
      doc: "Flows to generate (default: 1000)",
    },
    {
      name: "export-version",
      letter: "V",
      value: "VERSION",
      words: EXPORT_VERSIONS,
      doc: "1, 5, 6, 7, 8.1 to 8.14 or 1005 (default: 5)",
    },
    BYTE_ORDER_FLAG,
    COMPRESS_FLAG,
    OUTPUT_FLAG,
    SILENT_DEBUG_FLAG,
  ],
  examples: [
    ["flowtools gen -n 50 -V 8.7 | flowtools print", "Look at the pattern of an aggregation"],
    ["flowtools gen -n 50000 -z 6 -o test.ft", "A compressed file of fifty thousand flows"],
  ],
  run: async (args) => {
    const { version, aggregation } = parseVersion(args.value("export-version") ?? "5");
    const path = args.value("output") ?? "-";
    const newFile = path === "-" ? undefined : NewFile.begin(path);
    await using set = await FlowSet.create(newFile?.path ?? "-", {
      version,
      aggregation,
      byteOrder: byteOrderOf(args),
      compressionLevel: args.number("compress") ?? 0,
      hostname: "flow-gen",
      comments: "flow-gen",
    });
    for (const batch of pattern(version, aggregation, args.number("count") ?? 1000)) {
      await set.write(batch);
    }
    await set.close();
    newFile?.commit();
    return 0;
  },
};

/** The first value of a field, and what each further flow adds to it. */
type Ramp = readonly [first: number, step: number];

/** The pattern of most versions. */
const RAMPS: Readonly<Partial<Record<FlowFieldName, Ramp>>> = {
  dFlows: [2, 2],
  dPkts: [1, 1],
  dOctets: [1, 1],
  first: [0, 1],
  last: [0xffff0000, 1],
  srcaddr: [0, 1],
  dstaddr: [0xffff0000, 1],
  input: [0, 1],
  output: [0xff00, 1],
  srcport: [0, 1],
  dstport: [0xff00, 1],
  src_as: [0, 1],
  dst_as: [0xff00, 1],
  in_encaps: [0, 1],
  out_encaps: [0x80, 1],
  peer_nexthop: [0, 1],
};

const CLASSIC: typeof RAMPS = { prot: [17, 0] };
const MASKS: typeof RAMPS = { src_mask: [0, 1], dst_mask: [0, 1] };
const TOS: typeof RAMPS = { tos: [0, 1] };
const DESTINATION_PREFIX: typeof RAMPS = {
  ...MASKS,
  dstaddr: [0, 1],
  output: [0, 1],
  dst_as: [0, 1],
};
const CATALYST: typeof RAMPS = {
  ...TOS,
  prot: [0, 1],
  dstport: [0, 1],
  router_sc: [0, 2],
  extra_pkts: [0, 1],
  marked_tos: [0xff, 1],
};

/** Where a version departs from the pattern, by its label. */
const DEPARTURES: Readonly<Record<string, typeof RAMPS>> = {
  "v1": CLASSIC,
  "v5": { ...CLASSIC, ...TOS },
  "v6": CLASSIC,
  "v7": { ...CLASSIC, router_sc: [0, 1] },
  "v8.3": MASKS,
  "v8.4": DESTINATION_PREFIX,
  "v8.5": MASKS,
  "v8.6": CATALYST,
  "v8.7": CATALYST,
  "v8.8": CATALYST,
  "v8.9": TOS,
  "v8.10": TOS,
  "v8.11": { ...MASKS, ...TOS },
  "v8.12": { ...DESTINATION_PREFIX, ...TOS },
  "v8.13": { ...MASKS, ...TOS },
  "v8.14": { ...MASKS, ...TOS, prot: [0, 1] },
  "v1005": {
    ...CLASSIC,
    ...TOS,
    dstaddr: [0x8092c500, 1],
    nexthop: [0x8092c500, 1],
    src_tag: [0, 1],
    dst_tag: [0xff, 1],
  },
};

function* pattern(
  version: number,
  aggregation: number | undefined,
  count: number,
): Generator<FlowBatch, void, undefined> {
  const schema = findFtLayout(version, aggregation)!.schema;
  const ramps = { ...RAMPS, ...DEPARTURES[schema.label] };
  const batch = new FlowBatch();
  for (let flow = 0; flow < count;) {
    batch.reset();
    for (; flow < count && batch.room > 0; flow++) {
      const values: Record<string, number> = {};
      for (const name of FLOW_FIELD_NAMES) {
        const ramp = ramps[name];
        if (ramp !== undefined && schema.has(name)) values[name] = rampValue(name, ramp, flow);
      }
      batch.append(schema, values);
    }
    yield batch;
  }
}

/** Fields that a record holds in 16 bits, though a column has room for more. */
const SIXTEEN_BITS: ReadonlySet<FlowFieldName> = new Set([
  "input",
  "output",
  "src_as",
  "dst_as",
]);

function rampValue(name: FlowFieldName, [first, step]: Ramp, flow: number): number {
  return (first + step * flow) % (SIXTEEN_BITS.has(name) ? 2 ** 16 : 2 ** 32);
}
