import { type FlowBatch, SFLOW_VERSION } from "@flowtools/flow-model";
import type { PduCodec, PduHeader, PduHeaderName, PduInput, PduResult } from "../codec.ts";
import type { PduFieldDump } from "../dump.ts";
import { PduEncodeError } from "../errors.ts";
import { COUNTER_STRUCTURE_BY_FORMAT } from "../sflow/counter_structures.ts";
import { SflowCursor } from "../sflow/cursor.ts";
import { endOf, readHead, type SflowHead } from "../sflow/datagram.ts";
import { describeSflow } from "../sflow/describe.ts";
import { SflowFault } from "../sflow/fault.ts";
import { sampleReader } from "../sflow/further_columns.ts";
import { SFLOW_SAMPLES_MAX } from "../sflow/limits.ts";
import { RowWriter } from "../sflow/row_writer.ts";
import { openRecords, SampleFacts } from "../sflow/sample_facts.ts";
import {
  DISCARDED_PACKET,
  holdsCounters,
  SAMPLE_STRUCTURE_BY_FORMAT,
} from "../sflow/sample_structures.ts";
import type { SflowStructure } from "../sflow/structure.ts";

/** How {@linkcode defineSflowCodec} makes flows of samples. */
export interface SflowCodecOptions {
  /**
   * Make flows of the packets within tunnels (GRE, VXLAN, Geneve, IP in IP) where there are such,
   * instead of the packets that carry them. Default: no.
   */
  readonly innerHeaders?: boolean;
  /**
   * Make flows of the notices of discarded packets, too. They are no samples (`samplingRate` is 0):
   * a packet that was sampled and discarded would count twice. Default: no.
   */
  readonly discardedPackets?: boolean;
}

/**
 * Makes a codec for sFlow v5.
 *
 * - Its version is `SFLOW_VERSION` (0): datagrams start with 32 bits of version, of which registries
 *   look at the first 16. Other versions of sFlow give `unknown-version`.
 * - Each flow sample, compact or expanded, becomes one flow of **one packet**: `dPkts` is 1, and
 *   `dOctets` are the octets of the IP packet, as in NetFlow; of the frame where it has no IP. The
 *   further column `samplingRate` says how many packets it stands for.
 * - Addresses, ports, TOS and TCP flags come from the octets of the packet's headers, down to where
 *   the sample ends, or from what the agent made of them (`sampled_ipv4`, `sampled_ipv6`).
 * - `input` and `output` are 0 where there is not one interface: unknown, the device itself, several,
 *   or none because the packet was discarded. `forwardingStatus` and `drop_reason` tell them apart.
 * - `src_as`, `dst_as`: AS of the source and last AS of the path; the router's own where there is
 *   none. `nexthop` is the router's, `peer_nexthop` that of BGP.
 * - There is no clock in sFlow: `unix_secs` is when the datagram came (`receivedAt` of the input), or
 *   0; `first`, `last` and `sysUpTime` are the agent's uptime when it was sent.
 * - `exaddr` is who sent the datagram; `agent` of the result is who made it.
 * - Counter samples and notices of discarded packets give no rows; `readSflow` shows them. Samples and
 *   records of unknown format are passed over and counted in `unknownParts`.
 *
 * Faults: a sample that is not whole gives no row, those before and behind it do. A record that is
 * shorter than its fields costs what it would tell, not the row.
 *
 * @param options What becomes a flow
 * @returns The codec
 *
 * @example
 * ```ts
 * import { createPduRegistry, decodePdu, defineSflowCodec } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * // A datagram of agent 10.0.0.1: one flow sample with one record, sampled_ipv4.
 * const words = [
 *   5, 1, 0x0a000001, 0, 7, 60000, 1,
 *   1, 72, 1, 3, 400, 400, 0, 3, 4, 1,
 *   3, 32, 1500, 6, 0xc0000201, 0xc0000202, 443, 50000, 0x10, 0,
 * ];
 * const datagram = new Uint8Array(4 * words.length);
 * words.forEach((word, index) => new DataView(datagram.buffer).setUint32(4 * index, word));
 *
 * const batch = new FlowBatch();
 * const result = decodePdu(createPduRegistry([defineSflowCodec()]), datagram, batch);
 * assertEquals(result.reason, undefined);
 * assertEquals(result.agent, 0x0a000001);
 * const flow = batch.flow(0);
 * assertEquals([flow.srcaddr, flow.srcport, flow.input, flow.output], ["192.0.2.1", 443, 3, 4]);
 * assertEquals([flow.dPkts, flow.dOctets, flow.get("samplingRate")], [1, 1500, 400]);
 * ```
 */
export function defineSflowCodec(options: SflowCodecOptions = {}): PduCodec {
  return new SflowCodec(options);
}

class SflowCodec implements PduCodec {
  readonly version = SFLOW_VERSION;
  readonly title = "sFlow v5";
  readonly reference = "https://sflow.org/sflow_version_5.txt";
  readonly sequenceUnit = "packets";
  readonly maxRecords = SFLOW_SAMPLES_MAX;
  readonly lacking: readonly PduHeaderName[] = ["unix_secs", "unix_nsecs"];
  readonly #discardedPackets: boolean;
  readonly #facts: SampleFacts;
  readonly #writer: RowWriter;
  readonly #samples = new SflowCursor();
  readonly #records = new SflowCursor();
  readonly #fault = new SflowFault();
  #unknownSamples = 0;

  constructor(options: SflowCodecOptions) {
    const innerHeaders = options.innerHeaders ?? false;
    this.#discardedPackets = options.discardedPackets ?? false;
    this.#facts = new SampleFacts(innerHeaders);
    this.#writer = new RowWriter(sampleReader(innerHeaders));
  }

  decode(input: PduInput, batch: FlowBatch | undefined): PduResult {
    const fault = this.#fault;
    fault.clear();
    this.#unknownSamples = 0;
    this.#facts.unknownRecords = 0;
    const head = readHead(input, fault);
    if (head === undefined) {
      // Datagrams of other versions are of nobody's.
      return fault.reason === "unknown-version"
        ? this.#result(input, undefined, 0)
        : { codec: this, ...this.#result(input, undefined, 0) };
    }
    const { header } = head;
    const end = endOf(input);
    if (header.count === 0) {
      fault.note("count-zero", head.samplesAt - 4, Math.floor((end - head.samplesAt) / 8), 0);
      return this.#result(input, head, 0);
    }
    if (batch !== undefined && batch.room < header.count) {
      const flows = this.#countFlows(input.view, head, end);
      if (batch.room < flows) {
        fault.note("batch-full", head.samplesAt, flows, batch.room);
        return this.#result(input, head, 0);
      }
    }
    if (batch !== undefined) this.#writer.begin(batch, header, input.exporter);
    const rows = this.#decodeSamples(input, head, end, batch !== undefined);
    return this.#result(input, head, rows);
  }

  #decodeSamples(input: PduInput, head: SflowHead, end: number, write: boolean): number {
    const { view, offset } = input;
    const samples = this.#samples;
    const fault = this.#fault;
    const { count } = head.header;
    let rows = 0;
    samples.open(view, head.samplesAt, end);
    for (let i = 0; i < count; i++) {
      const at = samples.next;
      if (!samples.advance()) {
        fault.note("short-datagram", at, end + samples.missing - offset, end - offset);
        return rows;
      }
      const { tag, start, length } = samples;
      const sample = SAMPLE_STRUCTURE_BY_FORMAT.get(tag);
      if (sample === undefined) {
        this.#unknownSamples++;
      } else if (holdsCounters(sample)) {
        this.#checkCounters(view, start, start + length, sample);
      } else {
        const whole = this.#facts.read(view, start, start + length, sample, fault);
        if (whole && write && this.#isFlow(sample)) {
          this.#writer.write(this.#facts, at, start + length);
          rows++;
        }
      }
    }
    if (samples.next < end) {
      fault.note("trailing-bytes", samples.next, samples.next - offset, end - offset);
    }
    return rows;
  }

  #isFlow(sample: SflowStructure): boolean {
    return this.#discardedPackets || sample !== DISCARDED_PACKET;
  }

  /** Counters are no flows, but they may be damaged as well. */
  #checkCounters(view: DataView, at: number, end: number, sample: SflowStructure): void {
    const records = this.#records;
    const fault = this.#fault;
    const count = openRecords(records, view, at, end, sample, fault);
    for (let i = 0; i < count; i++) {
      if (!records.advance()) {
        fault.note("short-sample", records.next, end - at + records.missing, end - at);
        return;
      }
      // Structures grow at their end, so those of older agents are shorter, and right.
      if (!COUNTER_STRUCTURE_BY_FORMAT.has(records.tag)) this.#facts.unknownRecords++;
    }
  }

  /** Rows that a datagram needs at most. */
  #countFlows(view: DataView, head: SflowHead, end: number): number {
    const samples = this.#samples;
    samples.open(view, head.samplesAt, end);
    let flows = 0;
    for (let i = 0; i < head.header.count && samples.advance(); i++) {
      const sample = SAMPLE_STRUCTURE_BY_FORMAT.get(samples.tag);
      if (sample !== undefined && !holdsCounters(sample) && this.#isFlow(sample)) flows++;
    }
    return flows;
  }

  #result(input: PduInput, head: SflowHead | undefined, rows: number): PduResult {
    const fault = this.#fault;
    const known = head === undefined ? undefined : {
      codec: this,
      header: head.header,
      agent: head.agent,
      unknownParts: this.#unknownSamples + this.#facts.unknownRecords,
    };
    if (fault.reason === undefined) return { ...known, rows };
    const { reason, at, expected, got } = fault;
    const offset = at - input.offset;
    return { ...known, rows, reason, offset, ...(expected !== undefined && { expected }), got };
  }

  /**
   * Refuses.
   *
   * @throws {PduEncodeError} Always: sFlow carries samples of packets, which flows are not
   */
  encode(
    _batch: FlowBatch,
    _from: number,
    _count: number,
    _header: Partial<PduHeader>,
  ): Uint8Array<ArrayBuffer> {
    throw new PduEncodeError(this.title, "it carries samples of packets, which flows are not");
  }

  describe(input: PduInput): PduFieldDump[] {
    return describeSflow(input);
  }
}

/** sFlow v5; of packets in tunnels the outer headers. */
export const SFLOW5_CODEC: PduCodec = defineSflowCodec();
