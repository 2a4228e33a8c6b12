import type { ReportResult } from "@flowtools/flowset/reports";
import { fixed } from "./stat_text.ts";

/** Shares of one line of a distribution, and the words over them. */
interface ShareLine {
  readonly head: string;
  /** The first class, and the one after the last. */
  readonly classes: readonly [from: number, to: number];
  /** Columns up to this class are five characters wide, the others six. */
  readonly narrow: number;
}

/** One distribution of the long summary. */
interface ShareTable {
  readonly title: string;
  readonly counts: "packetSizes" | "flowPackets" | "flowOctets" | "flowTimes";
  readonly lines: readonly ShareLine[];
}

/** The distributions in order. The heads are as the reference prints them, oddities and all. */
const SHARE_TABLES: readonly ShareTable[] = [
  {
    title: "IP packet size distribution:",
    counts: "packetSizes",
    lines: [
      {
        head: "   1-32   64   96  128  160  192  224  256  288  320  352  384  416  448  480",
        classes: [0, 15],
        narrow: 15,
      },
      {
        head: "    512  544  576 1024 1536 2048 2560 3072 3584 4096 4608",
        classes: [15, 26],
        narrow: 26,
      },
    ],
  },
  {
    title: "Packets per flow distribution:",
    counts: "flowPackets",
    lines: [
      {
        head: "      1    2    4    8   12   16   20   24   28   32   36   40   44   48   52",
        classes: [0, 15],
        narrow: 15,
      },
      {
        head: "     60  100  200  300  400  500  600  700  800  900 >900",
        classes: [15, 26],
        narrow: 26,
      },
    ],
  },
  {
    title: "Octets per flow distribution:",
    counts: "flowOctets",
    lines: [
      {
        head: "     32   64  128  256  512 1280 2048 2816 3584 4352 5120 5888 6656 7424 8192",
        classes: [0, 15],
        narrow: 15,
      },
      {
        head: "   8960 9728 10496 11264 12032 12800 13568 14336 15104 15872 >15872",
        classes: [15, 26],
        narrow: 16,
      },
    ],
  },
  {
    title: "Flow time distribution:",
    counts: "flowTimes",
    lines: [
      {
        head: "    10    50  100  200  500 1000 2000 3000 4000 5000 6000 7000 8000 9000 10000",
        classes: [0, 15],
        narrow: 13,
      },
      {
        head: "  12000 14000 16000 18000 20000 22000 24000 26000 28000 30000 >30000",
        classes: [15, 26],
        narrow: 15,
      },
    ],
  },
];

/** The long summary; nothing where there are no flows. */
export function summaryText(result: ReportResult): string {
  const { totals, detail } = result;
  if (totals.flows === 0 || detail === undefined) return "";
  const tables = SHARE_TABLES.map((table) => shareText(table, detail[table.counts], totals.flows));
  return overallText(result) + "\n\n" + tables.join("");
}

/** The counts and averages. The reference computes in single precision, and so does this. */
function overallText({ totals, detail }: ReportResult): string {
  const { flows, octets, packets, duration } = totals;
  const real = packets === 0 ? 0 : (totals.timeEnd - totals.timeStart) >>> 0;
  // Where all flows end before any begins, the reference's unsigned difference is huge.
  const span = BigInt.asUintN(64, BigInt(detail!.uptimeEnd - detail!.uptimeStart));
  const seconds = Number(span / 1000n);
  const kilobits = divide(octets * 8, 1000);
  const averages: readonly (readonly [string, number])[] = [
    ["Average flow time (1/1000 secs) ", divide(duration, flows)],
    ["Average packet size (octets)    ", packets === 0 ? 0 : divide(octets, packets)],
    ["Average flow size (octets)      ", divide(octets, flows)],
    ["Average packets per flow        ", divide(packets, flows)],
    ["Average flows / second (flow)   ", divide(flows, seconds)],
    ["Average flows / second (real)   ", real === 0 ? 0 : divide(flows, real)],
    ["Average Kbits / second (flow)   ", divide(kilobits, seconds)],
    ["Average Kbits / second (real)   ", real === 0 ? 0 : divide(kilobits, real)],
  ];
  const counts: readonly (readonly [string, number | bigint])[] = [
    ["Total Flows                     ", flows],
    ["Total Octets                    ", octets],
    ["Total Packets                   ", packets],
    ["Total Time (1/1000 secs) (flows)", duration],
    ["Duration of data  (realtime)    ", real],
    ["Duration of data (1/1000 secs)  ", packets === 0 ? 0 : span],
  ];
  return counts.map(([label, count]) => `${label}: ${BigInt(count)}\n`).join("") +
    averages.map(([label, value]) => `${label}: ${fixed(value, 4).padStart(4)}\n`).join("");
}

/** A quotient in single precision. */
function divide(a: number, b: number): number {
  return Math.fround(Math.fround(a) / Math.fround(b));
}

function shareText(table: ShareTable, counts: Float64Array, flows: number): string {
  const lines = table.lines.map(({ head, classes: [from, to], narrow }) => {
    let line = "   ";
    for (let index = from; index < to; index++) {
      // The first character, mostly a 0, is left out.
      line += fixed(divide(counts[index], flows), 3).slice(1) + (index < narrow ? " " : "  ");
    }
    return `${head}\n${line}\n\n`;
  });
  return `${table.title}\n${lines.join("")}`;
}

/** The short summary. */
export function totalsText({ totals }: ReportResult, comment: string): string {
  const count = (sum: number) => String(BigInt(sum)).padEnd(20);
  return `${comment}\n${comment} Octets            Packets             MBytes\n${comment}\n` +
    `${count(totals.octets)}${count(totals.packets)}${fixed(totals.octets / 1e6, 3)}\n`;
}
