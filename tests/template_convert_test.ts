/** Flows of any version to NetFlow v9 and IPFIX, scaled counters, and names out of options data. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import {
  message,
  octets,
  optionsTemplate,
  set,
  template,
} from "../packages/netflow-pdu/templates/_builders.ts";
import { flowtools, flowtoolsCommand, lines, temporaryDirectory } from "./programs.ts";

const text = (value: string, width: number) => [
  ...new TextEncoder().encode(value.padEnd(width, "\0")),
];
const capture = (payload: Uint8Array) => pcap([ethernet(ipv4(udp(payload)))]);

/** An exporter that names interface 7 and application 13:80, and samples one packet in 50. */
const IPFIX = capture(message(
  {},
  set(
    3,
    optionsTemplate(300, 1, [[10, 4], [82, 8]]),
    optionsTemplate(301, 1, [[302, 1], [305, 4], [306, 4], [335, 4]]),
    optionsTemplate(302, 1, [[95, 4], [96, 6]]),
  ),
  set(300, octets(7, 4), text("eth0/7", 8)),
  set(301, [2], octets(1, 4), octets(49, 4), text("smp2", 4)),
  set(302, [13, 0, 0, 80], text("http", 6)),
  // Source address, interface, octets, packets, application, sampler.
  set(2, template(256, [[8, 4], [10, 4], [1, 4], [2, 4], [95, 4], [302, 1]])),
  set(256, [192, 0, 2, 1], octets(7, 4), octets(3000, 4), octets(20, 4), [13, 0, 0, 80, 2]),
));

/** One packet in 100 was looked at; a flow of 2 packets with 3000 octets. */
const V5 = (() => {
  const payload = new Uint8Array(72);
  payload.set([0, 5, 0, 1]);
  payload.set([0x40, 100], 22);
  payload.set([192, 0, 2, 9, 198, 51, 100, 1], 24);
  payload.set([0, 0, 0, 2, 0, 0, 11, 184], 40);
  return capture(payload);
})();

/** Runs a command on both captures. */
async function run(...args: readonly string[]) {
  await using folder = temporaryDirectory();
  await Deno.writeFile(`${folder.path}/1.pcap`, IPFIX);
  await Deno.writeFile(`${folder.path}/2.pcap`, V5);
  return await flowtools([...args, "1.pcap", "2.pcap"], { cwd: folder.path });
}

const jsonLines = (stdout: string) => lines(stdout).map((line) => JSON.parse(line));

Deno.test("print --scaled multiplies counters by the rate of sampling, and says so", async () => {
  const raw = await run("print", "--format", "ndjson");
  assertEquals(
    jsonLines(raw.stdout).map(({ dPkts, dOctets, scaledBy }) => [dPkts, dOctets, scaledBy]),
    [[20, 3000, undefined], [2, 3000, undefined]],
  );
  const scaled = await run("print", "--format", "ndjson", "--scaled");
  assertEquals(
    jsonLines(scaled.stdout).map(({ dPkts, dOctets, scaledBy }) => [dPkts, dOctets, scaledBy]),
    [[1000, 150_000, 50], [200, 300_000, 100]],
  );
  assertEquals((await run("print", "-f5", "--scaled")).code, 2);
});

Deno.test("stat --scaled sums scaled counters, and says so in each format", async () => {
  const sources = await run("stat", "-f9", "--format", "ndjson", "--scaled");
  assertEquals(
    jsonLines(sources.stdout).map(({ octets, packets, scaled }) => [octets, packets, scaled])
      .toSorted(([a], [b]) => a - b),
    [[150_000, 1000, true], [300_000, 200, true]],
  );
  const classic = await run("stat", "-f9", "--scaled");
  assertMatch(classic.stdout, /^# Scaled:/m);
  assertEquals((await run("stat", "-f9")).stdout.includes("Scaled"), false);
});

Deno.test("flows that tell no rate of sampling are counted", async () => {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/a.ft`;
  await flowtools(["gen", "-n", "3", "-o", path]);
  const { stderr } = await flowtools(["stat", "-f9", "--scaled", path]);
  assertStringIncludes(stderr, "3 of 3 flows tell no rate of sampling");
});

Deno.test("print --names shows what exporters call interfaces, applications and samplers", async () => {
  const { stdout } = await run("print", "--format", "ndjson", "--names");
  assertEquals(
    jsonLines(stdout).map(({ inputName, applicationName, samplerName }) => [
      inputName,
      applicationName,
      samplerName,
    ]),
    [["eth0/7", "http", "smp2"], [undefined, undefined, undefined]],
  );
  const table = await run("print", "--fields", "srcaddr,inputName", "--names");
  assertMatch(table.stdout, /192\.0\.2\.1 +eth0\/7/);
});

Deno.test("export -f ipfix keeps what flow-tools records lose", async () => {
  await using folder = temporaryDirectory();
  const file = `${folder.path}/x.ipfix`;
  const { code, stderr } = await run("export", "-f", "ipfix", "-o", file);
  assertEquals([code, stderr], [0, "flow-export: Exported 2 records\n"]);
  const back = await flowtools(["print", "--format", "ndjson", file]);
  assertEquals(
    jsonLines(back.stdout).map(({ srcaddr, dOctets, applicationId, samplingRate }) => [
      srcaddr,
      dOctets,
      applicationId,
      samplingRate,
    ]),
    [["192.0.2.1", 3000, "0d000050", 50], ["192.0.2.9", 3000, undefined, 100]],
  );
});

Deno.test("export -f4 -V makes packets of any version; versions go where they can", async () => {
  await using folder = temporaryDirectory();
  for (const [version, first] of [["9", 9], ["10", 10], ["ipfix", 10], ["7", 7]] as const) {
    const file = `${folder.path}/x`;
    assertEquals((await run("export", "-f4", "-V", version, "-o", file)).code, 0);
    assertEquals((await Deno.readFile(file))[1], first);
  }
  assertEquals((await run("export", "-f2", "-V", "9")).code, 2);
  assertEquals((await run("export", "-f4", "--domain", "1")).code, 2);
  const refused = await run("xlate", "-n", "-V", "9");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.stderr, "send and export make packets of 9 and 10");
});

Deno.test("send -V 9 and 10 bring flows through, as records or whole", async () => {
  for (const [version, first] of [["9", 9], ["ipfix", 10]] as const) {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const { port } = socket.addr as Deno.NetAddr;
    await using folder = temporaryDirectory();
    await Deno.writeFile(`${folder.path}/1.pcap`, IPFIX);
    const command = flowtoolsCommand(
      ["send", "-V", version, "--domain", "5", `0/127.0.0.1/${port}`, `${folder.path}/1.pcap`],
    );
    const [[packet], { code }] = await Promise.all([socket.receive(), command.output()]);
    socket.close();
    assertEquals([code, packet[1], packet[first === 9 ? 19 : 15]], [0, first, 5]);
    const file = `${folder.path}/2.pcap`;
    await Deno.writeFile(file, capture(packet));
    const { stdout } = await flowtools(["print", "--format", "ndjson", file]);
    const [{ srcaddr, applicationId }] = jsonLines(stdout);
    assertEquals([srcaddr, applicationId], ["192.0.2.1", "0d000050"]);
  }
});

/** Whether nfcapd and nfdump can be run. */
function hasNfdump(): boolean {
  try {
    for (const program of ["nfcapd", "nfdump"]) {
      new Deno.Command(program, { args: ["-V"], stdout: "null", stderr: "null" }).outputSync();
    }
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("skipped: nfcapd is not installed (apt-get install nfdump)");
    return false;
  }
}

for (const version of ["9", "10"]) {
  Deno.test({
    name: `nfcapd receives what send -V ${version} sends, and agrees on flows and sums`,
    ignore: !hasNfdump(),
    fn: async () => {
      await using folder = temporaryDirectory();
      const file = `${folder.path}/a.ft`;
      await flowtools(["gen", "-n", "500", "-o", file]);
      const { stdout } = await flowtools(["print", "--format", "ndjson", file]);
      const sent = jsonLines(stdout);
      const probe = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
      const { port } = probe.addr as Deno.NetAddr;
      probe.close();
      const files = `${folder.path}/nf`;
      await Deno.mkdir(files);
      const receiver = new Deno.Command("nfcapd", {
        args: ["-b", "127.0.0.1", "-p", String(port), "-w", files, "-t", "3600", "-I", "test"],
        stdout: "null",
        stderr: "null",
      }).spawn();
      try {
        await until(() => queued(port) === 0);
        const send = ["send", "-V", version, "--rate", "500", `0/127.0.0.1/${port}`, file];
        assertEquals((await flowtools(send)).code, 0);
        await until(() => queued(port) === 0);
      } finally {
        receiver.kill("SIGTERM");
        await receiver.status;
      }
      const nfdump = new Deno.Command("nfdump", { args: ["-R", files, "-o", "json"] });
      const output = await nfdump.output();
      const got: { in_packets: number; in_bytes: number }[] = JSON.parse(
        new TextDecoder().decode(output.stdout),
      );
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      assertEquals(
        [
          got.length,
          sum(got.map((flow) => flow.in_packets)),
          sum(got.map((flow) => flow.in_bytes)),
        ],
        [sent.length, sum(sent.map(({ dPkts }) => dPkts)), sum(sent.map(({ dOctets }) => dOctets))],
      );
    },
  });
}

/** Octets that wait at a UDP port of loopback; `undefined` where nobody listens. */
function queued(port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const words = Deno.readTextFileSync("/proc/net/udp").split("\n")
    .map((line) => line.trim().split(/\s+/)).find(([, address]) => address === `0100007F:${hex}`);
  return words && parseInt(words[4].split(":")[1], 16);
}

/** Polls until something holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let polls = 0; !holds(); polls++) {
    if (polls > 1000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
