import {
  FLOW_OCTETS_BOUNDS,
  FLOW_PACKETS_BOUNDS,
  FLOW_TIME_BOUNDS,
  PACKET_SIZE_BOUNDS,
  type ReportResult,
  type SummaryDetail,
} from "@flowtools/flowset/reports";
import { fixed } from "./stat_text.ts";

/** The distributions: the start of their columns' names, bounds, counts, whether the rest counts. */
const DISTRIBUTIONS: readonly {
  readonly name: string;
  readonly bounds: readonly number[];
  readonly counts: (detail: SummaryDetail) => Float64Array;
  readonly rest: boolean;
}[] = [
  {
    name: "psize",
    bounds: PACKET_SIZE_BOUNDS,
    counts: (detail) => detail.packetSizes,
    rest: false,
  },
  {
    name: "fpsize",
    bounds: FLOW_PACKETS_BOUNDS,
    counts: (detail) => detail.flowPackets,
    rest: true,
  },
  { name: "fosize", bounds: FLOW_OCTETS_BOUNDS, counts: (detail) => detail.flowOctets, rest: true },
  { name: "ftime", bounds: FLOW_TIME_BOUNDS, counts: (detail) => detail.flowTimes, rest: true },
];

/** The reference has a stray character before this column's name. */
const STRAY = "psize4096";

const U32 = 2 ** 32;

/** The lines of summary-detail. */
export function reportSummary({ totals, detail }: ReportResult): string {
  const { flows, octets, packets, duration, timeEnd } = totals;
  // The reference never sets its starts, which thus are 0.
  const seconds = (detail!.uptimeEnd % U32) / 1000;
  const names = ["time_real", "aflowtime", "aps", "afs", "apf", "fps", "fps_real"];
  const values = [
    quotient(duration, flows),
    quotient(octets, packets),
    quotient(octets, flows),
    quotient(packets, flows),
    seconds === 0 ? 0 : flows / seconds,
    timeEnd === 0 ? 0 : flows / timeEnd,
  ];
  for (const { name, bounds, counts, rest } of DISTRIBUTIONS) {
    names.push(...bounds.map((bound) => name + bound), ...rest ? [`${name}_other`] : []);
    const classes = counts(detail!).subarray(0, bounds.length + (rest ? 1 : 0));
    values.push(...Array.from(classes, (count) => count / flows));
  }
  const columns = names.map((name) => name === STRAY ? `>${name}` : name).join(",");
  return `# rec2: ${columns}\n${timeEnd},${values.map((value) => fixed(value, 6)).join(",")}\n`;
}

/** Whole numbers, as the reference divides them. */
function quotient(sum: number, count: number): number {
  return count === 0 ? 0 : Math.floor(sum / count);
}
