/** Captures and IPFIX files as input of `--where`, of windows of time and of what groups flows. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import {
  message,
  octets,
  packet9,
  SENT_SECS,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { flowtools, lines, temporaryDirectory } from "./programs.ts";

/** sourceIPv4Address, destinationIPv4Address, protocolIdentifier, octetDeltaCount, packetDeltaCount. */
const NARROW = template(256, [[8, 4], [12, 4], [4, 1], [1, 4], [2, 4], [95, 4]]);
const flow = (host: number, prot: number, dOctets: number) => [
  ...[192, 0, 2, host, 198, 51, 100, 7, prot],
  ...octets(dOctets, 4),
  ...octets(3, 4),
  ...octets(0x0d000001, 4),
];
/** sourceIPv6Address, destinationIPv6Address, octetDeltaCount, packetDeltaCount. */
const WIDE = template(257, [[27, 16], [28, 16], [1, 4], [2, 4]]);
const address6 = (last: number) => [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), last];
const wideFlow = [...address6(1), ...address6(2), ...octets(900, 4), ...octets(9, 4)];

const capture = (...payloads: readonly Uint8Array[]) =>
  pcap(payloads.map((payload) => ethernet(ipv4(udp(payload)))));

/** The templates of the second file are in the first. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  "a.pcap": capture(packet9({}, set(0, NARROW, WIDE))),
  "b.pcap": capture(packet9(
    { sequence: 1 },
    set(256, flow(1, 6, 100), flow(2, 17, 200), flow(1, 6, 300)),
    set(257, wideFlow),
  )),
  "c.ipfix": message({}, set(2, NARROW), set(256, flow(9, 6, 50))),
};

async function run(...args: readonly string[]) {
  await using folder = temporaryDirectory();
  for (const [name, bytes] of Object.entries(FILES)) {
    await Deno.writeFile(`${folder.path}/${name}`, bytes);
  }
  return await flowtools([...args, ...Object.keys(FILES)], { cwd: folder.path });
}

const jsonLines = (stdout: string) => lines(stdout).map((line) => JSON.parse(line));

async function sources(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await run("print", "--format", "ndjson", ...args);
  assertEquals(stderr, "");
  return [code, jsonLines(stdout).map(({ srcaddr, dOctets }) => `${srcaddr} ${dOctets}`)];
}

Deno.test("print --where picks flows of captures and IPFIX files, IPv6 among them", async () => {
  assertEquals(await sources("--where", "octets >= 200"), [
    0,
    ["192.0.2.2 200", "192.0.2.1 300", "2001:db8::1 900"],
  ]);
  assertEquals(await sources("--where", "src net 2001:db8::/32"), [0, ["2001:db8::1 900"]]);
  // Flows without a protocol pass neither, but they pass what is not asked of it.
  assertEquals(await sources("--where", "tcp and octets < 200"), [
    0,
    ["192.0.2.1 100", "192.0.2.9 50"],
  ]);
  assertEquals(await sources("--where", "octets > 1M"), [1, []], "nothing passes");
});

Deno.test("print --limit, --since and --fields know flows with templates", async () => {
  const since = new Date((SENT_SECS - 86_400) * 1000).toISOString();
  const { code, stdout } = await run(
    ...["print", "--format", "csv", "--fields", "srcaddr,applicationId", "--limit", "2"],
    ...["--since", since],
  );
  assertEquals([code, lines(stdout)], [
    0,
    ["srcaddr,applicationId", "192.0.2.1,0d000001", "192.0.2.2,0d000001"],
  ]);
});

Deno.test("top groups the flows of captures, IPv6 too, in the order of their templates", async () => {
  const { code, stdout, stderr } = await run("top", "--by", "srcaddr", "--format", "ndjson");
  assertEquals([code, stderr], [0, ""]);
  const rows = jsonLines(stdout).map(({ srcaddr, octets, flows }) => [srcaddr, octets, flows]);
  assertEquals(rows.slice(0, 4), [
    ["2001:db8::1", 900, 1],
    ["192.0.2.1", 400, 2],
    ["192.0.2.2", 200, 1],
    ["192.0.2.9", 50, 1],
  ]);
  const tcp = await run("top", "--by", "srcaddr", "--where", "tcp", "--format", "ndjson");
  assertEquals(jsonLines(tcp.stdout).map((row) => [row.srcaddr, row.octets]).slice(0, 2), [
    ["192.0.2.1", 400],
    ["192.0.2.9", 50],
  ]);
});

Deno.test("cat --where picks before flows become records, so what is not asked for is not lost", async () => {
  await using folder = temporaryDirectory();
  const output = `${folder.path}/tcp.ft`;
  const { code, stderr } = await run("cat", "--where", "tcp", "-o", output);
  assertEquals(code, 0, stderr);
  assertEquals(stderr.includes("IPv6"), false, stderr);
  const { stdout } = await flowtools(["print", "--format", "ndjson", output]);
  assertEquals(jsonLines(stdout).map(({ dOctets }) => dOctets), [100, 300, 50]);

  const all = await run("cat", "-o", output);
  assertStringIncludes(all.stderr, "1 flow left out: v5 records hold no IPv6 addresses");
});

Deno.test("captures beside files are answered the same by any number of threads", async () => {
  await using folder = temporaryDirectory();
  // More groups than a thread keeps for itself, and of addresses that are all IPv4.
  const files = ["1.ft", "2.ft", "3.ft"].map((name) => `${folder.path}/${name}`);
  for (const path of files) {
    assertEquals((await flowtools(["gen", "-n", "90000", "-o", path])).code, 0);
  }
  for (
    const flags of [
      ["--by", "srcaddr"],
      ["--by", "srcaddr,dstaddr", "--bidir"],
      ["--by", "addr", "--least"],
      // Elements that only packets have.
      ["--by", "application"],
      ["--by", "srcaddr,application", "--where", "octets > 250"],
    ]
  ) {
    const answers = [];
    for (const threads of ["1", "2", "3"]) {
      const call = ["top", ...flags, "--format", "json", "-n", "500", "--threads", threads];
      answers.push(await run(...call, ...files));
    }
    const { code, stdout } = answers[0];
    assertEquals(code, 0, flags.join(" "));
    assertEquals(JSON.parse(stdout).total.flows > 3, true);
    assertEquals(answers[1], answers[0], flags.join(" "));
    assertEquals(answers[2], answers[0], flags.join(" "));
  }
});
