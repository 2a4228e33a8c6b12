import { concat } from "@std/bytes";
import { FlowToolsError, type FlowValue, parseIPv4, parseIPv6 } from "@flowtools/flow-model";
import {
  createPduRegistry,
  describePdu,
  formatDump,
  PDU_CODECS,
  PduError,
} from "@flowtools/netflow-pdu";
import { CaptureDecoder, isCapture } from "@flowtools/netflow-pdu/capture";
import { FlowPDU } from "@flowtools/flowset";
import type { Command } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { UsageError } from "@flowtools/common/flags";
import { Output } from "../output.ts";
import { readChunks } from "../read_chunks.ts";
import { OUTPUT_FLAG, TMP_FLAG } from "../shared_flags.ts";

/** A UDP payload is at most this long; a longer file is no payload. */
const PAYLOAD_BYTES_MAX = 65_535;

/** One export packet, wherever it was found. */
interface Packet {
  readonly payload: Uint8Array;
  readonly exporter: string;
  /** What is known of where it was found, for the output. */
  readonly found: Readonly<Record<string, number | string>>;
}

/** Decodes export packets. */
export const decodeCommand: Command = {
  name: "decode",
  summary: "Decode export packets: raw payloads, pcap and pcapng captures",
  operands: "FILE…",
  flags: [
    {
      name: "exporter",
      value: "IP",
      doc: "Address of the exporter; captures tell it themselves (default: 0.0.0.0)",
    },
    {
      name: "format",
      value: "NAME",
      choices: ["ndjson", "dump"],
      doc: "One JSON object a packet, or every field with its bytes (default: ndjson)",
    },
    OUTPUT_FLAG,
    TMP_FLAG,
  ],
  examples: [
    ["flowtools decode export.pcap | jq .flows[].srcaddr", "What a capture exports"],
    ["flowtools decode --format dump packet.dat", "Every byte of a packet explained"],
  ],
  run: async (args) => {
    const exporter = args.value("exporter") ?? "0.0.0.0";
    if ((parseIPv4(exporter) ?? parseIPv6(exporter)) === undefined) {
      throw new UsageError(`--exporter is "${exporter}", expected an IPv4 or IPv6 address`);
    }
    const show = args.value("format") === "dump" ? dumpText : jsonText;
    const output = Output.open(args.value("output"));
    let problems = 0;
    const code = await eachInput(args, async (path) => {
      for await (const packet of readPackets(path, exporter)) {
        const { text, problem } = show(packet);
        output.text(text);
        if (problem) problems++;
      }
    });
    output.close();
    return problems > 0 ? 1 : code;
  },
};

/** The packets of a capture, or the one packet that a file is. */
async function* readPackets(path: string, exporter: string): AsyncGenerator<Packet> {
  const head: Uint8Array[] = [];
  let headLength = 0;
  let decoder: CaptureDecoder | undefined;
  for await (const chunk of readChunks(path)) {
    if (decoder === undefined) {
      head.push(chunk);
      headLength += chunk.length;
      if (headLength < 4) continue;
      if (!isCapture(concat(head))) {
        if (headLength > PAYLOAD_BYTES_MAX) break;
        continue;
      }
      decoder = new CaptureDecoder({ source: path });
      decoder.push(concat(head));
    } else {
      decoder.push(chunk);
    }
    yield* capturedPackets(path, decoder);
  }
  if (decoder === undefined) {
    if (headLength > PAYLOAD_BYTES_MAX) {
      throw new FlowToolsError(
        "too-long",
        `Cannot decode "${path}": it is neither a capture nor a UDP payload, which has at most ` +
          `${PAYLOAD_BYTES_MAX} bytes`,
      );
    }
    yield { payload: concat(head), exporter, found: { file: path } };
    return;
  }
  try {
    decoder.finish();
  } finally {
    yield* capturedPackets(path, decoder);
    for (const [reason, count] of decoder.skipped) {
      console.error(`flowtools: ${path}: ${count} packets skipped: ${reason}`);
    }
  }
}

function* capturedPackets(path: string, decoder: CaptureDecoder): Generator<Packet> {
  for (let found = decoder.read(); found !== undefined; found = decoder.read()) {
    yield {
      payload: found.payload,
      exporter: found.source,
      found: { file: path, frame: found.frame, exporter_port: found.sourcePort },
    };
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

function jsonText({ payload, exporter, found }: Packet): { text: string; problem: boolean } {
  let packet: Record<string, unknown>;
  try {
    const pdu = new FlowPDU(exporter, payload);
    const flows: Record<string, FlowValue>[] = [];
    for (const flow of pdu) {
      const own = Object.entries(flow.toJSON()).filter(([name]) => !SHARED_ATTRIBUTES.has(name));
      flows.push(Object.fromEntries(own));
    }
    packet = { ...pdu.header, exporter, ...found, problem: pdu.problem, flows };
  } catch (error) {
    if (!(error instanceof PduError)) throw error;
    packet = { exporter, ...found, problem: error.code, message: error.message, flows: [] };
  }
  return { text: JSON.stringify(packet) + "\n", problem: packet.problem !== undefined };
}

const REGISTRY = createPduRegistry(PDU_CODECS);

function dumpText({ payload, exporter, found }: Packet): { text: string; problem: boolean } {
  const where = Object.entries({ exporter, ...found }).map(([key, value]) => `${key}=${value}`);
  const text = `# ${where.join(" ")}\n${formatDump(describePdu(REGISTRY, payload))}\n`;
  return { text, problem: jsonText({ payload, exporter, found }).problem };
}
