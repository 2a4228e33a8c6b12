import type { ReportInput } from "./input.ts";

/** Upper bounds, inclusive, of the classes of octets a packet. */
export const PACKET_SIZE_BOUNDS: readonly number[] = [
  ...steps(32, 576, 32),
  ...steps(1024, 4608, 512),
];

/** Upper bounds, inclusive, of the classes of packets a flow. */
export const FLOW_PACKETS_BOUNDS: readonly number[] = [
  ...[1, 2, 4],
  ...steps(8, 52, 4),
  60,
  ...steps(100, 900, 100),
];

/** Upper bounds, inclusive, of the classes of octets a flow. */
export const FLOW_OCTETS_BOUNDS: readonly number[] = [
  ...[32, 64, 128, 256],
  ...steps(512, 15872, 768),
];

/** Upper bounds, inclusive, of the classes of milliseconds a flow. */
export const FLOW_TIME_BOUNDS: readonly number[] = [
  ...[10, 50, 100, 200, 500],
  ...steps(1000, 10000, 1000),
  ...steps(12000, 30000, 2000),
];

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: (to - from) / by + 1 }, (_, step) => from + step * by);
}

/** How many records fall into each of some classes. */
class Distribution {
  /** Records a class; the last is for all above the highest bound. */
  readonly counts: Float64Array<ArrayBuffer>;
  /** The class of each value up to the highest bound. */
  readonly #classOf: Uint8Array;

  constructor(bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
    this.#classOf = new Uint8Array(bounds[bounds.length - 1] + 1);
    let from = 0;
    for (const [index, bound] of bounds.entries()) {
      this.#classOf.fill(index, from, bound + 1);
      from = bound + 1;
    }
  }

  add(value: number): void {
    const { counts } = this;
    counts[value < this.#classOf.length ? this.#classOf[value] : counts.length - 1]++;
  }
}

/** Distributions of the sizes and times of flows, and the time that they span. */
export interface SummaryDetail {
  /** Records by octets a packet, in the classes of {@linkcode PACKET_SIZE_BOUNDS}, and above. */
  readonly packetSizes: Float64Array;
  /** Records by packets, in the classes of {@linkcode FLOW_PACKETS_BOUNDS}, and above. */
  readonly flowPackets: Float64Array;
  /** Records by octets, in the classes of {@linkcode FLOW_OCTETS_BOUNDS}, and above. */
  readonly flowOctets: Float64Array;
  /** Records by duration, in the classes of {@linkcode FLOW_TIME_BOUNDS}, and above. */
  readonly flowTimes: Float64Array;
  /** Least uptime at which a flow began, ms. */
  readonly uptimeStart: number;
  /** Greatest uptime at which a flow ended, ms. */
  readonly uptimeEnd: number;
}

/** A summary in the making. */
export class Summary {
  readonly #packetSizes = new Distribution(PACKET_SIZE_BOUNDS);
  readonly #flowPackets = new Distribution(FLOW_PACKETS_BOUNDS);
  readonly #flowOctets = new Distribution(FLOW_OCTETS_BOUNDS);
  readonly #flowTimes = new Distribution(FLOW_TIME_BOUNDS);
  #uptimeStart = 0xffffffff;
  #uptimeEnd = 0;

  /** Adds flows, all of which have packets. */
  add(input: ReportInput): void {
    const { rows, octets, packets, durations } = input;
    const first = input.u32("first");
    const last = input.u32("last");
    for (let row = 0; row < rows; row++) {
      // The reference classes 32-bit numbers, which scaled counts may exceed.
      this.#packetSizes.add((octets[row] / packets[row]) >>> 0);
      this.#flowPackets.add(packets[row] >>> 0);
      this.#flowOctets.add(octets[row] >>> 0);
      this.#flowTimes.add(durations[row]);
      if (first[row] < this.#uptimeStart) this.#uptimeStart = first[row];
      if (last[row] > this.#uptimeEnd) this.#uptimeEnd = last[row];
    }
  }

  /** What was added so far. */
  detail(): SummaryDetail {
    return {
      packetSizes: this.#packetSizes.counts,
      flowPackets: this.#flowPackets.counts,
      flowOctets: this.#flowOctets.counts,
      flowTimes: this.#flowTimes.counts,
      uptimeStart: this.#uptimeStart,
      uptimeEnd: this.#uptimeEnd,
    };
  }
}
