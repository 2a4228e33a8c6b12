import type { FlowFieldName } from "@flowtools/flow-model";
import { type Primitive, primitiveSet, primitiveSteps, primitiveTable } from "./primitive.ts";
import type { RowTest } from "./narrow.ts";
import { SampleTest } from "./narrow_sample.ts";
import { MaskTest, SetTest } from "./narrow_set.ts";
import {
  clockNumber,
  counterNumber,
  DURATION,
  type FlowNumber,
  rateNumber,
  StepTest,
  timeOfDayNumber,
} from "./narrow_steps.ts";
import { TABLE_16, TABLE_8, TableTest } from "./narrow_table.ts";

/** Makes the test of a match from the primitive that it names. */
type MakeTest = (primitive: Primitive, random: () => number) => RowTest;

/** One thing that a definition can match. */
export interface MatchType {
  readonly name: string;
  readonly alias?: string;
  /** How to test it, by the type of the primitive; other types do not fit. */
  readonly tests: Readonly<Record<string, MakeTest>>;
}

function table(type: string, field: FlowFieldName, size: number): MatchType["tests"] {
  return {
    [type]: (primitive) =>
      new TableTest(field, primitiveTable(primitive, size), primitive.contents.others ? 1 : 0),
  };
}

function address(field: FlowFieldName): MatchType["tests"] {
  return numbers(field, "ip-address", "ip-address-prefix", "ip-address-mask");
}

function tag(field: FlowFieldName): MatchType["tests"] {
  return numbers(field, "tag", undefined, "tag-mask");
}

function numbers(
  field: FlowFieldName,
  exact: string,
  prefix: string | undefined,
  mask: string,
): MatchType["tests"] {
  const set: MakeTest = (primitive) => new SetTest(field, primitiveSet(primitive));
  return {
    [exact]: set,
    ...(prefix === undefined ? {} : { [prefix]: set }),
    [mask]: ({ contents }) => new MaskTest(field, contents.masks, contents.others),
  };
}

function steps(number: FlowNumber): MakeTest {
  return (primitive) => new StepTest(number, primitiveSteps(primitive));
}

const start = { time: steps(timeOfDayNumber("first")), "time-date": steps(clockNumber("first")) };
const end = { time: steps(timeOfDayNumber("last")), "time-date": steps(clockNumber("last")) };

/**
 * What definitions can match.
 *
 * Source: flow-tools `ftfil.c`.
 */
export const MATCH_TYPES: readonly MatchType[] = [
  { name: "source-as", alias: "src-as", tests: table("as", "src_as", TABLE_16) },
  { name: "destination-as", alias: "dst-as", tests: table("as", "dst_as", TABLE_16) },
  { name: "ip-source-address", alias: "src-ip-addr", tests: address("srcaddr") },
  { name: "ip-destination-address", alias: "dst-ip-addr", tests: address("dstaddr") },
  { name: "ip-exporter-address", alias: "exporter-ip-addr", tests: address("exaddr") },
  { name: "ip-nexthop-address", alias: "nexthop-ip-addr", tests: address("nexthop") },
  { name: "ip-shortcut-address", alias: "shortcut-ip-addr", tests: address("router_sc") },
  { name: "ip-protocol", tests: table("ip-protocol", "prot", TABLE_8) },
  {
    name: "ip-source-address-prefix-len",
    alias: "src-ip-addr-prefix-len",
    tests: table("ip-address-prefix-len", "src_mask", TABLE_8),
  },
  {
    name: "ip-destination-address-prefix-len",
    alias: "dst-ip-addr-prefix-len",
    tests: table("ip-address-prefix-len", "dst_mask", TABLE_8),
  },
  { name: "ip-tos", tests: table("ip-tos", "tos", TABLE_8) },
  { name: "ip-marked-tos", tests: table("ip-tos", "marked_tos", TABLE_8) },
  // Flags have a ninth bit by now, which a mask of eight bits leaves out.
  { name: "ip-tcp-flags", tests: table("ip-tcp-flags", "tcp_flags", TABLE_16) },
  { name: "ip-source-port", alias: "src-ip-port", tests: table("ip-port", "srcport", TABLE_16) },
  {
    name: "ip-destination-port",
    alias: "dst-ip-port",
    tests: table("ip-port", "dstport", TABLE_16),
  },
  { name: "input-interface", alias: "src-ifindex", tests: table("ifindex", "input", TABLE_16) },
  { name: "output-interface", alias: "dst-ifindex", tests: table("ifindex", "output", TABLE_16) },
  { name: "start-time", tests: start },
  { name: "end-time", tests: end },
  { name: "flows", tests: { counter: steps(counterNumber("dFlows")) } },
  { name: "octets", tests: { counter: steps(counterNumber("dOctets")) } },
  { name: "packets", tests: { counter: steps(counterNumber("dPkts")) } },
  { name: "extra-packets", tests: { counter: steps(counterNumber("extra_pkts")) } },
  { name: "duration", tests: { counter: steps(DURATION) } },
  { name: "engine-id", tests: table("engine", "engine_id", TABLE_8) },
  { name: "engine-type", tests: table("engine", "engine_type", TABLE_8) },
  { name: "source-tag", alias: "src-tag", tests: tag("src_tag") },
  { name: "destination-tag", alias: "dst-tag", tests: tag("dst_tag") },
  { name: "pps", tests: { double: steps(rateNumber("dPkts", 1)) } },
  { name: "bps", tests: { double: steps(rateNumber("dOctets", 8)) } },
  {
    name: "random-sample",
    tests: {
      rate: ({ contents }, random) => new SampleTest(contents.rate, contents.rateHitPasses, random),
    },
  },
];
