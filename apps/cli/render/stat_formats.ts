import type { SymbolKind } from "@flowtools/flowset/select";

/** One cell of a line: a key of the group. */
export interface StatCell {
  /** Characters. */
  readonly width: number;
  /** Characters with `-w`. */
  readonly wide?: number;
  /** Characters with `-w` and `-P`, where that differs. */
  readonly widePercent?: number;
}

/** What the lines of groups look like. */
export interface StatLines {
  /** What stands over the keys, up to the word "flows". */
  readonly head: string;
  /** The head is cut and padded to 10 characters, with `-w` to 15, and may touch what follows. */
  readonly headCut?: boolean;
  /** The keys. */
  readonly cells: readonly StatCell[];
  /** The packets are padded, though nothing follows them. */
  readonly padded?: boolean;
  /** Where the names of keys are looked up. */
  readonly symbols?: SymbolKind;
  /** It is a table over all possible keys: from the greatest down, lines of tally with `-t`. */
  readonly table?: boolean;
  /** Each flow counts so many times in the totals. */
  readonly totalsTimes?: number;
}

/** A format of flow-stat. */
export interface StatFormat {
  /** What `Name:` and `-h -h` call it. */
  readonly title: string;
  /** How groups are printed; not there where there are none. */
  readonly lines?: StatLines;
}

const ADDRESS: StatLines = { head: "IPaddr         ", cells: [{ width: 15 }] };

const PREFIX: StatLines = { head: "Source Prefix     ", cells: [{ width: 18 }] };

function table(head: string, symbols?: SymbolKind): StatLines {
  return {
    head,
    headCut: true,
    cells: [{ width: 10, wide: 15 }],
    padded: true,
    symbols,
    table: true,
  };
}

function counted(head: string): StatLines {
  // Sizes and counts are looked up as tags, too: the reference does.
  return { head, cells: [{ width: 10, wide: 15, widePercent: 10 }], symbols: "tag" };
}

/**
 * flow-stat's formats by number. The texts are a contract, so that each stands as the reference
 * prints it.
 */
export const STAT_FORMATS: readonly StatFormat[] = [
  { title: "Overall Summary" },
  { title: "Average packet size distribution", lines: counted("Pkt Size  ") },
  { title: "Packets per flow distribution", lines: counted("Packets   ") },
  { title: "Octets per flow distribution", lines: counted("Octets    ") },
  { title: "Bandwidth per flow distribution" },
  { title: "UDP/TCP destination port", lines: table("port", "tcp-port") },
  { title: "UDP/TCP source port", lines: table("port", "tcp-port") },
  { title: "UDP/TCP port", lines: { ...table("port", "tcp-port"), totalsTimes: 2 } },
  { title: "Destination IP", lines: ADDRESS },
  { title: "Source IP", lines: ADDRESS },
  {
    title: "Source/Destination IP",
    lines: {
      head: "src IPaddr     dst IPaddr       ",
      cells: [{ width: 15 }, { width: 15 }],
      padded: true,
    },
  },
  { title: "Source or Destination IP", lines: ADDRESS },
  { title: "IP protocol", lines: table("protocol", "ip-prot") },
  { title: "octets for flow duration plot data" },
  { title: "packets for flow duration plot data" },
  { title: "short summary" },
  { title: "IP Next Hop", lines: ADDRESS },
  { title: "Input interface", lines: table("interface") },
  { title: "Output interface", lines: table("interface") },
  { title: "Source AS", lines: table("src AS", "asn") },
  { title: "Destination AS", lines: table("dst AS", "asn") },
  {
    title: "Source/Destination AS",
    lines: {
      head: "src AS          dst AS            ",
      cells: [{ width: 16 }, { width: 16 }],
      padded: true,
      symbols: "asn",
    },
  },
  { title: "IP ToS", lines: table("ToS") },
  {
    title: "Input/Output Interface",
    lines: { head: "in   out    ", cells: [{ width: 5 }, { width: 5 }], padded: true },
  },
  { title: "Source Prefix", lines: PREFIX },
  { title: "Destination Prefix", lines: PREFIX },
  {
    title: "Source/Destination Prefix",
    lines: {
      head: "Source Prefix     Destination Prefix  ",
      cells: [{ width: 18 }, { width: 18 }],
    },
  },
  { title: "Exporter IP", lines: ADDRESS },
  { title: "Engine Id", lines: table("engine_id") },
  { title: "Engine Type", lines: table("engine_type") },
  { title: "Source Tag", lines: counted("Src Tag   ") },
  { title: "Destination Tag", lines: counted("Dst Tag   ") },
  {
    title: "Source/Destination Tag",
    lines: {
      head: "Src Tag   Dst Tag     ",
      cells: [{ width: 10 }, { width: 10 }],
      symbols: "tag",
    },
  },
];

/** Formats that print something other than groups. */
export const STAT = {
  summary: 0,
  bandwidth: 4,
  octetsPlot: 13,
  packetsPlot: 14,
  totals: 15,
} as const;
