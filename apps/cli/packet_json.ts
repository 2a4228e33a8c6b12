import { type JsonValue, SFLOW_VERSION } from "@flowtools/flow-model";
import {
  decodePdu,
  PduError,
  type PduHeader,
  pduMessage,
  readSflow,
  type SflowDatagram,
  type TemplateCodec,
  TemplateSession,
} from "@flowtools/netflow-pdu";
import { type ExportPacket, FlowPDU, type PacketSessions } from "@flowtools/flowset";
import type { PassedFlows } from "./packet_selection.ts";
import { packetSets } from "./packet_sets.ts";

/** A packet, the file that holds it, and what is remembered of exporters. */
export interface FoundPacket {
  readonly path: string;
  readonly packet: ExportPacket;
  readonly sessions: PacketSessions;
  /** Which of its flows are shown, and nothing that is no flow; default all that it holds. */
  readonly passed?: PassedFlows;
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
export function placeOf({ path, packet }: FoundPacket): Readonly<Record<string, number | string>> {
  const { exporter, port, frame } = packet;
  return {
    exporter,
    ...(port > 0 ? { exporter_port: port } : {}),
    file: path,
    ...(frame === undefined ? {} : { frame }),
  };
}

/**
 * A packet as JSON: its header, and what it holds. The memory of its exporter learns what it tells.
 *
 * @param found The packet
 * @returns Its members
 */
export function packetJson(found: FoundPacket): Record<string, unknown> {
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
  const { result, sets, resumed } = packetSets(
    codec,
    payload,
    exporter,
    session,
    found.passed?.record,
  );
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
  const { passed } = found;
  const { registry } = found.sessions;
  try {
    const pdu = new FlowPDU(exporter, payload, { registry, receivedAt: timeMs });
    const shown = [...pdu].filter((_, index) => passed?.row(index) ?? true);
    const flows = shown.map((flow): Record<string, JsonValue> => {
      const own = Object.entries(flow.toJSON()).filter(([name]) => !SHARED_ATTRIBUTES.has(name));
      return Object.fromEntries(own);
    });
    const { header, version, aggregation, problem } = pdu;
    const head = headerJson(header, registry.find(version, aggregation)?.lacking);
    const result = problem === undefined ? {} : {
      problem,
      message: pduMessage(decodePdu(registry, payload, undefined, { exporter }), exporter),
    };
    if (version !== SFLOW_VERSION) return { ...head, ...placeOf(found), ...result, flows };
    const { version: sflowVersion, agent_address, samples } = sflowOf(payload);
    // Both NetFlow and sFlow have a version 5.
    const named = { protocol: "sFlow", ...head, version: sflowVersion, agent: agent_address };
    const others = passed === undefined ? { samples } : {};
    return { ...named, ...placeOf(found), ...result, ...others, flows };
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
