import { type FlowBatch, SAMPLING_COLUMN } from "@flowtools/flow-model";
import {
  decodePdu,
  pduMessage,
  type PduReason,
  type PduResult,
  TemplateSession,
} from "@flowtools/netflow-pdu";
import type { ExportPacket } from "./export_packet.ts";
import { PacketSessions } from "./packet_sessions.ts";

/** Packets that were not faultless, for one reason. */
export interface PacketProblem {
  /** How many. */
  readonly packets: number;
  /** What was wrong with the first. */
  readonly first: string;
}

/**
 * Turns export packets into flows: NetFlow v1 to v9, IPFIX, sFlow v5, mixed as they come. Flows
 * whose template comes later are delivered when it does.
 *
 * @example
 * ```ts
 * import { PacketFlows } from "@flowtools/flowset";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const payload = new Uint8Array(72);
 * payload.set([0, 5, 0, 1]);
 * payload.set([10, 0, 0, 1, 10, 0, 0, 2], 24);
 *
 * const flows = new PacketFlows();
 * const batch = new FlowBatch();
 * assertEquals(flows.add({ payload, exporter: "192.0.2.1", port: 2055 }, batch), true);
 * assertEquals(batch.flow(0).dstaddr, "10.0.0.2");
 * ```
 */
export class PacketFlows {
  /** What is remembered of exporters. */
  readonly sessions: PacketSessions;
  readonly #problems = new Map<PduReason, { packets: number; first: string }>();
  #packets = 0;
  /** Whose flows wait for room, where the packet itself was taken. */
  #holding: TemplateSession | undefined;

  /**
   * Makes a decoder.
   *
   * @param sessions What is remembered of exporters already; default nothing
   */
  constructor(sessions: PacketSessions = new PacketSessions()) {
    this.sessions = sessions;
  }

  /** Packets so far. */
  get packets(): number {
    return this.#packets;
  }

  /** Packets that were not faultless, by reason. What is whole in them was delivered. */
  get problems(): ReadonlyMap<PduReason, PacketProblem> {
    return this.#problems;
  }

  /**
   * Appends the flows of a packet to a batch.
   *
   * @param packet The packet
   * @param batch Where they go
   * @returns Whether all were appended; where not, empty the batch and call again with the packet
   * @throws {RangeError} The exporter is no address
   */
  add(packet: ExportPacket, batch: FlowBatch): boolean {
    if (this.#holding !== undefined) {
      this.#holding.appendHeld(batch);
      return this.#settle();
    }
    const { payload, exporter, port, timeMs } = packet;
    const session = this.sessions.of(payload, exporter, port);
    // What waits or grows old in a session is not measured: a file is read at once.
    const receivedAt = session === undefined ? timeMs : undefined;
    const options = { exporter, session, receivedAt };
    const before = batch.length;
    const result = decodePdu(this.sessions.registry, payload, batch, options);
    noteSampling(result, batch, before);
    if (result.reason === "batch-full" && batch.length > 0) return false;
    this.#packets++;
    if (result.reason !== undefined) this.#note(result, result.reason, packet);
    if (session instanceof TemplateSession) this.#holding = session;
    return this.#settle();
  }

  /** Whether nothing waits for room any more. */
  #settle(): boolean {
    if (this.#holding?.holds === true) return false;
    this.#holding = undefined;
    return true;
  }

  #note(result: PduResult, reason: PduReason, { exporter, frame }: ExportPacket): void {
    const problem = this.#problems.get(reason);
    if (problem !== undefined) {
      problem.packets++;
      return;
    }
    const where = frame === undefined ? "" : `packet ${frame}: `;
    this.#problems.set(reason, { packets: 1, first: where + pduMessage(result, exporter) });
  }
}

/** Notes how the packets of flows were sampled where the header of their packet tells it. */
function noteSampling({ header }: PduResult, batch: FlowBatch, from: number): void {
  if (header?.sampling_interval === undefined) return;
  const rates = batch.extra(SAMPLING_COLUMN);
  // An interval of 0 says that nothing was left out, as 1 does.
  if (rates instanceof Uint32Array) {
    rates.fill(Math.max(1, header.sampling_interval), from, batch.length);
  }
}
