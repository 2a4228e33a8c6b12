/**
 * softflowd (Debian) exports the same packets as NetFlow v5, NetFlow v9 and IPFIX: three times the
 * same flows, which are known from the packets.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { concat } from "@std/bytes";
import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import { FlowPDU, PacketSessions } from "@flowtools/flowset";
import { temporaryDirectory } from "./programs.ts";

const SOFTFLOWD = "softflowd";

/** Whether softflowd can be run. */
function isInstalled(): boolean {
  try {
    new Deno.Command(SOFTFLOWD, { args: ["-h"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`skipped: ${SOFTFLOWD} is not installed (apt-get install softflowd)`);
    return false;
  }
}

/** What a flow is, as all three versions tell it. */
interface ExpectedFlow {
  readonly srcaddr: string;
  readonly dstaddr: string;
  readonly srcport: number;
  readonly dstport: number;
  readonly prot: number;
  readonly tos: number;
  readonly tcp_flags: number;
  readonly dPkts: number;
  readonly dOctets: number;
  /** Unix milliseconds. */
  readonly first: number;
  readonly last: number;
}

/** A packet to be captured. */
interface Packet {
  /** Milliseconds since the first. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly prot: number;
  /** What is behind the IP header. */
  readonly data: Uint8Array;
  readonly tos?: number;
}

/** When the first packet was captured, Unix seconds. */
const START = 1_700_000_000;

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const SYN = 0x02;
const SYN_ACK = 0x12;
const FIN_ACK = 0x11;

const SERVER = "198.51.100.7";
const RESOLVER = "203.0.113.53";
const ECHO = "203.0.113.1";
const CLIENTS = 10;
/** Milliseconds from client to client. */
const STEP = 1500;

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8 & 255, value & 255);

function u32le(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return new Uint8Array(view.buffer);
}

function tcp(from: number, to: number, flags: number, octets: number): Uint8Array {
  const sequences = new Uint8Array(8);
  return concat([
    u16(from),
    u16(to),
    sequences,
    Uint8Array.of(0x50, flags),
    new Uint8Array(6 + octets),
  ]);
}

function udp(from: number, to: number, octets: number): Uint8Array {
  return concat([u16(from), u16(to), u16(8 + octets), new Uint8Array(2 + octets)]);
}

/** An echo request of 56 octets. */
function echo(): Uint8Array {
  return concat([Uint8Array.of(8, 0), new Uint8Array(54)]);
}

function addressOf(text: string): Uint8Array {
  const parsed = parseIPv4(text) ?? parseIPv6(text);
  assert(parsed !== undefined, text);
  return typeof parsed === "number" ? concat([u16(parsed >>> 16), u16(parsed & 0xffff)]) : parsed;
}

/** The packet in IP in Ethernet. */
function frame({ from, to, prot, data, tos = 0 }: Packet): Uint8Array {
  const [source, destination] = [addressOf(from), addressOf(to)];
  const wide = source.length === 16;
  const ip = wide
    ? [
      Uint8Array.of(0x60 | tos >> 4, (tos & 15) << 4, 0, 0),
      u16(data.length),
      Uint8Array.of(prot, 64),
    ]
    : [
      Uint8Array.of(0x45, tos),
      u16(20 + data.length),
      Uint8Array.of(0, 1, 0, 0, 64, prot, 0, 0),
    ];
  const ethernet = [new Uint8Array(12), u16(wide ? 0x86dd : 0x0800)];
  return concat([...ethernet, ...ip, source, destination, data]);
}

function pcap(packets: readonly Packet[]): Uint8Array {
  const head = [0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65_535, 1].map(u32le);
  const records = packets.toSorted((a, b) => a.at - b.at).flatMap((packet) => {
    const bytes = frame(packet);
    const microseconds = packet.at % 1000 * 1000;
    const second = START + Math.floor(packet.at / 1000);
    return [...[second, microseconds, bytes.length, bytes.length].map(u32le), bytes];
  });
  return concat([...head, ...records]);
}

/** What a client does, and the flows that make it up. */
function clientOf(index: number): { packets: Packet[]; flows: ExpectedFlow[]; wide: ExpectedFlow } {
  const client = `192.0.2.${index + 1}`;
  const at = index * STEP;
  const port = 40_000 + index;
  const [here, there] = [`2001:db8::${index + 1}`, "2001:db8:1::35"];
  const up = { from: client, to: SERVER, prot: TCP };
  const packets: Packet[] = [
    { ...up, at, data: tcp(port, 443, SYN, 0) },
    {
      at: at + 250,
      from: SERVER,
      to: client,
      prot: TCP,
      data: tcp(443, port, SYN_ACK, 100 * index),
    },
    { ...up, at: at + 750, data: tcp(port, 443, FIN_ACK, 10) },
    {
      at: at + 800,
      from: client,
      to: RESOLVER,
      prot: UDP,
      data: udp(5000 + index, 53, 30),
      tos: 0xb8,
    },
    { at: at + 900, from: client, to: ECHO, prot: ICMP, data: echo() },
    { at: at + 1000, from: here, to: there, prot: UDP, data: udp(6000 + index, 53, 40) },
  ];
  const flow = (
    { at, from, to, prot, tos = 0 }: Packet,
    ports: readonly [number, number],
    counts: readonly [dPkts: number, dOctets: number],
    more: Partial<ExpectedFlow> = {},
  ): ExpectedFlow => {
    const time = START * 1000 + at;
    const [srcport, dstport] = ports;
    const [dPkts, dOctets] = counts;
    const ends = { srcaddr: from, dstaddr: to, srcport, dstport, prot, tos };
    return { ...ends, tcp_flags: 0, dPkts, dOctets, first: time, last: time, ...more };
  };
  // softflowd gives both directions the times of the conversation.
  const times = { first: START * 1000 + at, last: START * 1000 + at + 750 };
  return {
    packets,
    flows: [
      flow(packets[0], [port, 443], [2, 40 + 50], { ...times, tcp_flags: SYN | FIN_ACK }),
      flow(packets[1], [443, port], [1, 40 + 100 * index], { ...times, tcp_flags: SYN_ACK }),
      flow(packets[3], [5000 + index, 53], [1, 58]),
      // The type of an echo request is 8, its code 0: 8 × 256 + 0.
      flow(packets[4], [0, 2048], [1, 76]),
    ],
    wide: flow(packets[5], [6000 + index, 53], [1, 88]),
  };
}

/** What softflowd sends when it reads a capture. */
async function exportPackets(path: string, version: number): Promise<Uint8Array[]> {
  const listen = () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const socket = listen();
  const other = listen();
  try {
    const target = `127.0.0.1:${(socket.addr as Deno.NetAddr).port}`;
    const args = ["-r", path, "-a", "-d", "-c", "none", "-v", `${version}`, "-n", target];
    const { success, stderr } = await new Deno.Command(SOFTFLOWD, { args }).output();
    assert(success, new TextDecoder().decode(stderr));
    // What was sent before stands before it in the queue of the socket.
    await other.send(new Uint8Array(1), socket.addr);
    const packets: Uint8Array[] = [];
    for (;;) {
      const [payload] = await socket.receive();
      if (payload.length === 1) return packets;
      packets.push(payload.slice());
    }
  } finally {
    socket.close();
    other.close();
  }
}

/** The flows of packets, in an order of their own. */
function flowsOf(packets: readonly Uint8Array[]): ExpectedFlow[] {
  const sessions = new PacketSessions();
  const flows: ExpectedFlow[] = [];
  for (const payload of packets) {
    const pdu = new FlowPDU("127.0.0.1", payload, {
      session: sessions.of(payload, "127.0.0.1", 1),
    });
    assertEquals(pdu.problem, undefined);
    for (const flow of pdu) {
      flows.push({
        srcaddr: flow.srcaddr!,
        dstaddr: flow.dstaddr!,
        // Templates for ICMP have neither source port nor TCP flags.
        srcport: flow.srcport ?? 0,
        dstport: flow.dstport!,
        prot: flow.prot!,
        tos: flow.tos!,
        tcp_flags: flow.tcp_flags ?? 0,
        dPkts: flow.dPkts!,
        dOctets: flow.dOctets!,
        first: Math.round(flow.first! * 1000),
        last: Math.round(flow.last! * 1000),
      });
    }
  }
  assertEquals(sessions.waiting, 0);
  return inOrder(flows);
}

function inOrder(flows: readonly ExpectedFlow[]): ExpectedFlow[] {
  const key = ({ srcaddr, dstaddr, prot }: ExpectedFlow) => `${srcaddr} ${dstaddr} ${prot}`;
  return flows.toSorted((a, b) => key(a) < key(b) ? -1 : 1);
}

/** Flows with other times. */
function shifted(flows: readonly ExpectedFlow[], ms: number): ExpectedFlow[] {
  return flows.map((flow) => ({ ...flow, first: flow.first + ms, last: flow.last + ms }));
}

Deno.test({
  name: "softflowd exports the same flows as v5, v9 and IPFIX (skipped without softflowd)",
  ignore: !isInstalled(),
  fn: async () => {
    await using folder = temporaryDirectory();
    const path = `${folder.path}/traffic.pcap`;
    const clients = Array.from({ length: CLIENTS }, (_, index) => clientOf(index));
    await Deno.writeFile(path, pcap(clients.flatMap(({ packets }) => packets)));
    const narrow = inOrder(clients.flatMap(({ flows }) => flows));
    const all = inOrder([...narrow, ...clients.map(({ wide }) => wide)]);

    const v5 = await exportPackets(path, 5);
    assertGreater(v5.length, 1);
    assertEquals(flowsOf(v5), narrow);

    assertEquals(flowsOf(await exportPackets(path, 10)), all);

    // The clock in the header of v9 has no milliseconds, so that its flows are that much too early.
    const v9 = flowsOf(await exportPackets(path, 9));
    const late = START * 1000 +
      Math.max(...clients.flatMap(({ packets }) => packets.map((p) => p.at)));
    assertEquals(v9, shifted(all, -(late % 1000)));
  },
});
