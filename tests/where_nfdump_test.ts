/** `--where` against nfdump's filter: the same random flows, the same questions. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { compileWhere, FlowSet } from "@flowtools/flowset";
import { sfc32 } from "../scripts/random.ts";
import { flowtools, temporaryDirectory } from "./programs.ts";

/** Flows; as many as fit into packets, so that none waits for another. */
const FLOWS = 600;
const SEED = 7;

const HOSTS = ["10.0.0.1", "10.0.0.2", "10.1.2.3", "10.255.255.255", "192.0.2.7", "198.51.100.1"];
const PORTS = [22, 53, 80, 443, 1024, 8080, 65535];

/** Random flows of version 5, each with another number of octets, which is its name. */
function randomFlows(): FlowBatch {
  const random = sfc32(SEED);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <Value>(values: readonly Value[]) => values[below(values.length)];
  const batch = new FlowBatch({ capacity: FLOWS });
  const { schema } = findFtLayout(5)!;
  const octets = new Set<number>();
  while (octets.size < FLOWS) octets.add(40 + Math.floor(5_000_000 * random() ** 6));
  for (const dOctets of octets) {
    const prot = oneOf([1, 6, 6, 6, 17, 17, 47, 255]);
    const first = below(60_000);
    const icmp = 256 * oneOf([0, 3, 8, 11]) + below(3);
    batch.append(schema, {
      unix_secs: 1_700_000_000,
      sysUpTime: 1_000_000,
      exaddr: "127.0.0.1",
      srcaddr: oneOf(HOSTS),
      dstaddr: oneOf(HOSTS),
      nexthop: oneOf(HOSTS),
      input: below(4),
      output: below(4),
      dPkts: oneOf([1, 1, 2, 10, 1000, 1024, 100_000]),
      dOctets,
      first: 900_000 + first,
      last: 900_000 + first + oneOf([0, 1, 999, 1000, below(30_000)]),
      srcport: prot === 1 ? 0 : oneOf(PORTS),
      dstport: prot === 1 ? icmp : oneOf(PORTS),
      prot,
      tos: oneOf([0, 0, 0x20, 0xb8, 255]),
      tcp_flags: below(0x40),
      src_as: oneOf([0, 1, 64500, 65535]),
      dst_as: oneOf([0, 1, 64500, 65535]),
      src_mask: oneOf([0, 8, 24, 32]),
      dst_mask: oneOf([0, 8, 24, 32]),
      engine_type: below(2),
      engine_id: 1,
    });
  }
  return batch;
}

/** An expression of ours, and the same in nfdump's words. */
type Pair = readonly [ours: string, theirs: string];

const same = (text: string): Pair => [text, text];
const pick = fc.constantFrom<string[]>;
const SIDES = pick("", "src ", "dst ", "src or dst ", "src and dst ");
const SIGNS = pick("", "= ", "== ", "> ", "< ", ">= ", "<= ");
const COUNTS = pick("0", "1", "2", "10", "999", "1000", "1024", "30k", "1m");

const PRIMITIVE: fc.Arbitrary<Pair> = fc.oneof(
  fc.constant(same("any")),
  fc.tuple(SIDES, pick("ip", "host"), pick(...HOSTS)).map((words) => same(withSide(words))),
  fc.tuple(SIDES, pick("10.0.0.0/8", "10.0.0.0/30", "192.0.2.0/24", "0.0.0.0/0", "10.1.2.3/32"))
    .map(([side, net]) => same(`${side}net ${net}`)),
  fc.tuple(pick("", "src ", "dst "), pick("255.255.255.0", "255.255.255.252", "255.0.0.0"))
    .map(([side, mask]) => same(`${side}net 10.0.0.0 ${mask}`)),
  fc.tuple(pick("", "src ", "dst "), fc.uniqueArray(pick(...HOSTS), { minLength: 1, maxLength: 3 }))
    .map(([side, hosts]) => same(`${side}ip in [ ${hosts.join(" ")} ]`)),
  fc.tuple(SIDES, pick("", "= ", "> ", "< ", ">= ", "<= "), pick(...PORTS.map(String)))
    .map(([side, sign, port]) => same(`${side}port ${sign}${port}`)),
  fc.tuple(SIDES, fc.uniqueArray(pick(...PORTS.map(String)), { minLength: 1, maxLength: 4 }))
    .map(([side, ports]) => same(`${side}port in [ ${ports.join(" ")} ]`)),
  pick("tcp", "udp", "icmp", "gre", "6", "255").map((proto) => same(`proto ${proto}`)),
  fc.tuple(pick("packets", "bytes"), SIGNS, COUNTS).map((words) => same(withSide(words))),
  fc.tuple(SIGNS, pick("0", "1", "999", "1000", "15000")).map(([sign, ms]) =>
    same(`duration ${sign}${ms}`)
  ),
  // nfdump cuts what it divides: more than 5 means 6 at least.
  fc.tuple(pick("bps", "pps", "bpp"), fc.constantFrom(0, 1, 40, 1000, 100_000)).map(
    ([word, limit]): Pair => [`${word} >= ${limit + 1}`, `${word} > ${limit}`],
  ),
  fc.tuple(pick("bps", "pps", "bpp"), pick("1", "40", "1000", "100k")).map(([word, limit]) =>
    same(`${word} < ${limit}`)
  ),
  fc.tuple(pick("", "in ", "out "), pick("0", "1", "2", "3")).map(([side, port]) =>
    same(`${side}if ${port}`)
  ),
  // nfcapd 1.7 keeps neither masks nor AS numbers of version 5.
  pick("0", "32", "184", "255").map((tos) => same(`tos ${tos}`)),
  pick(...HOSTS).map((host) => same(`next ip ${host}`)),
  pick("0", "1").map((type) => same(`engine-type ${type}`)),
  pick("inet", "inet6", "ipv4", "ipv6").map(same),
);

function withSide([side, word, value]: readonly [string, string, string]): string {
  return /[<>=]/.test(word) ? `${side} ${word}${value}` : `${side}${word} ${value}`.trimEnd();
}

/**
 * Conditions of nfdump that ask for the protocol too. nfdump 1.7.1 negates what holds one wrongly:
 * where nothing passes "A and flags X", not everything passes "not (A and flags X)".
 */
const WITH_PROTOCOL: fc.Arbitrary<Pair> = fc.oneof(
  pick("S", "SA", "A", "AF", "F", "UAPRSF", "X", "P").map((flags) => same(`flags ${flags}`)),
  pick("0", "3", "8", "11").map((type) => same(`icmp-type ${type}`)),
  pick("0", "1", "2").map((code) => same(`icmp-code ${code}`)),
);

const joinedBy = ([a, word, b]: readonly [Pair, string, Pair]): Pair => [
  `(${a[0]}) ${word} (${b[0]})`,
  `(${a[1]}) ${word} (${b[1]})`,
];

const { plain: PLAIN } = fc.letrec<{ plain: Pair }>((tie) => ({
  plain: fc.oneof(
    { depthSize: "small" },
    PRIMITIVE,
    tie("plain").map(([ours, theirs]): Pair => [`not (${ours})`, `not (${theirs})`]),
    fc.tuple(PRIMITIVE, pick("and", "or", "&&", "||"), PRIMITIVE, pick("and", "or"), PRIMITIVE).map(
      ([a, first, b, second, c]): Pair => [
        `${a[0]} ${first} not ${b[0]} ${second} ${c[0]}`,
        `${a[1]} ${first} not ${b[1]} ${second} ${c[1]}`,
      ],
    ),
    fc.tuple(tie("plain"), pick("and", "or"), tie("plain")).map(joinedBy),
  ),
}));

const EXPRESSION = fc.oneof(
  { arbitrary: PLAIN, weight: 4 },
  { arbitrary: fc.tuple(WITH_PROTOCOL, pick("and", "or"), PLAIN).map(joinedBy), weight: 1 },
);

function isInstalled(program: string): boolean {
  try {
    new Deno.Command(program, { args: ["-V"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody listens on. */
function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}

/** Waits until a condition holds. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Cannot go on: ${what} did not happen`);
}

/** nfdump's file of flows that are sent to its collector. */
async function makeNfdumpFile(folder: string, flows: string): Promise<string> {
  const port = freePort();
  const collector = new Deno.Command("nfcapd", {
    args: ["-w", folder, "-b", "127.0.0.1", "-p", String(port), "-B", "8388608", "-t", "86400"],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    await until(
      "nfcapd listens",
      () => Deno.readTextFileSync("/proc/net/udp").includes(`:${hex} `),
    );
    const { code, stderr } = await flowtools(["send", `0/127.0.0.1/${port}`, flows]);
    assertEquals([code, stderr], [0, ""]);
    await until(
      "nfcapd has read all",
      () =>
        Deno.readTextFileSync("/proc/net/udp").split("\n").some((line) =>
          line.includes(`:${hex} `) && line.includes("00000000:00000000")
        ),
    );
  } finally {
    collector.kill("SIGTERM");
    await collector.status;
  }
  const name = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .find((entry) => entry.startsWith("nfcapd."));
  assert(name !== undefined, "nfcapd left a file");
  return `${folder}/${name}`;
}

/** Octets of the flows that pass nfdump's filter, which name the flows. */
function askNfdump(file: string, filter: string): number[] {
  const { code, stdout, stderr } = new Deno.Command("nfdump", {
    args: ["-q", "-N", "-r", file, "-o", "fmt:%byt", filter],
    env: { TZ: "UTC" },
  }).outputSync();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stderr)], [0, ""], filter);
  return decoder.decode(stdout).split("\n").map((line) => line.trim())
    .filter((line) => /^\d+$/.test(line)).map(Number).toSorted((a, b) => a - b);
}

const installed = Deno.build.os === "linux" && isInstalled("nfdump") && isInstalled("nfcapd");

Deno.test({
  name: "where picks the flows that nfdump picks" +
    (installed ? "" : " (skipped: nfdump and nfcapd are not installed)"),
  ignore: !installed,
  fn: async () => {
    await using folder = temporaryDirectory();
    const batch = randomFlows();
    const flows = `${folder.path}/flows.ft`;
    const set = await FlowSet.create(flows, { version: 5 });
    await set.write(batch);
    await set.close();
    await Deno.mkdir(`${folder.path}/nfdump`);
    const file = await makeNfdumpFile(`${folder.path}/nfdump`, flows);
    assertEquals(askNfdump(file, "any").length, FLOWS);
    const octets = batch.column("dOctets");
    const rows = new Uint32Array(FLOWS);
    let passed = 0;
    fc.assert(
      fc.property(EXPRESSION, ([ours, theirs]) => {
        const count = compileWhere(ours).select(batch, rows);
        const picked = Array.from(rows.subarray(0, count), (row) => octets[row]);
        assertEquals(picked.toSorted((a, b) => a - b), askNfdump(file, theirs), ours);
        passed += count;
      }),
      { numRuns: 300, seed: SEED },
    );
    assert(passed > 300 * FLOWS / 20, `${passed} flows passed`);
  },
});
