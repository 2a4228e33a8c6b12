import type { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import {
  createTemplateEncoder,
  type Template,
  type TemplateCodec,
  type TemplateEncoder,
  type TemplateEncoderOptions,
  templateOf,
} from "@flowtools/netflow-pdu";
import { IpfixFileEncoder, type IpfixFileWriteOptions } from "@flowtools/netflow-pdu/ipfix-file";
import type { PacketSessions } from "../packets/packet_sessions.ts";

/** Where packets with templates come from, and what they cannot hold. */
interface RowEncoder {
  readonly lost: ReadonlyMap<string, number>;
  readonly counters: TemplateEncoder["counters"];
  announce(template: Template): boolean;
  /** Adds rows; gives out the packets that are full. */
  add(batch: FlowBatch, from: number, count: number, now: number): Uint8Array[];
  flush(): Uint8Array[];
}

/** What the packets of a {@linkcode TemplateExporter} are, and where its flows come from. */
export interface TemplateExporterOptions {
  /** The version: NetFlow v9 or IPFIX. */
  readonly codec: TemplateCodec;
  /**
   * What is remembered of the exporters of the flows: lists in their records (RFC 6313) refer to
   * templates, which are sent on.
   */
  readonly sessions?: PacketSessions;
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
  readonly #sessions: PacketSessions | undefined;
  /** Shapes of flows whose lists were looked at, with the templates of their exporter then. */
  readonly #announced = new WeakSet<Template>();
  /** Templates of lists that could not keep their number. */
  #lists = 0;

  /**
   * Makes an exporter.
   *
   * @param options Version and bounds
   * @throws {RangeError} A bound is out of its own
   */
  constructor({ codec, sessions, file = false, encoder = {} }: TemplateExporterOptions) {
    this.#label = codec.title;
    // Only IPFIX has lists.
    this.#sessions = codec.version === IPFIX_VERSION ? sessions : undefined;
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
    if (batch.octets !== undefined) { for (const schema of batch.schemas) this.#announce(schema); }
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
    if (this.#lists > 0) {
      lines.push(
        `lists that nobody can read: ${this.#lists} of their templates could not keep their number`,
      );
    }
    return lines;
  }

  /** Has the templates sent that lists of flows may refer to. */
  #announce(schema: FlowSchema): void {
    const template = templateOf(schema)?.template;
    if (template === undefined || !hasLists(template)) return;
    const origin = this.#sessions?.originOf(schema);
    if (origin === undefined) return;
    for (const [domain, other] of origin.session.templates()) {
      if (domain !== origin.domain || other.options || this.#announced.has(other)) continue;
      this.#announced.add(other);
      if (!this.#encoder.announce(other)) this.#lists++;
    }
  }
}

const IPFIX_VERSION = 10;
const LISTS: ReadonlySet<string> = new Set([
  "basicList",
  "subTemplateList",
  "subTemplateMultiList",
]);

function hasLists({ fields }: Template): boolean {
  return fields.some(({ element }) => element !== undefined && LISTS.has(element.type));
}

function packetEncoder(codec: TemplateCodec, options: TemplateEncoderOptions): RowEncoder {
  const encoder = createTemplateEncoder(codec, options);
  return {
    lost: encoder.lost,
    get counters() {
      return encoder.counters;
    },
    announce: (template) => encoder.announce(template),
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
    announce: (template) => encoder.announce(template),
    add: (batch, from, count, now) => encoder.encode(batch, from, count, now),
    flush: () => encoder.flush(),
  };
}
