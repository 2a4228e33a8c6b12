/**
 * Realistic NetFlow v5 flows from a seed: hosts, networks, interfaces and ports with the long
 * tails of real traffic, web and DNS on top, three quarters TCP. The benchmarks and the demo run
 * on them.
 *
 * @module
 */
import type { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { sfc32 } from "./random.ts";

/** Destination ports by weight of repetition. */
const SERVICES = [80, 443, 443, 443, 443, 53, 53, 22, 25, 123, 8080, 3389, 993, 5060, 1935];

/** TCP flags of finished, opened, refused, running and closed connections. */
const TCP_FLAGS = [0x1b, 0x02, 0x12, 0x18, 0x1f];

/** Flows that end in one second. */
const FLOWS_PER_SECOND = 1500;

const START_UNIX_SECS = 1_700_000_000;
const START_UPTIME_MS = 1_000_000;
const INSIDE = 0x0a000000;
const OUTSIDE = 0xc0a80000;

/** A source of flows. */
export class Workload {
  readonly #random: () => number;
  #flow = 0;

  /** @param seed The same seed gives the same flows */
  constructor(seed = 1) {
    this.#random = sfc32(seed);
  }

  /** Appends flows until the batch is full or has got `count` of them. */
  fill(batch: FlowBatch, schema: FlowSchema, count: number): number {
    const rows = Math.min(count, batch.room);
    for (let i = 0; i < rows; i++) batch.append(schema, this.#next());
    return rows;
  }

  #next(): Record<string, number> {
    const random = this.#random;
    const tail = (limit: number, skew: number) => Math.floor(limit * random() ** skew);
    const flow = this.#flow++;
    const inside = INSIDE + tail(50_000, 3);
    const outside = OUTSIDE + Math.floor((tail(4_000_000, 4) * 37) % 2 ** 24);
    const service = SERVICES[tail(SERVICES.length, 1)];
    const client = 1024 + tail(64_000, 1);
    const outward = random() < 0.5;
    const uptime = START_UPTIME_MS + Math.floor((flow * 1000) / FLOWS_PER_SECOND);
    const first = uptime - tail(60_000, 1);
    const kind = random();
    const packets = 1 + Math.floor(Math.exp(random() * random() * 9));
    return {
      unix_secs: START_UNIX_SECS + Math.floor(flow / FLOWS_PER_SECOND),
      unix_nsecs: tail(1e9, 1),
      sysUpTime: uptime,
      exaddr: INSIDE + 1 + tail(4, 1),
      srcaddr: outward ? inside : outside,
      dstaddr: outward ? outside : inside,
      nexthop: INSIDE + 254,
      input: 1 + tail(40, 2),
      output: 1 + tail(40, 2),
      dPkts: packets,
      dOctets: packets * (40 + tail(1400, 1)),
      first,
      last: Math.min(uptime, first + tail(60_000, 2)),
      srcport: outward ? client : service,
      dstport: outward ? service : client,
      prot: kind < 0.75 ? 6 : kind < 0.97 ? 17 : 1,
      tcp_flags: kind < 0.75 ? TCP_FLAGS[tail(TCP_FLAGS.length, 1)] : 0,
      tos: random() < 0.9 ? 0 : 184,
      engine_id: tail(4, 1),
      src_mask: 16 + tail(16, 1),
      dst_mask: 8 + tail(16, 1),
      src_as: 64_512 + tail(20, 2),
      dst_as: 1 + tail(60_000, 3),
    };
  }
}
