import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import { prefixMask } from "../config/numbers.ts";
import { AnonymizeAction, type Anonymizer } from "./anonymize.ts";
import type { RowAction } from "./row_action.ts";

/** What lines of an action set; what no line sets is 0. */
export interface XlateParameters {
  sourceMask: number;
  destinationMask: number;
  scale: number;
  as: number;
}

/** The keywords that an action may have beside `type`, as one word for each group. */
export type XlateSettings = "none" | "mask" | "scale" | "as" | "key";

/** One type of action. */
export interface XlateType {
  readonly name: string;
  /** What its lines set. */
  readonly settings: XlateSettings;
  /** The steps that it is made of; the anonymizer is there where `settings` is `key`. */
  readonly compile: (set: XlateParameters, anonymizer: Anonymizer | undefined) => RowAction[];
}

/** Changes the values of one column, maybe by those of another. */
class ColumnAction<Column> implements RowAction {
  readonly reads: readonly FlowFieldName[];
  readonly writes: readonly FlowFieldName[];
  readonly #field: FlowFieldName;
  readonly #by: FlowFieldName;
  readonly #loop: ColumnLoop<Column>;
  readonly #value: number;

  constructor(field: FlowFieldName, loop: ColumnLoop<Column>, value = 0, by = field) {
    this.reads = field === by ? [field] : [field, by];
    this.writes = [field];
    this.#field = field;
    this.#by = by;
    this.#loop = loop;
    this.#value = value;
  }

  run(batch: FlowBatch, rows: Uint32Array, count: number): void {
    const column = batch.column(this.#field) as Column;
    this.#loop(column, rows, count, this.#value, batch.column(this.#by) as Uint8Array);
  }
}

/** Changes the rows of one column; `by` is another column of the same rows, where there is one. */
type ColumnLoop<Column> = (
  column: Column,
  rows: Uint32Array,
  count: number,
  value: number,
  by: Uint8Array,
) => void;

/** Nets of a length without a mask: 0 keeps the whole address, as in the reference. */
const NETWORK_MASKS = Uint32Array.from(
  { length: 256 },
  (_, length) => length === 0 || length > 32 ? 0xffffffff : prefixMask(length),
);

/** Networks of classes A, B and C by the two highest bits. */
const CLASS_MASKS = Uint32Array.of(0xff000000, 0xff000000, 0xffff0000, 0xffffff00);

const toNetwork: ColumnLoop<Uint32Array> = (column, rows, count, _value, lengths) => {
  for (let i = 0; i < count; i++) column[rows[i]] &= NETWORK_MASKS[lengths[rows[i]]];
};

const toClassNetwork: ColumnLoop<Uint32Array> = (column, rows, count) => {
  for (let i = 0; i < count; i++) column[rows[i]] &= CLASS_MASKS[column[rows[i]] >>> 30];
};

const mask32: ColumnLoop<Uint32Array> = (column, rows, count, mask) => {
  for (let i = 0; i < count; i++) column[rows[i]] &= mask;
};

const mask16: ColumnLoop<Uint16Array> = (column, rows, count, mask) => {
  for (let i = 0; i < count; i++) column[rows[i]] &= mask;
};

/** Products are cut to 32 bits, as in the reference, whose counters have no more. */
const scale32: ColumnLoop<Float64Array> = (column, rows, count, scale) => {
  for (let i = 0; i < count; i++) column[rows[i]] = Math.imul(column[rows[i]], scale) >>> 0;
};

const replaceZero: ColumnLoop<Uint32Array> = (column, rows, count, value) => {
  for (let i = 0; i < count; i++) {
    if (column[rows[i]] === 0) column[rows[i]] = value;
  }
};

function anonymize(name: string, fields: readonly ("srcaddr" | "dstaddr")[]): XlateType {
  return {
    name,
    settings: "key",
    compile: (_set, anonymizer) => fields.map((field) => new AnonymizeAction(field, anonymizer!)),
  };
}

/** All types of actions. Source: flow-tools `ftxlate.c`. */
export const XLATE_TYPES: readonly XlateType[] = [
  {
    name: "ip-source-address-to-network",
    settings: "none",
    compile: () => [new ColumnAction("srcaddr", toNetwork, 0, "src_mask")],
  },
  {
    name: "ip-destination-address-to-network",
    settings: "none",
    compile: () => [new ColumnAction("dstaddr", toNetwork, 0, "dst_mask")],
  },
  {
    name: "ip-source-address-to-class-network",
    settings: "none",
    compile: () => [new ColumnAction("srcaddr", toClassNetwork)],
  },
  {
    name: "ip-destination-address-to-class-network",
    settings: "none",
    compile: () => [new ColumnAction("dstaddr", toClassNetwork)],
  },
  anonymize("ip-source-address-anonymize", ["srcaddr"]),
  anonymize("ip-destination-address-anonymize", ["dstaddr"]),
  anonymize("ip-address-anonymize", ["srcaddr", "dstaddr"]),
  {
    name: "ip-address-privacy-mask",
    settings: "mask",
    compile: ({ sourceMask, destinationMask }) => [
      new ColumnAction("srcaddr", mask32, sourceMask),
      new ColumnAction("dstaddr", mask32, destinationMask),
    ],
  },
  {
    name: "ip-port-privacy-mask",
    settings: "mask",
    compile: ({ sourceMask, destinationMask }) => [
      new ColumnAction("srcport", mask16, sourceMask),
      new ColumnAction("dstport", mask16, destinationMask),
    ],
  },
  {
    name: "tag-mask",
    settings: "mask",
    compile: ({ sourceMask, destinationMask }) => [
      new ColumnAction("src_tag", mask32, sourceMask),
      new ColumnAction("dst_tag", mask32, destinationMask),
    ],
  },
  {
    name: "scale",
    settings: "scale",
    compile: ({ scale }) => [
      new ColumnAction("dOctets", scale32, scale),
      new ColumnAction("dPkts", scale32, scale),
    ],
  },
  {
    name: "replace-source-as0",
    settings: "as",
    compile: ({ as }) => [new ColumnAction("src_as", replaceZero, as)],
  },
  {
    name: "replace-destination-as0",
    settings: "as",
    compile: ({ as }) => [new ColumnAction("dst_as", replaceZero, as)],
  },
];
