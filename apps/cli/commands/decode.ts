import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import { describePdu, formatDump } from "@flowtools/netflow-pdu";
import { FILE_TEMPLATE_LIMITS, PacketSessions, readPackets } from "@flowtools/flowset";
import { waitingText } from "@flowtools/flowset/select";
import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { decodeRegistry } from "@flowtools/common/decode_registry";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { lookFromFlags, TABLE_ZONE_FLAG, UNITS_FLAG, zoneOf } from "../modern_flags.ts";
import { Output } from "../output.ts";
import { type FoundPacket, packetJson, placeOf } from "../packet_json.ts";
import { PacketSelection } from "../packet_selection.ts";
import { readChunks } from "../read_chunks.ts";
import { DATA_FORMATS } from "../render/data_set.ts";
import type { ShownObject } from "../render/object_view.ts";
import { PACKET_NAMES, packetView } from "../render/packet_view.ts";
import { refuseRows, rowChoiceOf, rowFlags } from "../row_choice.ts";
import { OUTPUT_FLAG, TMP_FLAG } from "../shared_flags.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";

/** How the names of files end that hold one UDP payload, even where it has several messages. */
const PAYLOAD_ENDING = ".dat";

/** The format that is none of rows. */
const DUMP = "dump";

/** Shows packets. */
interface View {
  /** Whether no further packet can be shown. */
  readonly full: boolean;
  /** Shows a packet, which is JSON already. */
  show(found: FoundPacket, json: ShownObject): void;
  end(): void;
}

/** Decodes export packets. */
export const decodeCommand: CommandBody = {
  operands: "FILE…",
  flags: withWhere([
    {
      name: "exporter",
      value: "IP",
      doc: "Address of the exporter; captures tell it themselves (default: 0.0.0.0)",
    },
    {
      name: "format",
      group: "output",
      value: "NAME",
      choices: [...DATA_FORMATS, DUMP],
      meanings: [
        ["table", "A packet a line, without its flows"],
        ["json", "One array of objects, each a packet"],
        ["ndjson", "An object a line"],
        ["csv", "As table, with commas between"],
        [DUMP, "Every field with its bytes"],
      ],
      doc: "How to print (default: ndjson)",
    },
    ...rowFlags(PACKET_NAMES),
    TABLE_ZONE_FLAG,
    UNITS_FLAG,
    OUTPUT_FLAG,
    TMP_FLAG,
  ]),
  examples: [
    ["flowtools decode export.pcap | jq .exporter", "Who exports in a capture: an object a packet"],
    ["flowtools decode export.pcap packet.dat", "Several files, in the order of their packets"],
    ["flowtools decode --format table export.pcap", "A packet a line"],
    ["flowtools decode --format dump packet.dat", "Every byte of a packet explained"],
    [
      'flowtools decode --where "octets > 10k" --limit 3 export.pcap',
      "The first packets with such flows, and of what they hold only these",
    ],
    [
      "flowtools decode --format table --sort -records --limit 5 export.pcap",
      "The fullest packets",
    ],
  ],
  run: async (args) => {
    const exporter = args.value("exporter") ?? "0.0.0.0";
    if ((parseIPv4(exporter) ?? parseIPv6(exporter)) === undefined) {
      throw new UsageError(`--exporter is "${exporter}", expected an IPv4 or IPv6 address`);
    }
    const registry = () => decodeRegistry(args, FILE_TEMPLATE_LIMITS);
    const sessions = new PacketSessions(registry());
    const asked = await WhereSelection.fromArgs(args);
    const selection = asked.where && new PacketSelection(asked.where, asked, registry());
    const { view, output } = openView(args);
    let problems = 0;
    const code = await eachInput(args, async (path) => {
      const warn = (message: string) => console.error(`flowtools: ${path}: ${message}`);
      const source = path === "-" ? "standard input" : path;
      const payload = path.endsWith(PAYLOAD_ENDING) ? "surely" : "maybe";
      const options = { source, exporter, payload, warn } as const;
      selection?.beginInput();
      if (view.full) return;
      for await (const packets of readPackets(readChunks(path), options)) {
        for (const packet of packets) {
          if (view.full) break;
          const passed = selection?.select(packet);
          const found = { path, packet, sessions, passed };
          // Packets that are not shown may have templates of others.
          const json = packetJson(found);
          if (json.problem !== undefined) problems++;
          if (passed?.count !== 0) view.show(found, json);
        }
        // What is read from a live stream is shown at once.
        if (path === "-") output.flush();
        if (view.full) break;
      }
      selection?.problems().forEach(warn);
    });
    view.end();
    output.close();
    for (const note of selection?.notes() ?? []) console.error(`flowtools: --where: ${note}`);
    if (sessions.waiting > 0) console.error(`flowtools: ${waitingText(sessions.waiting)}`);
    return asked.exitCode(problems > 0 ? 1 : code);
  },
};

function openView(args: ParsedArguments): { readonly view: View; readonly output: Output } {
  const name = args.value("format") ?? "ndjson";
  const format = DATA_FORMATS.find((format) => format === name);
  if (format === undefined) refuseRows(args, DATA_FORMATS, ["fields", "sort"]);
  const choice = rowChoiceOf(args, PACKET_NAMES);
  const [zone, look] = [zoneOf(args), lookFromFlags(args)];
  const output = Output.open(args.value("output"));
  if (format === undefined) return { view: new DumpView(output, choice.limit), output };
  const packets = packetView(output, { format, choice, zone, look });
  const view: View = {
    get full() {
      return packets.full;
    },
    show: (_, json) => packets.add(json),
    end: () => packets.end(),
  };
  return { view, output };
}

/** Shows every field of packets with its bytes. */
class DumpView implements View {
  readonly #output: Output;
  readonly #limit: number;
  #shown = 0;

  constructor(output: Output, limit: number) {
    this.#output = output;
    this.#limit = limit;
  }

  get full(): boolean {
    return this.#shown >= this.#limit;
  }

  show(found: FoundPacket): void {
    this.#shown++;
    const { payload, exporter, port } = found.packet;
    const { registry } = found.sessions;
    const session = found.sessions.of(payload, exporter, port);
    const where = Object.entries(placeOf(found)).map(([key, value]) => `${key}=${value}`);
    const dump = formatDump(describePdu(registry, payload, session));
    this.#output.text(`# ${where.join(" ")}\n${dump}\n`);
  }

  end(): void {}
}
