import type { FlowBatch } from "@flowtools/flow-model";
import {
  createTemplateEncoder,
  type TemplateCodec,
  type TemplateEncoder,
  type TemplateEncoderOptions,
} from "@flowtools/netflow-pdu";
import { IpfixFileEncoder, type IpfixFileWriteOptions } from "@flowtools/netflow-pdu/ipfix-file";

/** Where packets with templates come from, and what they cannot hold. */
interface RowEncoder {
  readonly lost: ReadonlyMap<string, number>;
  readonly counters: TemplateEncoder["counters"];
  /** Adds rows; gives out the packets that are full. */
  add(batch: FlowBatch, from: number, count: number, now: number): Uint8Array[];
  flush(): Uint8Array[];
}

/** What the packets of a {@linkcode TemplateExporter} are, and where its flows come from. */
export interface TemplateExporterOptions {
  /** The version: NetFlow v9 or IPFIX. */
  readonly codec: TemplateCodec;
  /**
   * Whether the packets make an IPFIX file: they are larger then, and templates are not sent again
   * for those who come late.
   */
  readonly file?: boolean;
  /** Bounds and choices of the encoder; IPFIX files take `domain`, `octets` and `splitClocks`. */
  readonly encoder?: Omit<TemplateEncoderOptions, "take">;
}

/**
 * Turns flows of any version into packets of NetFlow v9 or IPFIX, or the messages of an IPFIX file,
 * and counts what these have no place for. Flows of NetFlow v9 and IPFIX whose octets the batch keeps
 * stay whole, the lists in them included.
 *
 * @example
 * ```ts
 * import { FlowSet, TemplateExporter } from "@flowtools/flowset";
 * import { V9_CODEC } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const exporter = new TemplateExporter({ codec: V9_CODEC });
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const batch of set.batches({ octets: true })) {
 *   for (const packet of exporter.add(batch, 0, batch.length)) assertEquals(packet[1], 9);
 * }
 * for (const packet of exporter.end()) assertEquals(packet[1], 9);
 * assertEquals(exporter.flows, 53);
 * ```
 */
export class TemplateExporter {
  readonly #label: string;
  readonly #encoder: RowEncoder;

  /**
   * Makes an exporter.
   *
   * @param options Version and bounds
   * @throws {RangeError} A bound is out of its own
   */
  constructor({ codec, file = false, encoder = {} }: TemplateExporterOptions) {
    this.#label = codec.title;
    this.#encoder = file ? fileEncoder({ codec, ...encoder }) : packetEncoder(codec, encoder);
  }

  /** Flows that were exported. */
  get flows(): number {
    const { rows, merged } = this.#encoder.counters;
    return rows + merged;
  }

  /**
   * Exports rows of a batch, which can be used for others after the call.
   *
   * @param batch The flows
   * @param from The first row
   * @param to The row behind the last
   * @returns The packets that are full
   * @throws {FlowAttributeError} The batch does not keep a column that the records need
   */
  add(batch: FlowBatch, from: number, to: number): Uint8Array[] {
    return this.#encoder.add(batch, from, to - from, Date.now());
  }

  /**
   * Completes the last packet.
   *
   * @returns What is left
   */
  end(): Uint8Array[] {
    return this.#encoder.flush();
  }

  /**
   * What the packets had no place for.
   *
   * @returns A line for each kind of loss
   */
  losses(): string[] {
    const { counters: { refused }, lost } = this.#encoder;
    const lines: string[] = [];
    if (refused > 0) lines.push(`${refused} flows left out: ${this.#label} cannot hold them`);
    if (lost.size > 0) {
      const counts = [...lost].map(([name, values]) => `${name} (${values})`).join(", ");
      lines.push(`${this.#label} records have no place for values of flows: ${counts}`);
    }
    return lines;
  }
}

function packetEncoder(codec: TemplateCodec, options: TemplateEncoderOptions): RowEncoder {
  const encoder = createTemplateEncoder(codec, options);
  return {
    lost: encoder.lost,
    get counters() {
      return encoder.counters;
    },
    add: (batch, from, count, now) => {
      encoder.add(batch, from, count, now);
      return encoder.takePackets();
    },
    flush: () => encoder.flush(),
  };
}

function fileEncoder(options: IpfixFileWriteOptions): RowEncoder {
  const encoder = new IpfixFileEncoder(options);
  return {
    lost: encoder.lost,
    get counters() {
      return encoder.counters;
    },
    add: (batch, from, count, now) => encoder.encode(batch, from, count, now),
    flush: () => encoder.flush(),
  };
}
