import { assertEquals, assertThrows } from "@std/assert";
import { FlowBatch, type FlowValue, ipv6ToBigInt, parseIPv6 } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { CounterScaling, FlowSet } from "@flowtools/flowset";
import { ethernet, ipv4, pcap, udp } from "../../packages/netflow-pdu/capture/_builders.ts";
import { message, octets, set, template } from "../../packages/netflow-pdu/templates/_builders.ts";
import { FlowSorter, SortError } from "./flow_sorter.ts";

/** A generator of whole numbers below a bound, from a seed (Park and Miller). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = state * 48271 % 2147483647) % below;
}

type Shown = Record<string, FlowValue>;

const V5 = findFtLayout(5)!.schema;

/** Flows of version 5 in batches, among few values so that there are equal ones. */
function* plainBatches(count: number): Generator<FlowBatch> {
  const next = numbers(5);
  for (let from = 0; from < count; from += 1000) {
    const batch = new FlowBatch({ capacity: 1000 });
    for (let row = 0; row < 1000; row++) {
      const dOctets = next(50) * 1000;
      batch.append(V5, { srcaddr: next(100), dOctets, dPkts: from + row, srcport: next(65_536) });
    }
    yield batch;
  }
}

/** Templates: IPv4 source and text; IPv6 source; neither. Each has octets, packets, sampling. */
const TEMPLATES = [
  template(256, [[8, 4], [1, 4], [2, 4], [34, 4], [460, 65535]]),
  template(257, [[27, 16], [1, 4], [2, 4], [34, 4]]),
  template(258, [[1, 4], [2, 4], [34, 4], [225, 4]]),
];

function capture(flows: number): Uint8Array {
  const next = numbers(9);
  const packets = [message({}, set(2, ...TEMPLATES))];
  for (let flow = 0; flow < flows; flow++) {
    const kind = next(3);
    const counters = [next(20) * 10, flow, next(4) + 1].flatMap((value) => octets(value, 4));
    const record = [
      () => [10, 0, 0, next(9), ...counters, 3, 97, 98, 97 + next(9)],
      // They differ in the first half, in the last octet, or not at all.
      () => [0x20, 1, 0x0d, 0xb8, next(2), ...Array(10).fill(0), next(200), ...counters],
      () => [...counters, 203, 0, 113, next(9)],
    ][kind]();
    packets.push(message({ sequence: flow }, set(256 + kind, record)));
  }
  return pcap(packets.map((packet) => ethernet(ipv4(udp(packet)))));
}

async function* packetBatches(
  bytes: Uint8Array,
  scaling?: CounterScaling,
): AsyncGenerator<FlowBatch> {
  await using flows = await FlowSet.open(bytes);
  yield* flows.batches({ octets: true, capacity: 700, scaling });
}

/** What is sorted by as something that compares, undefined where a flow lacks it. */
function rank(flow: Shown, name: string): number | bigint | undefined {
  const value = flow[name];
  if (name !== "srcaddr" || value === undefined) return value as number | undefined;
  const wide = parseIPv6(String(value));
  return wide === undefined ? BigInt(flow.srcaddr_raw as number) : 2n ** 32n + ipv6ToBigInt(wide);
}

/** The same by sorting all flows as objects. */
function naive(all: readonly Shown[], name: string, descending: boolean, limit: number): Shown[] {
  return all.toSorted((a, b) => {
    const [x, y] = [rank(a, name), rank(b, name)];
    if (x === y) return 0;
    if (x === undefined || y === undefined) return x === undefined ? 1 : -1;
    return (x < y ? -1 : 1) * (descending ? -1 : 1);
  }).slice(0, limit);
}

/** Sorts batches both ways; each is emptied as soon as it was taken. */
async function compare(
  batches: () => AsyncIterable<FlowBatch> | Iterable<FlowBatch>,
  name: string,
) {
  for (const descending of [false, true]) {
    for (const limit of [1, 40, Infinity]) {
      const sorter = new FlowSorter({ order: { name, descending }, limit });
      const all: Shown[] = [];
      for await (const batch of batches()) {
        all.push(...Array.from(batch, (flow) => flow.toObject()));
        sorter.add(batch);
        batch.reset();
      }
      const found = [...sorter.flows()].map(({ batch, row }) => batch.flow(row).toObject());
      assertEquals(found, naive(all, name, descending, limit), `${name} ${descending} ${limit}`);
    }
  }
}

Deno.test("FlowSorter sorts flows of files as a sort of all of them does", async () => {
  for (const name of ["dOctets", "srcaddr"]) await compare(() => plainBatches(12_000), name);
});

Deno.test("FlowSorter sorts flows with templates in full: IPv6, elements, rates of sampling", async () => {
  const bytes = capture(9500);
  for (const name of ["dOctets", "srcaddr"]) await compare(() => packetBatches(bytes), name);
});

Deno.test("FlowSorter sorts by counters that were scaled", async () => {
  const sorter = new FlowSorter({ order: { name: "octets", descending: true }, limit: 500 });
  const expected: number[] = [];
  for await (const batch of packetBatches(capture(500))) {
    for (const flow of batch) expected.push(flow.dOctets! * Number(flow.get("samplingRate")));
  }
  for await (const batch of packetBatches(capture(500), new CounterScaling())) sorter.add(batch);
  assertEquals(
    [...sorter.flows()].map(({ batch, row }) => batch.flow(row).dOctets),
    expected.toSorted((a, b) => b - a),
  );
});

Deno.test("FlowSorter takes chosen rows only, and refuses files without the field", () => {
  const [batch] = plainBatches(1000);
  const sorter = new FlowSorter({ order: { name: "dPkts", descending: true } });
  sorter.add(batch, Uint32Array.of(3, 999, 500));
  const found = [...sorter.flows()].map(({ batch, row }) => batch.flow(row).dPkts);
  assertEquals(found, [999, 500, 3]);
  const by = new FlowSorter({ order: { name: "src_tag", descending: false } });
  assertThrows(() => by.add(batch), SortError, "v5 records have no such field");
});

Deno.test("FlowSorter has a bound on memory, which a limit keeps it below", () => {
  const order = { name: "dPkts", descending: true };
  const fill = (limit?: number) => {
    const sorter = new FlowSorter({ order, limit, bytesMax: 3_000_000 });
    for (const batch of plainBatches(60_000)) sorter.add(batch);
    return [...sorter.flows()].length;
  };
  assertThrows(() => fill(), SortError, "--memory allows more, --limit keeps the first ones only");
  assertEquals(fill(10), 10);
});
