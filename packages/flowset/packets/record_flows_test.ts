import { assertEquals } from "@std/assert";
import { ethernet, ipv4, pcap, udp } from "../../netflow-pdu/capture/_builders.ts";
import { octets, packet9, set, template } from "../../netflow-pdu/templates/_builders.ts";
import { type BatchReadOptions, CounterScaling, FlowSet } from "../mod.ts";

/**
 * Addresses of both families, the lengths of their prefixes, packets, octets of 64 bits, flows, one
 * packet in so many, an AS of 32 bits.
 */
const TEMPLATE = template(256, [
  ...[[8, 4], [27, 16], [12, 4], [28, 16], [9, 1], [29, 1]] as const,
  ...[[2, 4], [1, 8], [3, 4], [34, 4], [16, 4]] as const,
]);
const OCTETS = 2 ** 40;
const AS = 4_200_000_000;

/** Which of the two hosts of a flow are IPv6. */
function record(wideSource: boolean, wideDestination: boolean, lengths: readonly number[]) {
  const host = (wide: boolean, last: number) => [
    ...(wide ? [0, 0, 0, 0] : [192, 0, 2, last]),
    ...(wide ? [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), last] : Array(16).fill(0)),
  ];
  return [
    ...[...host(wideSource, 1), ...host(wideDestination, 2), ...lengths],
    ...[...octets(3, 4), ...octets(OCTETS, 8), ...octets(5, 4), ...octets(10, 4), ...octets(AS, 4)],
  ];
}

const RICH = packet9(
  {},
  set(0, TEMPLATE),
  set(256, record(false, false, [24, 0]), record(true, false, [0, 48]), record(true, true, [0, 0])),
);
/** Packets of one flow each. */
const V5 = Deno.readFileSync(new URL("../../../fixtures/pdu/v5-1.dat", import.meta.url));
const V8 = Deno.readFileSync(new URL("../../../fixtures/pdu/v8.1-1.dat", import.meta.url));

async function read(
  payloads: readonly Uint8Array[],
  options: BatchReadOptions = {},
): Promise<{ flows: Record<string, unknown>[]; lost: string[] }> {
  const file = pcap(payloads.map((payload) => ethernet(ipv4(udp(payload)))));
  const lost: string[] = [];
  await using flows = await FlowSet.open(file, { lost: (message) => lost.push(message) });
  const rows: Record<string, unknown>[] = [];
  for await (const batch of flows.batches({ asRecords: true, ...options })) {
    for (const flow of batch) rows.push(flow.toJSON());
  }
  return { flows: rows, lost };
}

const NAMES = ["srcaddr", "dstaddr", "src_mask", "dOctets", "dFlows", "src_as", "dstport"];

Deno.test("asRecords gives flows the fields of records, and cuts nothing", async () => {
  const { flows, lost } = await read([RICH]);
  const pick = (flow: Record<string, unknown>) => NAMES.map((name) => flow[name]);
  const rest = [OCTETS, 5, AS, 0];
  assertEquals(flows.map(pick), [
    ["192.0.2.1", "192.0.2.2", 24, ...rest],
    ["2001:db8::1", "192.0.2.2", 48, ...rest],
    ["2001:db8::1", "2001:db8::2", 0, ...rest],
  ]);
  assertEquals(lost, []);
});

Deno.test("asRecords leaves out flows that can be no records of the version, and says so", async () => {
  // The first packet decides: version 5 comes first, or is what NetFlow v9 is stored as.
  for (const payloads of [[V5, RICH, V8], [RICH, V8, V5]]) {
    for (const capacity of [undefined, 2]) {
      const { flows, lost } = await read(payloads, { capacity });
      assertEquals(flows.length, 4);
      assertEquals(lost, ["1 flow left out: there is no conversion to v5 records"]);
    }
  }
  const { flows, lost } = await read([V8, RICH]);
  assertEquals(flows.length, 1);
  assertEquals(lost, ["3 flows left out: there is no conversion to v8.1 records"]);
});

Deno.test("asRecords scales counters, IPv6 or not, by the rates of their flows", async () => {
  const scaling = new CounterScaling();
  const { flows } = await read([RICH, V5], { scaling, columns: ["dPkts", "srcaddr"] });
  assertEquals(flows.slice(0, 3).map(({ dPkts }) => dPkts), [30, 30, 30]);
  assertEquals([scaling.flows, flows.length], [4, 4]);
});
