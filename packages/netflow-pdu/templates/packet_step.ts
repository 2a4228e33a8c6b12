import type { FlowBatch, FlowFieldName, NumberColumn } from "@flowtools/flow-model";
import { HEADER_PROTOCOL } from "../sflow/header_protocols.ts";
import { PacketHeaders } from "../sflow/packet_headers.ts";
import type { Step } from "./column_steps.ts";

/** What the headers of a packet say, by column; addresses are where they start. */
const READERS: Readonly<Partial<Record<FlowFieldName, (headers: PacketHeaders) => number>>> = {
  dPkts: () => 1,
  dOctets: ({ ipLength }) => ipLength,
  srcport: ({ sourcePort }) => sourcePort,
  dstport: ({ destinationPort }) => destinationPort,
  prot: ({ protocol }) => protocol,
  tos: ({ tos }) => tos,
  tcp_flags: ({ tcpFlags }) => tcpFlags,
};

const WIDE_OCTETS = 16;

/** One object for all steps: each parses for itself, as sections of packets are rare. */
const HEADERS = new PacketHeaders();

/** Fills a column from the start of a packet that is in the record. */
export class PacketStep implements Step {
  readonly index: number;
  readonly #name: FlowFieldName;
  readonly #field: number;
  readonly #column: NumberColumn;
  readonly #batch: FlowBatch;
  readonly #protocol: number;

  /**
   * Makes a step.
   *
   * @param index The field that has the packet
   * @param target The column
   * @param ethernet Whether the packet starts with an Ethernet header, not an IP header
   */
  constructor(
    index: number,
    target: {
      readonly name: FlowFieldName;
      readonly field: number;
      readonly column: NumberColumn;
      readonly batch: FlowBatch;
    },
    ethernet: boolean,
  ) {
    this.index = index;
    this.#name = target.name;
    this.#field = target.field;
    this.#column = target.column;
    this.#batch = target.batch;
    this.#protocol = ethernet ? HEADER_PROTOCOL.ethernet : HEADER_PROTOCOL.ipv4;
  }

  run(
    at: number,
    count: number,
    view: DataView,
    offset: number,
    stride: number,
    length: number,
  ): void {
    const read = READERS[this.#name];
    for (let row = at; row < at + count; row++, offset += stride) {
      HEADERS.parse(view, offset, offset + length, this.#protocol);
      if (read !== undefined) this.#column[row] = read(HEADERS);
      else this.#setAddress(row, view);
    }
  }

  #setAddress(row: number, view: DataView): void {
    const { ipVersion, source, destination } = HEADERS;
    const from = this.#name === "srcaddr" ? source : destination;
    if (from < 0 || ipVersion !== 6) {
      this.#column[row] = from < 0 ? 0 : view.getUint32(from);
      const families = this.#batch.family(this.#field);
      if (families !== undefined) families[row] = 4;
      return;
    }
    const { families, wide } = this.#batch.widen(this.#field);
    this.#column[row] = 0;
    families[row] = 6;
    for (let i = 0; i < WIDE_OCTETS; i++) wide[row * WIDE_OCTETS + i] = view.getUint8(from + i);
  }
}
