import { assert, assertEquals, assertThrows } from "@std/assert";
import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { SCAN_COLUMNS, ScanDetector, ScanError, type ScanOptions } from "./scan_detector.ts";
import { ScanStateError } from "./scan_state.ts";
import { SuppressList } from "./suppress_list.ts";

const SCHEMA = new FlowSchema({ version: 5, fields: SCAN_COLUMNS });

type TestFlow = readonly [source: number, destination: number, port?: number];

function batchOf(flows: readonly TestFlow[]): FlowBatch {
  const batch = new FlowBatch({ columns: SCAN_COLUMNS, capacity: Math.max(flows.length, 1) });
  for (const [srcaddr, dstaddr, dstport = 5000] of flows) {
    batch.append(SCHEMA, { srcaddr, dstaddr, dstport, srcport: 4000, prot: 6 });
  }
  return batch;
}

function detect(options: ScanOptions, flows: readonly TestFlow[]): [string[], ScanDetector] {
  const found: string[] = [];
  const tell = (kind: string) => (batch: FlowBatch, row: number) => {
    found.push(`${kind} ${batch.column("srcaddr")[row]}`);
  };
  const sink = { hostScan: tell("host"), portScan: tell("port"), heavyFlow: tell("heavy") };
  const detector = new ScanDetector(options, sink);
  detector.add(batchOf(flows));
  return [found, detector];
}

function stateOf(detector: ScanDetector): string {
  return [...detector.stateText()].join("");
}

const destinations = (source: number, count: number): TestFlow[] =>
  Array.from({ length: count }, (_, at) => [source, 1000 + at] as const);

const ports = (source: number, count: number): TestFlow[] =>
  Array.from({ length: count }, (_, at) => [source, 1, at] as const);

Deno.test("a host scan is the 201st destination, a port scan the 64th low port", () => {
  assertEquals(detect({}, destinations(7, 200))[0], []);
  assertEquals(detect({}, destinations(7, 500))[0], ["host 7"]);
  assertEquals(detect({}, ports(7, 63))[0], []);
  assertEquals(detect({}, ports(7, 500))[0], ["port 7"]);
});

Deno.test("depths above 255 are never reached, as in the reference", () => {
  assertEquals(detect({ hostDepth: 255 }, destinations(7, 256))[0], ["host 7"]);
  assertEquals(detect({ hostDepth: 256 }, destinations(7, 1000))[0], []);
});

Deno.test("state survives a round trip", () => {
  const flows = [...destinations(65537, 9), ...ports(7, 20), [65536 * 7, 3, 80] as const];
  const [, detector] = detect({}, flows);
  const text = stateOf(detector);
  // Loading turns the order of the sources of a bucket round, as in the reference.
  const [, other] = detect({}, []);
  other.loadState(text);
  const [, third] = detect({}, []);
  third.loadState(stateOf(other));
  assertEquals(stateOf(third), text);
  assertEquals(text.split("\n").slice(-2), [".", ""]);
});

Deno.test("a damaged state file is an error with its line", () => {
  const [, detector] = detect({}, []);
  for (
    const text of ["I  1 1.2.3.4\n", "H 99999 1 0 1.2.3.4\n", "H 1 0 0 1.2.3.4\nP 1\n", "hi\n"]
  ) {
    assertThrows(() => detector.loadState(text, "my.state"), ScanStateError, "my.state: line");
  }
});

Deno.test("memory is bounded: of many hosts the oldest are forgotten", () => {
  const limits = { hosts: 1000, destinations: 1500, portMaps: 10 };
  const flows = Array.from({ length: 20_000 }, (_, at) => [at, at % 7, at % 3] as const);
  const [, detector] = detect({ limits }, flows);
  assert(detector.evictions > 10_000, `${detector.evictions} evictions`);
  const { hostsAdded, hostsRemoved } = detector.counts;
  assert(hostsAdded - hostsRemoved <= limits.hosts);
  const addresses = stateOf(detector).split("\n").filter((line) => line.startsWith("H "));
  assert(addresses.length <= limits.hosts);
  assert(addresses.some((line) => line.endsWith("0.0.78.31")), "the last host is remembered");
});

Deno.test("memory is bounded: many low ports of many hosts", () => {
  const limits = { hosts: 1000, destinations: 1000, portMaps: 10 };
  const flows: TestFlow[] = [];
  for (let host = 0; host < 300; host++) flows.push(...ports(host, 5));
  const [found, detector] = detect({ limits }, flows);
  assertEquals(found, []);
  assert(detector.evictions > 100);
});

Deno.test("suppress lists: as flow-dscan reads them, and as its manual says", () => {
  const sources = SuppressList.parse("0.0.0.7 17 - -\n");
  const sink = { hostScan: () => scans++, portScan() {}, heavyFlow() {} };
  let scans = 0;
  for (const [exactSuppress, expected] of [[false, 0], [true, 1]] as const) {
    scans = 0;
    const detector = new ScanDetector({ hostDepth: 5, exactSuppress }, sink);
    detector.suppress(sources, new SuppressList());
    detector.add(batchOf(destinations(7, 20)));
    assertEquals(scans, expected, "TCP is not the protocol of the list");
  }
});

Deno.test("flows without ports, or of IPv6, are told", () => {
  const [, detector] = detect({}, []);
  const batch = new FlowBatch({ columns: SCAN_COLUMNS, capacity: 3 });
  batch.append(SCHEMA, { srcaddr: "2001:db8::1", dstaddr: "2001:db8::2" });
  batch.append(SCHEMA, { srcaddr: "192.0.2.1", dstaddr: "2001:db8::2" });
  detector.add(batch);
  assertEquals(detector.skippedIPv6, 2);
  batch.append(new FlowSchema({ version: 8, aggregation: 1, fields: ["src_as"] }), {});
  assertThrows(() => detector.add(batch), ScanError, "v8.1 flows have no srcaddr");
});
