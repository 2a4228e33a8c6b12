import type { FlowBatch } from "@flowtools/flow-model";

/** Records of a packet. */
export const IPFIX_RECORDS = 24;

/** Where the header of an IPFIX message has its sequence number. */
export const IPFIX_SEQUENCE_OFFSET = 8;

const HEADER_OCTETS = 16;
const SET_HEAD_OCTETS = 4;
const TEMPLATE_SET = 2;
const TEMPLATE_ID = 256;

/** Twenty elements as routers send them, and where their values come from; the others are 0. */
const FIELDS: readonly {
  readonly id: number;
  readonly octets: 1 | 2 | 4 | 8;
  readonly column?:
    | "srcaddr"
    | "dstaddr"
    | "nexthop"
    | "input"
    | "output"
    | "dOctets"
    | "dPkts"
    | "srcport"
    | "dstport"
    | "tcp_flags"
    | "prot"
    | "tos"
    | "src_as"
    | "dst_as"
    | "src_mask"
    | "dst_mask";
  readonly now?: boolean;
}[] = [
  { id: 8, octets: 4, column: "srcaddr" },
  { id: 12, octets: 4, column: "dstaddr" },
  { id: 15, octets: 4, column: "nexthop" },
  { id: 10, octets: 4, column: "input" },
  { id: 14, octets: 4, column: "output" },
  { id: 2, octets: 8, column: "dPkts" },
  { id: 1, octets: 8, column: "dOctets" },
  { id: 152, octets: 8, now: true },
  { id: 153, octets: 8, now: true },
  { id: 7, octets: 2, column: "srcport" },
  { id: 11, octets: 2, column: "dstport" },
  { id: 6, octets: 1, column: "tcp_flags" },
  { id: 4, octets: 1, column: "prot" },
  { id: 5, octets: 1, column: "tos" },
  { id: 16, octets: 4, column: "src_as" },
  { id: 17, octets: 4, column: "dst_as" },
  { id: 9, octets: 1, column: "src_mask" },
  { id: 13, octets: 1, column: "dst_mask" },
  { id: 61, octets: 1 },
  { id: 136, octets: 1 },
];

const RECORD_OCTETS = FIELDS.reduce((sum, { octets }) => sum + octets, 0);

/**
 * Writes flows as an IPFIX message by hand, without the encoder that is to be measured.
 *
 * @param batch The flows
 * @param withTemplate Whether the template goes before them
 * @returns The message; its sequence number is 0
 */
export function ipfixPacket(batch: FlowBatch, withTemplate: boolean): Uint8Array<ArrayBuffer> {
  const templateOctets = withTemplate ? SET_HEAD_OCTETS + 4 + 4 * FIELDS.length : 0;
  const dataOctets = SET_HEAD_OCTETS + batch.length * RECORD_OCTETS;
  const view = new DataView(new ArrayBuffer(HEADER_OCTETS + templateOctets + dataOctets));
  let at = 0;
  const put16 = (...values: number[]) => {
    for (const value of values) {
      view.setUint16(at, value);
      at += 2;
    }
  };
  const nowMs = Date.now();
  put16(10, view.byteLength);
  view.setUint32(4, Math.floor(nowMs / 1000));
  at = HEADER_OCTETS;
  if (withTemplate) {
    put16(TEMPLATE_SET, templateOctets, TEMPLATE_ID, FIELDS.length);
    for (const { id, octets } of FIELDS) put16(id, octets);
  }
  put16(TEMPLATE_ID, dataOctets);
  for (let row = 0; row < batch.length; row++) {
    for (const { octets, column, now } of FIELDS) {
      const value = now === true ? nowMs : column === undefined ? 0 : batch.column(column)[row];
      write(view, at, octets, value);
      at += octets;
    }
  }
  return new Uint8Array(view.buffer);
}

function write(view: DataView, at: number, octets: 1 | 2 | 4 | 8, value: number): void {
  if (octets === 1) view.setUint8(at, value);
  else if (octets === 2) view.setUint16(at, value);
  else if (octets === 4) view.setUint32(at, value);
  else view.setBigUint64(at, BigInt(value));
}
