import { fixed } from "./report_table_numbers.ts";
import { type ReportTable, ReportTableError } from "./report_table_input.ts";

/** A piece of text: what the program says, and what comes from the report. */
export interface DetailPiece {
  readonly label: string;
  readonly text: string;
}

/** Totals, shown first where the report has them: label, name. */
const TOTALS: readonly (readonly [label: string, name: string])[] = [
  ["Ignores:                 ", "ignores"],
  ["Total Flows:             ", "flows"],
  ["Total Octets:            ", "octets"],
  ["Total Packets:           ", "packets"],
  ["Total Duration (ms):     ", "duration"],
];

/** Averages. */
const AVERAGES: readonly (readonly [label: string, name: string])[] = [
  ["Real Time:               ", "time_real"],
  ["Average Flow Time:       ", "aflowtime"],
  ["Average Packets/Second:  ", "aps"],
  ["Average Flows/Second:    ", "afs"],
  ["Average Packets/Flow:    ", "apf"],
  ["Flows/Second:            ", "fps"],
  ["Flows/Second (real):     ", "fps_real"],
];

/** One line of a distribution: what stands above, the values, from and to (not included). */
interface DistributionRow {
  readonly head: string;
  readonly from: number;
  readonly to: number;
  /** Values from here on have a space of their own behind them. */
  readonly wideFrom?: number;
}

/** The distributions, in the order of the values of `# rec2`. */
const DISTRIBUTIONS: readonly DistributionRow[] = [
  {
    head: "\nAverage IP packet size distribution:\n\n" +
      "   1-32   64   96  128  160  192  224  256  288  320  352  384  416  448  480\n   ",
    from: 7,
    to: 22,
  },
  {
    head: " \n\n    512  544  576 1024 1536 2048 2560 3072 3584 4096 4608\n   ",
    from: 22,
    to: 33,
  },
  {
    head: " \n\nPackets per flow distribution:\n\n" +
      "      1    2    4    8   12   16   20   24   28   32   36   40   44   48   52\n   ",
    from: 33,
    to: 48,
  },
  {
    head: " \n\n     60  100  200  300  400  500  600  700  800  900 >900\n    ",
    from: 48,
    to: 59,
  },
  {
    head: " \n\nOctets per flow distribution:\n\n" +
      "     32   64  128  256  512 1280 2048 2816 3584 4352 5120 5888 6656 7424 8192\n   ",
    from: 59,
    to: 74,
  },
  {
    head: " \n\n   8960 9728 10496 11264 12032 12800 13568 14336 15104 15872 >15872\n   ",
    from: 74,
    to: 85,
    wideFrom: 75,
  },
  {
    head: " \n\nFlow Time Distribution (ms):\n\n" +
      "    10    50  100  200  500 1000 2000 3000 4000 5000 6000 7000 8000 9000 10000\n   ",
    from: 85,
    to: 100,
  },
  {
    head: " \n\n  12000 14000 16000 18000 20000 22000 24000 26000 28000 30000 >30000\n   ",
    from: 100,
    to: 111,
    wideFrom: 100,
  },
];

/** A summary-detail report as text, in the layout of flow-rptfmt. */
export function* detailSections(table: ReportTable): Generator<DetailPiece, void, undefined> {
  const { names, values } = table.detail!;
  if (table.totals !== undefined) {
    for (const [label, name] of TOTALS) yield { label, text: named(table.totals.get(name), name) };
  }
  for (const [label, name] of AVERAGES) {
    yield { label, text: named(values[names.indexOf(name)], name) };
  }
  for (const { head, from, to, wideFrom = to } of DISTRIBUTIONS) {
    const shares: string[] = [];
    for (let at = from; at < to; at++) {
      shares.push(share(values[at], at) + (at < wideFrom ? "" : " "));
    }
    yield { label: head + shares.join(" "), text: "" };
  }
  yield { label: "\n", text: "" };
}

function named(value: string | undefined, name: string): string {
  if (value !== undefined) return value + "\n";
  throw new ReportTableError("no-value", `Cannot show report: it has no value named "${name}"`);
}

/** A share of one, with three digits and without the digit in front of the point. */
function share(value: string | undefined, at: number): string {
  if (value === undefined || value === "" || Number.isNaN(Number(value))) {
    throw new ReportTableError(
      "no-value",
      `Cannot show report: value ${at + 1} of its "# rec2" line is "${value}", expected a number`,
    );
  }
  return fixed(Number(value), 3).slice(1);
}
