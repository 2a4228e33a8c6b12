import { parseIPv4 } from "@flowtools/flow-model";
import { IPFIX_CODEC, type TemplateCodec, V9_CODEC } from "@flowtools/netflow-pdu";
import { PacketExporter } from "@flowtools/flowset";
import { RecordShaper } from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import { reportInputFault } from "../each_input.ts";
import { OutputError } from "../output.ts";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { listInputs } from "../inputs.ts";
import { RecordInputs, tellConverted } from "../record_inputs.ts";
import { PacketPace } from "../packet_pace.ts";
import { isMulticast, parsePeer, type Peer } from "@flowtools/common/parse_peer";
import {
  EXPORT_VERSIONS,
  type ExportVersion,
  parseTemplateVersion,
  parseVersion,
  TEMPLATE_VERSIONS,
} from "@flowtools/common/parse_version";
import { RunProfile } from "../run_profile.ts";
import { strictCompat } from "../strict_compat.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";
import { DEBUG_FLAG, TMP_FLAG } from "../shared_flags.ts";
import { BatchMask, maskAddresses } from "../mask_addresses.ts";
import {
  refuseTemplateFlags,
  TEMPLATE_FLAGS,
  templateOptions,
  TemplateRun,
} from "../template_packets.ts";

/** Sends flows as export packets. */
export const sendCommand: CommandBody = {
  operands: "LOCALIP/REMOTEIP/PORT [FILE…]",
  flags: withWhere([
    {
      name: "export-version",
      letter: "V",
      value: "VERSION",
      words: [...EXPORT_VERSIONS, ...TEMPLATE_VERSIONS],
      doc: "Version to send: 1, 5, 6, 7, 8.1 to 8.14, 9, 10 (or ipfix) " +
        "(default: that of the flows; 5 for captures of 9, 10 and sFlow)",
    },
    ...TEMPLATE_FLAGS,
    {
      name: "delay",
      letter: "x",
      value: "USEC",
      range: [0, 2 ** 32 - 1],
      doc: "Microseconds to wait after each packet (default: 0)",
    },
    {
      name: "rate",
      value: "N",
      range: [1, 10_000_000],
      doc: "Packets a second at most",
    },
    {
      name: "speed",
      value: "FACTOR",
      doc:
        "Keep the times of the export, FACTOR times as fast: 1 as it was, 60 an hour in a minute",
    },
    {
      name: "privacy-mask",
      letter: "m",
      value: "MASK",
      doc: "Keep only these bits of addresses, such as 255.255.255.0; multicast stays",
    },
    {
      name: "spoof",
      letter: "s",
      doc:
        "Send from LOCALIP, even if it is not of this host (raw socket: needs root or CAP_NET_RAW)",
    },
    TMP_FLAG,
    DEBUG_FLAG,
  ]),
  examples: [
    ["flowtools send 0/127.0.0.1/9995 <file.ft", "Send to a collector as fast as it goes"],
    ["flowtools send --speed 1000 0/127.0.0.1/9995 file.ft", "Replay, a thousand times as fast"],
    ["flowtools send -V 7 --rate 1000 0/127.0.0.1/9995 file.ft", "As version 7, evenly"],
    ["flowtools send -V ipfix 0/127.0.0.1/4739 flows/", "Old files, or captures, as IPFIX"],
  ],
  run: async (args) => {
    const profile = new RunProfile("send");
    const selection = await WhereSelection.fromArgs(args);
    const [target, ...files] = args.operands;
    if (target === undefined) throw new UsageError("peer is missing: localip/remoteip/port");
    const peer = parsePeer(target);
    const text = args.value("export-version");
    const codec = text === undefined ? undefined : parseTemplateVersion(text);
    const version = text === undefined || codec !== undefined
      ? undefined
      : parseVersion(text, TEMPLATE_VERSIONS);
    if (codec === undefined) refuseTemplateFlags(args);
    const pace = new PacketPace({
      delay: args.number("delay"),
      rate: args.number("rate"),
      speed: speedOf(args),
    });
    const mask = maskOf(args);
    using link = args.on("spoof") ? await openRawLink(peer) : await openLink(peer);
    const paths = listInputs(files, { includeTmp: args.on("all") });
    const sender = { pace, link, mask, paths, selection };
    const { flows, code } = codec === undefined
      ? await sendRecords(args, sender, version)
      : await sendTemplates(args, sender, codec);
    profile.report(args.number("debug"), flows);
    return selection.exitCode(code);
  },
};

/** What packets are sent with. */
interface Sender {
  readonly pace: PacketPace;
  readonly link: Link;
  readonly mask: number | undefined;
  readonly paths: Iterable<string>;
  readonly selection: WhereSelection;
}

interface Sent {
  readonly flows: number;
  readonly code: number;
}

/** Sends flows as packets of fixed records. */
async function sendRecords(
  args: ParsedArguments,
  { pace, link, mask, paths, selection }: Sender,
  wanted: ExportVersion | undefined,
): Promise<Sent> {
  const referenceFaults = strictCompat(args);
  let flows = 0;
  let code = 0;
  let run: { shaper: RecordShaper; exporter: PacketExporter } | undefined;
  const drain = async (packets: Uint8Array[]) => {
    for (const packet of packets) {
      await pace.next(exportTime(packet));
      await link.send(packet);
    }
    packets.length = 0;
  };
  const packets: Uint8Array[] = [];
  const collect = (packet: Uint8Array) => void packets.push(packet.slice());
  using inputs = new RecordInputs(args);
  for (const path of paths) {
    try {
      await using input = await inputs.open(path, selection);
      if (run === undefined) {
        const { exportVersion: version, aggregation } = input.header;
        const shape = wanted ?? { version, aggregation };
        const shaper = new RecordShaper({ ...shape, referenceFaults });
        run = { shaper, exporter: new PacketExporter(shaper.layout, { referenceFaults }) };
      }
      for await (const block of input.blocks()) {
        const shaped = run.shaper.shape(block);
        if (mask !== undefined) maskAddresses(shaped, mask);
        run.exporter.add(shaped, collect);
        flows += block.count;
        await drain(packets);
      }
    } catch (error) {
      reportInputFault(path, error);
      code = 1;
    }
  }
  run?.exporter.end(collect);
  await drain(packets);
  if (run !== undefined) tellConverted(run.shaper);
  return { flows, code };
}

/** Sends flows as packets of NetFlow v9 or IPFIX. */
async function sendTemplates(
  args: ParsedArguments,
  { pace, link, mask, paths, selection }: Sender,
  codec: TemplateCodec,
): Promise<Sent> {
  const masking = mask === undefined ? undefined : new BatchMask(mask);
  // Replayed by the clock of their exporter, packets need that clock.
  const encoder = { ...templateOptions(args), splitClocks: args.value("speed") !== undefined };
  const run = new TemplateRun(
    args,
    { codec, encoder },
    async (packets) => {
      for (const packet of packets) {
        await pace.next(exportTime(packet));
        await link.send(packet);
      }
    },
    masking && ((batch) => masking.apply(batch)),
  );
  let code = 0;
  for (const path of paths) {
    try {
      await run.add(path, selection);
    } catch (error) {
      reportInputFault(path, error);
      code = 1;
    }
  }
  code = Math.max(code, await run.finish());
  if (masking !== undefined && masking.leftOut > 0) {
    console.error(
      `flowtools: ${masking.leftOut} flows left out: --privacy-mask masks no IPv6 addresses`,
    );
  }
  return { flows: run.flows, code };
}

/** Where packets go. */
interface Link extends Disposable {
  send(packet: Uint8Array): Promise<unknown>;
}

async function openLink({ local, remote, port, ttl }: Peer): Promise<Link> {
  if (typeof Deno.listenDatagram !== "function") {
    throw new UsageError("send needs the network: run deno with --allow-net --unstable-net");
  }
  const socket = Deno.listenDatagram({ transport: "udp", hostname: local, port: 0 });
  const target: Deno.NetAddr = { transport: "udp", hostname: remote, port };
  if (isMulticast(remote) && ttl !== undefined) {
    // Only a socket that is of the group lets its hops be set.
    await (await socket.joinMulticastV4(remote, local)).setTTL(ttl);
  }
  return {
    send: (packet) => socket.send(packet, target),
    [Symbol.dispose]: () => socket.close(),
  };
}

/** A link whose packets come from an address that need not be one of this machine. */
async function openRawLink({ local, remote, port, ttl }: Peer): Promise<Link> {
  const source = parseIPv4(local);
  if (source === undefined || source === 0) {
    throw new UsageError(`--spoof sends from LOCALIP, which is ${local}, expected an address`);
  }
  const { linuxSenders } = await import("@flowtools/collector/linux_sender");
  const senders = linuxSenders();
  if (senders === undefined) {
    throw new UsageError("--spoof needs Linux, and deno run with --allow-ffi");
  }
  const target = {
    name: `${remote}:${port}`,
    remote: parseIPv4(remote)!,
    port,
    local: source,
    ttl,
  };
  const sender = senders.open({ ...target, spoof: true, delayMicros: 0 });
  return {
    send: async (packet) => {
      for (;;) {
        const result = await sender.send(packet.slice(), 0, { address: source, port: 0 });
        if (result.outcome === "sent") return;
        if (result.outcome !== "busy") {
          throw new OutputError(`Cannot send to ${target.name}: ${result.error ?? result.outcome}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    [Symbol.dispose]: () => sender.close(),
  };
}

/** When a packet was exported, by its header: milliseconds. */
function exportTime(packet: Uint8Array): number {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const version = view.getUint16(0);
  if (version === IPFIX_CODEC.version) return view.getUint32(4) * 1000;
  if (version === V9_CODEC.version) return view.getUint32(8) * 1000;
  return view.getUint32(8) * 1000 + view.getUint32(12) / 1_000_000;
}

function speedOf(args: ParsedArguments): number | undefined {
  const text = args.value("speed");
  if (text === undefined) return undefined;
  const speed = Number(text.replace(/^[×x]/, ""));
  if (!(speed > 0 && Number.isFinite(speed))) {
    throw new UsageError(`--speed is "${text}", expected a factor above 0`);
  }
  return speed;
}

function maskOf(args: ParsedArguments): number | undefined {
  const text = args.value("privacy-mask");
  if (text === undefined) return undefined;
  const mask = parseIPv4(text);
  if (mask === undefined) {
    throw new UsageError(`--privacy-mask is "${text}", expected a mask such as 255.255.255.0`);
  }
  return mask;
}
