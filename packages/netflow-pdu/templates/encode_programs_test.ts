/** What other programs make of our packets; without them the tests are skipped, and say so. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch, type RowValues } from "@flowtools/flow-model";
import { ethernet, ipv4, pcap, udp } from "../capture/_builders.ts";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import { V5_CODEC } from "../codecs/v5.ts";
import type { TemplateCodec } from "./define_codec.ts";
import { capturedPackets, captureGroups, inputOf } from "./_builders.ts";
import { DomainNumbers } from "./domain_numbers.ts";
import { createTemplateEncoder } from "./encoder.ts";

const SECS = 1_700_000_000;
const NOW = SECS * 1000;
const FLOWS = 300;

function found(program: string, versionFlag: string): boolean {
  try {
    return new Deno.Command(program, { args: [versionFlag], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    console.log(`skipped: ${program} is not installed`);
    return false;
  }
}

/** Flows that differ in every field; a third is IPv6. */
function someFlows(wide: (row: number) => boolean): FlowBatch {
  const batch = new FlowBatch({ capacity: FLOWS });
  const { schema } = V5_CODEC.layouts.record;
  for (let row = 0; row < FLOWS; row++) {
    const values: RowValues = {
      unix_secs: SECS + Math.floor(row / 30),
      unix_nsecs: 123_000_000,
      sysUpTime: 900_000 + row,
      first: 600_000 + row * 7,
      last: 700_000 + row * 11,
      srcaddr: wide(row) ? `2001:db8::${row.toString(16)}` : 0x0a000000 + row,
      dstaddr: wide(row) ? `2001:db8:1::${row.toString(16)}` : 0xc0a80000 + row,
      nexthop: wide(row) ? "2001:db8:ffff::1" : 0xc0000201,
      srcport: 1024 + row,
      dstport: 443,
      prot: row % 2 === 0 ? 6 : 17,
      tos: row % 256,
      tcp_flags: row % 64,
      dPkts: row + 1,
      dOctets: 2 ** 33 + row,
      input: 70_000 + row,
      output: 3,
      src_as: 4_200_000_000 + row,
      dst_as: 64_512,
      src_mask: 24,
      dst_mask: 16,
      engine_type: 1,
      engine_id: 7,
    };
    batch.append(schema, values);
  }
  return batch;
}

/** Asks tshark for the values of fields, over all packets. */
function tshark(packets: readonly Uint8Array[], fields: readonly string[]): string[][] {
  const file = Deno.makeTempFileSync({ suffix: ".pcap" });
  try {
    Deno.writeFileSync(file, pcap(packets.map((packet) => ethernet(ipv4(udp(packet))))));
    const asked = fields.flatMap((field) => ["-e", field]);
    const { success, stdout, stderr } = new Deno.Command("tshark", {
      args: [
        "-r",
        file,
        "-d",
        "udp.port==2055,cflow",
        "-T",
        "fields",
        "-E",
        "aggregator=|",
        ...asked,
      ],
      env: { TZ: "UTC" },
    }).outputSync();
    assert(success, new TextDecoder().decode(stderr));
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) =>
      line.split("\t")
    );
    return fields.map((_, index) =>
      lines.flatMap((line) =>
        line[index] === "" || line[index] === undefined ? [] : line[index].split("|")
      )
    );
  } finally {
    Deno.removeSync(file);
  }
}

const codecs: readonly TemplateCodec[] = [createV9Codec(), createIpfixCodec()];
const hasTshark = found("tshark", "--version");
const hasNfdump = found("nfcapd", "-V") && found("nfdump", "-V");

for (const codec of codecs) {
  for (const wide of [false, true]) {
    const family = wide ? "IPv6" : "IPv4";
    Deno.test({
      name: `tshark reads the values of ${family} flows out of our ${codec.title} packets`,
      ignore: !hasTshark,
      fn: () => {
        const batch = someFlows(() => wide);
        const encoder = createTemplateEncoder(codec, { domain: 5, resendPackets: 4 });
        const packets = encoder.encode(batch, 0, FLOWS, NOW);
        const six = wide ? "v6" : "";
        const numbers = {
          srcport: "cflow.srcport",
          prot: "cflow.protocol",
          tos: "cflow.tos",
          dPkts: "cflow.packets",
          dOctets: "cflow.octets",
          input: "cflow.inputint",
          src_as: "cflow.srcas",
          src_mask: `cflow.srcmask${six}`,
        } as const;
        const texts = {
          srcaddr: `cflow.srcaddr${six}`,
          dstaddr: `cflow.dstaddr${six}`,
          nexthop: `cflow.nexthop${six}`,
        } as const;
        const flags = "cflow.tcpflags";
        const [start, end] = codec.version === 9
          ? ["cflow.timestart", "cflow.timeend"]
          : ["cflow.abstimestart", "cflow.abstimeend"];
        const names = [...Object.values(numbers), ...Object.values(texts), flags, start, end];
        const header = ["cflow.version", "cflow.sequence", "cflow.od_id", "cflow.source_id"];
        const problems = ["_ws.expert.message", "_ws.malformed"];
        const values = tshark(packets, [...names, ...header, ...problems]);
        const seen = new Map(
          [...names, ...header, ...problems].map((name, at) => [name, values[at]]),
        );

        for (const name of problems) assertEquals(seen.get(name), [], name);
        for (const [name, field] of Object.entries(numbers)) {
          const ours = batch.column(name as keyof typeof numbers);
          assertEquals(seen.get(field)?.map(Number), [...ours], name);
        }
        for (const [name, field] of Object.entries(texts)) {
          const ours = (row: number) => batch.flow(row).get(name as keyof typeof texts);
          assertEquals(seen.get(field), Array.from({ length: FLOWS }, (_, row) => ours(row)), name);
        }
        assertEquals(seen.get(flags)?.map(Number), [...batch.column("tcp_flags")]);
        assertEquals(
          seen.get("cflow.sequence")?.map(Number),
          sequences(codec, packets),
        );
        const domains = seen.get(codec.version === 9 ? "cflow.source_id" : "cflow.od_id");
        assertEquals(domains, packets.map(() => "5"));
        for (const [field, name] of [[start, "first"], [end, "last"]] as const) {
          const theirs = codec.version === 9
            ? uptimesToUnix(codec, packets, seen.get(field) ?? [])
            : (seen.get(field) ?? []).map((text) =>
              Date.parse(text.replace(/(\.\d{3})\d* UTC$/, "$1 UTC"))
            );
          assertEquals(
            theirs,
            Array.from({ length: FLOWS }, (_, row) => Math.round(batch.flow(row).get(name) * 1000)),
            name,
          );
        }
      },
    });
  }

  Deno.test({
    name: `nfcapd takes our ${codec.title} packets off loopback and agrees on flows and sums`,
    ignore: !hasNfdump,
    fn: async () => {
      const batch = someFlows((row) => row % 3 === 0);
      const packets = createTemplateEncoder(codec, { domain: 9 }).encode(batch, 0, FLOWS, NOW);
      const flows = await nfcapd(packets);
      assertEquals(flows.length, FLOWS);
      const key = (flow: NfdumpFlow) => flow.src_port;
      flows.sort((a, b) => key(a) - key(b));
      for (const [row, flow] of flows.entries()) {
        const {
          srcaddr,
          dstaddr,
          srcport,
          dstport,
          prot,
          dPkts,
          dOctets,
          first,
          last,
          input,
          src_as,
        } = batch.flow(row);
        assertEquals({
          source: flow.src4_addr ?? flow.src6_addr,
          destination: flow.dst4_addr ?? flow.dst6_addr,
          ports: [flow.src_port, flow.dst_port],
          counters: [flow.in_packets, flow.in_bytes],
          moments: [flow.first, flow.last].map((text) => Date.parse(`${text}Z`)),
          rest: [flow.proto, flow.input_snmp, flow.src_as],
        }, {
          source: srcaddr,
          destination: dstaddr,
          ports: [srcport, dstport],
          counters: [dPkts, dOctets],
          moments: [first!, last!].map((seconds) => Math.round(seconds * 1000)),
          rest: [prot, input, src_as],
        });
      }
    },
  });
}

for (const codec of codecs) {
  Deno.test({
    name: `tshark finds nothing wrong in the flows of all captures as ${codec.title}`,
    ignore: !hasTshark,
    fn: () => {
      const domains = new DomainNumbers();
      const packets = captureGroups().flatMap((group) => {
        // What they sent themselves is wrong for tshark: text in place of numbers, MPLS labels.
        if (/h3c|juniper-cpid/.test(group.name)) return [];
        const batch = new FlowBatch({ capacity: 1 << 15, octets: true });
        const sessions = new Map();
        for (const { expected, octets, exporter } of capturedPackets(group)) {
          const from = expected.version === 9 ? codecs[0] : codecs[1];
          const session = sessions.get(exporter) ?? from.createSession();
          sessions.set(exporter, session);
          from.decode(inputOf(octets), batch, session);
        }
        return createTemplateEncoder(codec, { domains }).encode(batch, 0, batch.length, NOW);
      });
      if (packets.length === 0) return;
      const [problems, versions] = tshark(packets, ["_ws.expert.message", "cflow.version"]);
      assertEquals(problems, []);
      assertEquals(versions, packets.map(() => String(codec.version)));
    },
  });
}

/** The sequence numbers that the packets should have. */
function sequences(codec: TemplateCodec, packets: readonly Uint8Array[]): number[] {
  const session = codec.createSession();
  let next = 0;
  return packets.map((packet) => {
    const own = next;
    next += codec.version === 9 ? 1 : codec.decode(inputOf(packet), undefined, session).units!;
    return own;
  });
}

/** Uptimes of NetFlow v9 in seconds, as tshark shows them, to Unix milliseconds. */
function uptimesToUnix(
  codec: TemplateCodec,
  packets: readonly Uint8Array[],
  uptimes: readonly string[],
): number[] {
  const session = codec.createSession();
  let next = 0;
  return packets.flatMap((packet) => {
    const { header, units } = codec.decode(inputOf(packet), undefined, session);
    const boot = header!.unix_secs * 1000 - header!.sysUpTime;
    const own = uptimes.slice(next, next += units!);
    return own.map((seconds) => boot + Math.round(Number(seconds) * 1000));
  });
}

/** A flow as nfdump shows it. */
interface NfdumpFlow {
  readonly first: string;
  readonly last: string;
  readonly src4_addr?: string;
  readonly dst4_addr?: string;
  readonly src6_addr?: string;
  readonly dst6_addr?: string;
  readonly src_port: number;
  readonly dst_port: number;
  readonly proto: number;
  readonly in_packets: number;
  readonly in_bytes: number;
  readonly input_snmp: number;
  readonly src_as: number;
}

/** Sends packets to nfcapd on loopback and returns the flows that nfdump finds in its file. */
async function nfcapd(packets: readonly Uint8Array[]): Promise<NfdumpFlow[]> {
  const directory = await Deno.makeTempDir();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const probe = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr as Deno.NetAddr;
  probe.close();
  const child = new Deno.Command("nfcapd", {
    args: ["-b", "127.0.0.1", "-p", String(port), "-w", directory, "-t", "3600", "-I", "test"],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await until(() => udpQueue(port) === 0);
    for (const packet of packets) {
      await socket.send(packet, { transport: "udp", hostname: "127.0.0.1", port });
      await until(() => udpQueue(port) === 0);
    }
    child.kill("SIGTERM");
    await child.status;
    const { stdout } = await new Deno.Command("nfdump", {
      args: ["-R", directory, "-o", "json"],
      env: { TZ: "UTC" },
    }).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    socket.close();
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.status;
    await Deno.remove(directory, { recursive: true });
  }
}

/** Octets that wait at a UDP port of loopback; `undefined` where nobody listens. */
function udpQueue(port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const line = Deno.readTextFileSync("/proc/net/udp").split("\n")
    .find((line) => line.trim().split(/\s+/)[1] === `0100007F:${hex}`);
  return line === undefined ? undefined : parseInt(line.trim().split(/\s+/)[4].split(":")[1], 16);
}

/** Polls until something holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let polls = 0; !holds(); polls++) {
    if (polls > 1000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
