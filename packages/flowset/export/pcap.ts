import type { RecordLayout } from "@flowtools/flow-model";
import { FlowToolsError } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { fieldOffset } from "../record_shaper.ts";
import type { ByteSink, FlowExporter } from "./exporter.ts";

/** Flows lack what a capture needs. */
export class ExportError extends FlowToolsError {}

/**
 * Which capture format: `standard` is what every program reads, `wide` what flow-export writes on
 * 64-bit machines, where it takes the C type `long` for 32 bits.
 */
export type PcapForm = "standard" | "wide";

/** Sizes and places of the two forms. */
interface Form {
  /** Bytes of the file header, and where its second half stands. */
  readonly fileHeader: number;
  readonly significant: number;
  /** Distance of the numbers of the second half, and of those before each packet. */
  readonly step: 4 | 8;
}

const FORMS: Readonly<Record<PcapForm, Form>> = {
  standard: { fileHeader: 24, significant: 12, step: 4 },
  wide: { fileHeader: 48, significant: 24, step: 8 },
};

const MAGIC = 0xa1b2c3d4;
const SNAP_LENGTH = 65535;
const LINK_ETHERNET = 1;
const ETHERNET_BYTES = 14;
const IP_BYTES = 20;
const TCP = 6;
const UDP = 17;
/** Bytes behind the IP header by protocol; others have none. TCP has four bytes of options. */
const TRANSPORT_BYTES: Readonly<Record<number, number>> = { [TCP]: 24, [UDP]: 8 };
const PACKET_BYTES_MAX = 32 + ETHERNET_BYTES + IP_BYTES + 24;

const NEEDED = [
  "unix_secs",
  "unix_nsecs",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "prot",
  "tos",
  "dPkts",
  "dOctets",
] as const;

/**
 * Writes a capture with one packet for each flow, so that programs that filter packets can filter
 * flows: Ethernet, IP, and TCP or UDP headers with addresses, ports and type of service.
 *
 * Source: flow-tools `flow-export.c`, `pcap.h`.
 */
export class PcapExporter implements FlowExporter {
  readonly #layout: RecordLayout;
  readonly #form: Form;
  #buffer = new Uint8Array(0);

  /**
   * Makes an exporter.
   *
   * @param layout The layout of the records
   * @param form Which capture format
   * @throws {ExportError} The records lack a field that a capture needs
   */
  constructor(layout: RecordLayout, form: PcapForm) {
    const missing = NEEDED.filter((name) => !layout.schema.has(name));
    if (missing.length > 0) {
      throw new ExportError(
        "missing-field",
        `Flow record missing required field for format: ${layout.title}s have no ` +
          missing.join(", "),
      );
    }
    this.#layout = layout;
    this.#form = FORMS[form];
  }

  /**
   * Writes the header of the capture.
   *
   * @param sink Where to
   */
  begin(sink: ByteSink): void {
    const { fileHeader, significant, step } = this.#form;
    const view = new DataView(new ArrayBuffer(fileHeader));
    view.setUint32(0, MAGIC, true);
    view.setUint16(step, 2, true);
    view.setUint16(step + 2, 4, true);
    view.setUint32(significant, 6, true);
    view.setUint32(significant + step, SNAP_LENGTH, true);
    view.setUint32(significant + 2 * step, LINK_ETHERNET, true);
    sink(new Uint8Array(view.buffer));
  }

  /**
   * Writes a packet for each flow.
   *
   * @param block The flows
   * @param sink Where to
   */
  add(block: RecordBlock, sink: ByteSink): void {
    const needed = block.count * PACKET_BYTES_MAX;
    if (this.#buffer.length < needed) this.#buffer = new Uint8Array(needed);
    this.#buffer.fill(0);
    const out = new DataView(this.#buffer.buffer);
    const { step } = this.#form;
    const { view, offset, count, littleEndian } = block;
    const at = Object.fromEntries(
      NEEDED.map((name) => [name, fieldOffset(this.#layout, name)]),
    ) as Record<typeof NEEDED[number], number>;
    let to = 0;
    for (let row = 0, from = offset; row < count; row++, from += this.#layout.size) {
      const prot = view.getUint8(from + at.prot);
      const ipBytes = IP_BYTES + (TRANSPORT_BYTES[prot] ?? 0);
      const nsecs = view.getUint32(from + at.unix_nsecs, littleEndian);
      out.setUint32(to, view.getUint32(from + at.unix_secs, littleEndian), true);
      out.setUint32(to + step, Math.floor(nsecs / 1000), true);
      out.setUint32(to + 2 * step, ETHERNET_BYTES + ipBytes, true);
      out.setUint32(to + 3 * step, ETHERNET_BYTES + ipBytes, true);
      to += 4 * step;
      out.setUint16(to + 12, 0x0800);
      to += ETHERNET_BYTES;
      out.setUint8(to, 0x45);
      out.setUint8(to + 1, view.getUint8(from + at.tos));
      out.setUint16(to + 2, ipBytes);
      out.setUint8(to + 9, prot);
      out.setUint32(to + 12, view.getUint32(from + at.srcaddr, littleEndian));
      out.setUint32(to + 16, view.getUint32(from + at.dstaddr, littleEndian));
      if (prot in TRANSPORT_BYTES) {
        out.setUint16(to + 20, view.getUint16(from + at.srcport, littleEndian));
        out.setUint16(to + 22, view.getUint16(from + at.dstport, littleEndian));
        if (prot === TCP) out.setUint8(to + 32, 0x60);
        else out.setUint16(to + 24, TRANSPORT_BYTES[UDP]);
      }
      to += ipBytes;
    }
    sink(this.#buffer.subarray(0, to));
  }

  /** Writes nothing. */
  end(): void {}
}
