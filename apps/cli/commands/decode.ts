import { type JsonValue, parseIPv4, parseIPv6, SFLOW_VERSION } from "@flowtools/flow-model";
import {
  decodePdu,
  describePdu,
  formatDump,
  PduError,
  type PduHeader,
  pduMessage,
  readSflow,
  type SflowDatagram,
  type TemplateCodec,
  TemplateSession,
} from "@flowtools/netflow-pdu";
import {
  type ExportPacket,
  FILE_TEMPLATE_LIMITS,
  FlowPDU,
  PacketSessions,
  readPackets,
} from "@flowtools/flowset";
import { waitingText } from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { decodeRegistry } from "@flowtools/common/decode_registry";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import type { TimeZone } from "@flowtools/flowset/groups";
import { lookFromFlags, TABLE_ZONE_FLAG, UNITS_FLAG, zoneOf } from "../modern_flags.ts";
import { Output } from "../output.ts";
import { packetSets } from "../packet_sets.ts";
import { readChunks } from "../read_chunks.ts";
import { DATA_FORMATS, DataSetWriter } from "../render/data_set.ts";
import {
  PACKET_HEAD,
  PACKET_TABLE_ROWS,
  packetRow,
  type ShownPacket,
} from "../render/packet_view.ts";
import { OUTPUT_FLAG, TMP_FLAG } from "../shared_flags.ts";

/** How the names of files end that hold one UDP payload, even where it has several messages. */
const PAYLOAD_ENDING = ".dat";

/** A packet, the file that holds it, and what is remembered of exporters. */
interface FoundPacket {
  readonly path: string;
  readonly packet: ExportPacket;
  readonly sessions: PacketSessions;
}

/** Shows packets; returns whether one was not faultless. */
type ShowPacket = (found: FoundPacket) => boolean;

/** How packets are shown, and what ends that. */
interface PacketView {
  readonly show: ShowPacket;
  readonly end: () => void;
}

/** Decodes export packets. */
export const decodeCommand: CommandBody = {
  operands: "FILE…",
  flags: [
    {
      name: "exporter",
      value: "IP",
      doc: "Address of the exporter; captures tell it themselves (default: 0.0.0.0)",
    },
    {
      name: "format",
      group: "output",
      value: "NAME",
      choices: [...DATA_FORMATS, "dump"],
      meanings: [
        ["table", "A packet a line, without its flows"],
        ["json", "One array of objects, each a packet"],
        ["ndjson", "An object a line"],
        ["csv", "As table, with commas between"],
        ["dump", "Every field with its bytes"],
      ],
      doc: "How to print (default: ndjson)",
    },
    TABLE_ZONE_FLAG,
    UNITS_FLAG,
    OUTPUT_FLAG,
    TMP_FLAG,
  ],
  examples: [
    ["flowtools decode export.pcap | jq .flows[].srcaddr", "What a capture exports"],
    ["flowtools decode export.pcap packet.dat", "Several files, in the order of their packets"],
    ["flowtools decode --format table export.pcap", "A packet a line"],
    ["flowtools decode --format dump packet.dat", "Every byte of a packet explained"],
  ],
  run: async (args) => {
    const exporter = args.value("exporter") ?? "0.0.0.0";
    if ((parseIPv4(exporter) ?? parseIPv6(exporter)) === undefined) {
      throw new UsageError(`--exporter is "${exporter}", expected an IPv4 or IPv6 address`);
    }
    const sessions = new PacketSessions(decodeRegistry(args, FILE_TEMPLATE_LIMITS));
    const zone = zoneOf(args);
    const output = Output.open(args.value("output"));
    const view = packetView(args, output, zone);
    let problems = 0;
    const code = await eachInput(args, async (path) => {
      const warn = (message: string) => console.error(`flowtools: ${path}: ${message}`);
      const source = path === "-" ? "standard input" : path;
      const payload = path.endsWith(PAYLOAD_ENDING) ? "surely" : "maybe";
      const options = { source, exporter, payload, warn } as const;
      for await (const packets of readPackets(readChunks(path), options)) {
        for (const packet of packets) {
          if (view.show({ path, packet, sessions })) problems++;
        }
        // What is read from a live stream is shown at once.
        if (path === "-") output.flush();
      }
    });
    view.end();
    output.close();
    if (sessions.waiting > 0) console.error(`flowtools: ${waitingText(sessions.waiting)}`);
    return problems > 0 ? 1 : code;
  },
};

function packetView(args: ParsedArguments, output: Output, zone: TimeZone): PacketView {
  const format = args.value("format") ?? "ndjson";
  switch (format) {
    case "dump":
      return { show: (found) => showDump(found, output), end: () => {} };
    case "table":
    case "csv": {
      const look = lookFromFlags(args);
      const writer = new DataSetWriter(output, PACKET_HEAD, format, look, PACKET_TABLE_ROWS);
      const show = (packet: ShownPacket) => writer.row(packetRow(packet, zone));
      return { show: (found) => showPacket(found, show), end: () => writer.end() };
    }
    case "json": {
      let separator = "[\n  ";
      const show = (packet: ShownPacket) => {
        output.text(separator + JSON.stringify(packet));
        separator = ",\n  ";
      };
      const end = () => output.text(separator.startsWith("[") ? "[]\n" : "\n]\n");
      return { show: (found) => showPacket(found, show), end };
    }
    default: {
      const show = (packet: ShownPacket) => output.text(JSON.stringify(packet) + "\n");
      return { show: (found) => showPacket(found, show), end: () => {} };
    }
  }
}

/** Header fields that every flow of a packet repeats; the packet shows them once. */
const SHARED_ATTRIBUTES: ReadonlySet<string> = new Set([
  "unix_secs",
  "unix_nsecs",
  "sysUpTime",
  "exaddr",
  "exaddr_raw",
  "engine_type",
  "engine_id",
]);

/** What all packets show of where they were found. */
function placeOf({ path, packet }: FoundPacket): Readonly<Record<string, number | string>> {
  const { exporter, port, frame } = packet;
  return {
    exporter,
    ...(port > 0 ? { exporter_port: port } : {}),
    file: path,
    ...(frame === undefined ? {} : { frame }),
  };
}

function showPacket(found: FoundPacket, show: (packet: ShownPacket) => void): boolean {
  const packet = packetJson(found);
  show(packet);
  return packet.problem !== undefined;
}

function packetJson(found: FoundPacket): ShownPacket {
  const { payload, exporter, port } = found.packet;
  const codec = found.sessions.templateCodecOf(payload);
  const session = found.sessions.of(payload, exporter, port);
  return codec !== undefined && session instanceof TemplateSession
    ? setsJson(found, codec, session)
    : flowsJson(found);
}

/** A packet of NetFlow v9 or IPFIX. */
function setsJson(
  found: FoundPacket,
  codec: TemplateCodec,
  session: TemplateSession,
): Record<string, unknown> {
  const { payload, exporter } = found.packet;
  const { result, sets, resumed } = packetSets(codec, payload, exporter, session);
  const { header, reason } = result;
  return {
    ...(header === undefined ? {} : headerJson(header, codec.lacking)),
    ...placeOf(found),
    ...(reason === undefined ? {} : { problem: reason, message: pduMessage(result, exporter) }),
    sets,
    ...(resumed.length === 0 ? {} : { resumed }),
  };
}

/** A packet whose records all look alike, or of sFlow. */
function flowsJson(found: FoundPacket): Record<string, unknown> {
  const { payload, exporter, timeMs } = found.packet;
  const { registry } = found.sessions;
  try {
    const pdu = new FlowPDU(exporter, payload, { registry, receivedAt: timeMs });
    const flows = Array.from(pdu, (flow): Record<string, JsonValue> => {
      const own = Object.entries(flow.toJSON()).filter(([name]) => !SHARED_ATTRIBUTES.has(name));
      return Object.fromEntries(own);
    });
    const { header, version, aggregation, problem } = pdu;
    const shown = headerJson(header, registry.find(version, aggregation)?.lacking);
    const result = problem === undefined ? {} : {
      problem,
      message: pduMessage(decodePdu(registry, payload, undefined, { exporter }), exporter),
    };
    if (version !== SFLOW_VERSION) return { ...shown, ...placeOf(found), ...result, flows };
    const { version: sflowVersion, agent_address, samples } = sflowOf(payload);
    // Both NetFlow and sFlow have a version 5.
    const named = { protocol: "sFlow", ...shown, version: sflowVersion, agent: agent_address };
    return { ...named, ...placeOf(found), ...result, samples, flows };
  } catch (error) {
    if (!(error instanceof PduError)) throw error;
    return { ...placeOf(found), problem: error.code, message: error.message, flows: [] };
  }
}

/** The fields that the header has on the wire, by the names that all versions share. */
function headerJson(header: PduHeader, lacking: readonly string[] = []): Record<string, number> {
  return Object.fromEntries(Object.entries(header).filter(([name]) => !lacking.includes(name)));
}

/** What a datagram of sFlow holds beside flows, by the names of its specification. */
function sflowOf(payload: Uint8Array): SflowDatagram {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  // Its header was read before.
  return readSflow({ view, offset: 0, length: payload.length, exporter: 0 })!;
}

function showDump(found: FoundPacket, output: Output): boolean {
  const { payload, exporter, port } = found.packet;
  const { registry } = found.sessions;
  const { problem } = packetJson(found);
  const session = found.sessions.of(payload, exporter, port);
  const where = Object.entries(placeOf(found)).map(([key, value]) => `${key}=${value}`);
  const dump = formatDump(describePdu(registry, payload, session));
  output.text(`# ${where.join(" ")}\n${dump}\n`);
  return problem !== undefined;
}
