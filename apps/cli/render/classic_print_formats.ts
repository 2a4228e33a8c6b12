import type { FlowFieldName, FlowSchema } from "@flowtools/flow-model";

/**
 * One format of flow-print.
 *
 * A line is its own picture: what stands in braces is a cell, `{value:kind width}`, everything else
 * is printed as it is. Values are the rows of `classic_print_values.ts`, kinds those of
 * `classic_print_cells.ts`.
 */
export interface PrintFormat {
  /** What it shows, for help. */
  readonly title: string;
  /** What is printed before the flows. */
  readonly heading: string;
  /** What is printed for each flow. */
  readonly line: string;
  /** The same with `-w`, where that changes anything. */
  readonly wide?: { readonly heading: string; readonly line: string };
  /** Fields that records must have although no cell of the line shows them. */
  readonly alsoNeeds?: readonly FlowFieldName[];
  /** Which flows are printed; all, unless told. */
  readonly select?: "packets" | "syn";
  /** The records whose format this is when none is asked for: `v7`, `v8.1`. */
  readonly defaultFor?: string;
}

const TIMES = "{start:time17}  {end:time17}";
const ACTIVITY = "{activeSecs:right5}.{activeMsecs:zero3}";
const HEX_FLOW = "{dPkts:dec10} {dOctets:dec10}\n";
const TWO_LINES = ` ${TIMES}  ${ACTIVITY} {bytesPerPacket:dec3} {tos:hex2} {tcp_flags:hex2}\n\n`;
const TWO_LINES_HEAD = " StartTime          EndTime             Active   B/Pk Ts Fl\n\n";

const TOTALS = "{dFlows:dec12}{dOctets:dec12}{dPkts:dec12}{duration:dec12}\n";
const TOTALS_HEAD = "flows       octets      packets     duration\n";
const SIZES = "{dOctets:dec10}  {dPkts:dec10}\n";

const SRC_PREFIX = "{srcPrefix:prefix18}";
const DST_PREFIX = "{dstPrefix:prefix18}";
const ADDRESSES = "{srcaddr:ip15}  {dstaddr:ip15}";
const PORTS = "{srcport:port14}  {dstport:port14}";
const INTERFACES = "{input:dec7}{output:dec7}";
const TOS = "{tos:dec3}  ";

/** The formats, by number. Source: flow-tools `flow-print.c`. */
export const PRINT_FORMATS: readonly PrintFormat[] = [
  // 0
  {
    title: "One line",
    heading: "Sif  SrcIPaddress     Dif  DstIPaddress      Pr SrcP DstP  Pkts       Octets\n",
    line: "{input:hex4} {srcaddr:ip15}  {output:hex4} {dstaddr:ip15}   " +
      `{prot:hex2} {srcport:hexleft4} {dstport:hexleft4}  ${HEX_FLOW}`,
  },
  // 1
  {
    title: "Two lines",
    heading: "Sif  SrcIPaddress     DIf  DstIPaddress      Pr SrcP DstP  Pkts  Octets\n" +
      TWO_LINES_HEAD,
    line: "{input:hex4} {srcaddr:ip15}  {output:hex4} {dstaddr:ip15}   " +
      `{prot:hex2} {srcport:hexleft4} {dstport:hexleft4}  ${HEX_FLOW}${TWO_LINES}`,
    select: "packets",
  },
  // 2
  {
    title: "What looks like a SYN attack",
    heading: "Sif SrcIPaddress     DIf DstIPaddress    Pr SrcP DstP Pkts       Octets\n" +
      TWO_LINES_HEAD,
    line: "{input:hex2}  {srcaddr:ip15}  {output:hex2}  {dstaddr:ip15} " +
      `{prot:hex2} {srcport:hexleft4} {dstport:hexleft4} ${HEX_FLOW}${TWO_LINES}`,
    select: "syn",
  },
  // 3
  {
    title: "Addresses and ports",
    heading: "srcIP            dstIP            prot  srcPort  dstPort  octets      packets\n",
    line: `${ADDRESSES}  {prot:prot4}  {srcport:port7}  {dstport:port7}  ${SIZES}`,
    wide: {
      heading: "srcIP            dstIP            prot   srcPort           dstPort           " +
        "octets      packets\n",
      line: `${ADDRESSES}  {prot:prot5}  {srcport:port16}  {dstport:port16}  ${SIZES}`,
    },
    defaultFor: "",
  },
  // 4
  {
    title: "Prefixes and AS numbers",
    heading: "srcIP              dstIP              prot  srcAS  dstAS  octets      packets\n",
    line: `${SRC_PREFIX} ${DST_PREFIX} {prot:prot4}  {src_as:as5}  {dst_as:as5}  ${SIZES}`,
    wide: {
      heading: "Sif  Dif  srcIP               dstIP               prot   srcAS             " +
        "dstAS             octets      packets\n",
      line: `{input:hex4} {output:hex4} ${SRC_PREFIX}  ${DST_PREFIX}  {prot:prot5}  ` +
        `{src_as:as16}  {dst_as:as16}  ${SIZES}`,
    },
    alsoNeeds: ["input", "output"],
  },
  // 5
  {
    title: "One line with times",
    heading: "Start             End               Sif   SrcIPaddress    SrcP  DIf   " +
      "DstIPaddress    DstP    P Fl Pkts       Octets\n\n",
    line: "{start:time17} {end:time17} {input:dec5} {srcaddr:ip15} {srcport:dec5} " +
      "{output:dec5} {dstaddr:ip15} {dstport:dec5} {prot:dec3} {firstFlags:dec2} " + HEX_FLOW,
  },
  // 6
  {
    title: 'As "show ip accounting"',
    heading: "   Source           Destination              Packets               Bytes\n",
    line: ` ${ADDRESSES}  {dPkts:right17}  {dOctets:right18}\n`,
  },
  // 7
  {
    title: "With the shortcut router of version 7",
    heading: "srcIP               dstIP               router_sc        prot   srcPort         " +
      "dstPort         octets      packets\n",
    line: `${SRC_PREFIX}  ${DST_PREFIX}  {router_sc:ip15}  {prot:prot5}  ${PORTS}  ${SIZES}`,
    defaultFor: "v7",
  },
  // 8
  {
    title: "With the encapsulation of version 6",
    heading: "srcIP               dstIP               peer_nexthop     encap i/o  prot   " +
      "srcPort         dstPort         octets      packets\n",
    line: `${SRC_PREFIX}  ${DST_PREFIX}  {peer_nexthop:ip15}  {in_encaps:dec4} ` +
      `{out_encaps:dec4}  {prot:prot5}  ${PORTS}  ${SIZES}`,
    defaultFor: "v6",
  },
  // 9
  {
    title: "With tags",
    heading: "srcTag      dstTag      srcIP            dstIP            octets      packets\n",
    line: `{src_tag:tag10}  {dst_tag:tag10}  ${ADDRESSES}  ${SIZES}`,
    wide: {
      heading: "srcTag             dstTag             srcIP            dstIP            " +
        "octets      packets\n",
      line: `{src_tag:tag15}  {dst_tag:tag15}  ${ADDRESSES}  ${SIZES}`,
    },
    alsoNeeds: ["prot"],
    defaultFor: "v1005",
  },
  // 10 to 14: the router's aggregations
  aggregated("v8.1", [
    "srcAS  dstAS  in     out    ",
    `{src_as:as5}  {dst_as:as5}  ${INTERFACES}`,
  ], [
    "srcAS             dstAS             in     out    ",
    `{src_as:as16}  {dst_as:as16}  ${INTERFACES}`,
  ]),
  aggregated("v8.2", [
    "srcPort  dstPort  prot   ",
    "{srcport:port7}  {dstport:port7}  {prot:prot5}  ",
  ], [
    "srcPort           dstPort           prot   ",
    "{srcport:port16}  {dstport:port16}  {prot:prot5}  ",
  ]),
  aggregated("v8.3", [
    "src/mask            srcAS  input  ",
    `${SRC_PREFIX}  {src_as:as5}  {input:dec7}`,
  ], [
    "srcPrefix           srcAS             input  ",
    `${SRC_PREFIX}  {src_as:as16}  {input:dec7}`,
  ]),
  // The output interface stands below "input".
  aggregated("v8.4", [
    "dst/mask            dstAS  input  ",
    `${DST_PREFIX}  {dst_as:as5}  {output:dec7}`,
  ], [
    "dstPrefix           dstAS             input  ",
    `${DST_PREFIX}  {dst_as:as16}  {output:dec7}`,
  ]),
  aggregated("v8.5", [
    "srcPrefix           srcAS  dstPrefix           dstAS  input  output ",
    `${SRC_PREFIX}  {src_as:as5}  ${DST_PREFIX}  {dst_as:as5}  ${INTERFACES}`,
  ], [
    "srcPrefix           srcAS             dstPrefix           dstAS             input  output ",
    `${SRC_PREFIX}  {src_as:as16}  ${DST_PREFIX}  {dst_as:as16}  ${INTERFACES}`,
  ]),
  // 15 to 17: the Catalyst's
  {
    title: "Records of version 8.6",
    heading: "dstIP            router_sc        Dif    ToS  mToS xpackets    octets      " +
      "packets\n",
    line: "{dstaddr:ip15}  {router_sc:ip15}  {output:dec5}  {tos:dec3}  {marked_tos:dec3}  " +
      `{extra_pkts:dec10}  ${SIZES}`,
    defaultFor: "v8.6",
  },
  {
    title: "Records of version 8.7",
    heading: "srcIP            dstIP            router_sc        Sif    Dif    ToS  mToS " +
      "xpackets    octets      packets\n",
    line: `${ADDRESSES}  {router_sc:ip15}  {input:dec5}  {output:dec5}  {tos:dec3}  ` +
      `{marked_tos:dec3}  {extra_pkts:dec10}  ${SIZES}`,
    defaultFor: "v8.7",
  },
  {
    title: "Records of version 8.8",
    heading: "srcIP            dstIP            router_sc        Sif    Dif    SrcP   DstP   " +
      "prot ToS  mToS xpackets    octets      packets\n",
    line: `${ADDRESSES}  {router_sc:ip15}  {input:dec5}  {output:dec5}  {srcport:port5.4}  ` +
      "{dstport:port5.4}  {prot:prot3}  {tos:dec3}  {marked_tos:dec3}  " +
      `{extra_pkts:dec10}  ${SIZES}`,
    defaultFor: "v8.8",
  },
  // 18 to 22: those of the router by type of service
  aggregated("v8.9", [
    "ToS  srcAS  dstAS  in     out    ",
    `${TOS}{src_as:as5}  {dst_as:as5}  ${INTERFACES}`,
  ], [
    "ToS  srcAS             dstAS             in     out    ",
    `${TOS}{src_as:as16}  {dst_as:as16}  ${INTERFACES}`,
  ]),
  // The protocol stands below "ToS" too.
  {
    ...aggregated("v8.10", [
      "ToS  srcPort  dstPort  prot   ",
      "{prot:dec3}  {srcport:port7}  {dstport:port7}  {prot:prot5}  ",
    ], [
      "ToS  srcPort           dstPort           prot   ",
      "{prot:dec3}  {srcport:port16}  {dstport:port16}  {prot:prot5}  ",
    ]),
    alsoNeeds: ["tos"],
  },
  aggregated("v8.11", [
    "ToS  srcPrefix           srcAS  input  ",
    `${TOS}${SRC_PREFIX}  {src_as:as5}  {input:dec7}`,
  ], [
    "ToS  srcPrefix           srcAS             input  ",
    `${TOS}${SRC_PREFIX}  {src_as:as16}  {input:dec7}`,
  ]),
  aggregated("v8.12", [
    "ToS  dst/mask            dstAS  input  ",
    `${TOS}${DST_PREFIX}  {dst_as:as5}  {output:dec7}`,
  ], [
    "ToS  dstPrefix           dstAS             input  ",
    `${TOS}${DST_PREFIX}  {dst_as:as16}  {output:dec7}`,
  ]),
  // The destination prefix, cut, stands below "srcAS", and the source AS below "dstPrefix".
  aggregated("v8.13", [
    "ToS  srcPrefix           srcAS  dstPrefix           dstAS  input  output ",
    `${TOS}${SRC_PREFIX}  {dstPrefix:prefixcut5}  {src_as:as18}  {dst_as:as5}  ${INTERFACES}`,
  ], [
    "ToS  srcPrefix           srcAS             dstPrefix           dstAS             " +
    "input  output ",
    `${TOS}${SRC_PREFIX}  {dstPrefix:prefixcut16}  {src_as:as18}  {dst_as:as16}  ${INTERFACES}`,
  ]),
  // 23
  {
    title: "Prefixes and ports of version 8.14",
    heading: "ToS  srcPrefix           dstPrefix           Pr   SrcP   DstP    input  output " +
      TOTALS_HEAD,
    line: `${TOS}${SRC_PREFIX}  ${DST_PREFIX}  {prot:prot3}  {srcport:port5}  {dstport:port5}  ` +
      `${INTERFACES}${TOTALS}`,
    wide: {
      heading: "ToS  srcPrefix           dstPrefix           Pr     SrcP              " +
        `DstP              input  output ${TOTALS_HEAD}`,
      line: `${TOS}${SRC_PREFIX}  ${DST_PREFIX}  {prot:prot5}  {srcport:port16}  ` +
        `{dstport:port16}  ${INTERFACES}${TOTALS}`,
    },
    defaultFor: "v8.14",
  },
  // 24
  {
    title: "Nearly everything, for programs",
    heading: "#Sif SrcIPaddress     DIf  DstIPaddress     Pr SrcP  DstP  Pkts       Octets       " +
      "StartDate  StartTime     EndDate    EndTime       ExporterAddr    RouterSrc          " +
      "Active B/Pk  Ts Fl  SrcAS DstAS\n\n",
    line: "{input:hex4} {srcaddr:ip15}  {output:hex4} {dstaddr:ip15}  {prot:hex2} " +
      "{srcport:dec5} {dstport:dec5} {dPkts:dec10} {dOctets:dec10}   {start:date23}  " +
      `{end:date23}  {exaddr:ip15} {router_sc:ip15} ${ACTIVITY} {bytesPerPacket:dec4}  ` +
      "{tos:hex2} {tcp_flags:hex2}  {src_as:as5} {dst_as:as5}\n",
    select: "packets",
  },
];

/** The heading of a format and its line, less the totals at their ends. */
type Columns = readonly [heading: string, line: string];

/** A format of aggregated records: some columns, and the totals of the flows. */
function aggregated(defaultFor: string, narrow: Columns, wide: Columns): PrintFormat {
  const [form, wideForm] = [narrow, wide].map(([heading, line]) => ({
    heading: heading + TOTALS_HEAD,
    line: line + TOTALS,
  }));
  return {
    title: `Records of version ${defaultFor.slice(1)}`,
    ...form,
    wide: wideForm,
    defaultFor,
  };
}

/** The format of records where none is asked for. */
export function defaultPrintFormat(schema: FlowSchema): PrintFormat {
  return PRINT_FORMATS.find((format) => format.defaultFor === schema.label) ??
    PRINT_FORMATS.find((format) => format.defaultFor === "")!;
}
