import {
  type Column,
  type ColumnKind,
  type Fill,
  fillLoop,
  FLOW_FIELDS,
  type FlowBatch,
  type NumberColumn,
} from "@flowtools/flow-model";
import { type MomentReader, MOMENTS } from "./moments.ts";
import { readNumber } from "./number.ts";
import { type Moment, UPTIME_UNKNOWN } from "./packet_facts.ts";
import { PacketStep } from "./packet_step.ts";
import type { ColumnSource } from "./choose_columns.ts";
import { VARIABLE_LENGTH } from "./template.ts";

/** Fills one column of some rows from one field of their records. */
export interface Step {
  /** Index of the field in the template. */
  readonly index: number;
  /**
   * Fills the column.
   *
   * @param at The first row
   * @param count Rows
   * @param view Octets that hold the records
   * @param offset Where the field of the first record is
   * @param stride Octets from record to record
   * @param length Octets of the field
   */
  run(
    at: number,
    count: number,
    view: DataView,
    offset: number,
    stride: number,
    length: number,
  ): void;
}

/** A column to be filled. */
export interface StepTarget {
  /** Index of the canonical field. */
  readonly field: number;
  readonly kind: ColumnKind;
  readonly column: NumberColumn;
  readonly batch: FlowBatch;
  /** When the packet was sent. */
  readonly moment: Moment;
  /** Starts of flows, for columns of their ends. */
  readonly starts: NumberColumn | undefined;
}

const WIDE_OCTETS = 16;

/**
 * Makes the steps that fill a column.
 *
 * @param target The column
 * @param sources The fields that fill it, the best first
 */
export function makeSteps(target: StepTarget, sources: readonly ColumnSource[]): Step[] {
  const { field, kind, column, batch, moment, starts } = target;
  return sources.flatMap(({ index, field: { length }, conversion }, order): Step[] => {
    if (conversion === "frame" || conversion === "ip-packet") {
      const { name } = FLOW_FIELDS[field];
      return [new PacketStep(index, { name, field, column, batch }, conversion === "frame")];
    }
    if (kind === "address" && length === WIDE_OCTETS) {
      return [new WideStep(index, column, batch.widen(field), order > 0)];
    }
    switch (conversion) {
      case "copy":
        if (order > 0) return [new NumberStep(index, column, (value, before) => before || value)];
        return [new CopyStep(index, column, kind, length, () => batch.family(field))];
      case "dscp":
        return [new NumberStep(index, column, (value) => (value & 0x3f) << 2)];
      case "icmp-type":
        return [
          new NumberStep(index, column, (value, before) => {
            return order > 0 && before !== 0 ? before : (value & 0xff) << 8;
          }),
        ];
      case "icmp-code":
        return [
          new NumberStep(index, column, (value, before) => {
            return order === 0
              ? value & 0xff
              : (before & 0xff) === 0
              ? before | (value & 0xff)
              : before;
          }),
        ];
      case "boot-milliseconds":
        return [new BootStep(index, column, moment)];
      case "duration-milliseconds":
      case "duration-microseconds": {
        const scale = conversion === "duration-milliseconds" ? 1 : 1000;
        return starts === undefined ? [] : [new DurationStep(index, column, starts, scale)];
      }
      default:
        return [new MomentStep(index, column, MOMENTS[conversion]!, moment)];
    }
  });
}

/**
 * Makes the step that fills a column beyond the canonical fields.
 *
 * @param index The field
 * @param column The column
 * @param length Octets of the field
 */
export function makeExtraStep(index: number, column: Column, length: number): Step {
  if (Array.isArray(column)) return new OctetsStep(index, column);
  const kind = column instanceof Uint8Array
    ? "u8"
    : column instanceof Uint16Array
    ? "u16"
    : column instanceof Uint32Array
    ? "u32"
    : "counter";
  return new CopyStep(index, column, kind, length, () => undefined);
}

/** Numbers as they are. */
class CopyStep implements Step {
  readonly #fill: Fill<NumberColumn> | undefined;

  constructor(
    readonly index: number,
    readonly column: NumberColumn,
    readonly kind: ColumnKind,
    length: number,
    readonly families: () => Uint8Array | undefined,
  ) {
    this.#fill = length === VARIABLE_LENGTH ? undefined : fillLoop(kind, length);
  }

  run(
    at: number,
    count: number,
    view: DataView,
    offset: number,
    stride: number,
    length: number,
  ): void {
    const fill = this.#fill ?? fillLoop(this.kind, length);
    if (fill === undefined) this.column.fill(0, at, at + count);
    else fill(this.column, at, view, offset, stride, count, false);
    this.families()?.fill(4, at, at + count);
  }
}

/** IPv6 addresses. */
class WideStep implements Step {
  constructor(
    readonly index: number,
    readonly column: NumberColumn,
    readonly target: { readonly families: Uint8Array; readonly wide: Uint8Array },
    /** Whether there is an IPv4 address as well, which counts unless it is zero. */
    readonly second: boolean,
  ) {}

  run(at: number, count: number, view: DataView, offset: number, stride: number): void {
    const { families, wide } = this.target;
    for (let row = at; row < at + count; row++, offset += stride) {
      if (this.second && this.column[row] !== 0) continue;
      const zero = view.getUint32(offset) === 0 && view.getUint32(offset + 4) === 0 &&
        view.getUint32(offset + 8) === 0 && view.getUint32(offset + 12) === 0;
      if (this.second && zero) continue;
      this.column[row] = 0;
      families[row] = 6;
      for (let i = 0; i < WIDE_OCTETS; i++) wide[row * WIDE_OCTETS + i] = view.getUint8(offset + i);
    }
  }
}

/** Numbers that are converted one by one, with what an earlier step has put there. */
class NumberStep implements Step {
  constructor(
    readonly index: number,
    readonly column: NumberColumn,
    readonly convert: (value: number, before: number) => number,
  ) {}

  run(
    at: number,
    count: number,
    view: DataView,
    offset: number,
    stride: number,
    length: number,
  ): void {
    for (let row = at; row < at + count; row++, offset += stride) {
      this.column[row] = this.convert(readNumber(view, offset, length), this.column[row]);
    }
  }
}

/** When the exporter started, to the uptime of the packet. */
class BootStep implements Step {
  constructor(
    readonly index: number,
    readonly column: NumberColumn,
    readonly moment: Moment,
  ) {}

  run(
    at: number,
    count: number,
    view: DataView,
    offset: number,
    stride: number,
    length: number,
  ): void {
    for (let row = at; row < at + count; row++, offset += stride) {
      this.column[row] = this.moment.sentMs - readNumber(view, offset, length);
    }
  }
}

/** Lengths of flows, added to their starts. */
class DurationStep implements Step {
  constructor(
    readonly index: number,
    readonly column: NumberColumn,
    readonly starts: NumberColumn,
    /** Units in a millisecond. */
    readonly scale: number,
  ) {}

  run(
    at: number,
    count: number,
    view: DataView,
    offset: number,
    stride: number,
    length: number,
  ): void {
    for (let row = at; row < at + count; row++, offset += stride) {
      this.column[row] = this.starts[row] +
        Math.floor(readNumber(view, offset, length) / this.scale);
    }
  }
}

/** Moments, to uptime. What no uptime can tell becomes that of the packet. */
class MomentStep implements Step {
  constructor(
    readonly index: number,
    readonly column: NumberColumn,
    readonly read: MomentReader,
    readonly moment: Moment,
  ) {}

  run(
    at: number,
    count: number,
    view: DataView,
    offset: number,
    stride: number,
    length: number,
  ): void {
    const { sentMs, sysUpTime } = this.moment;
    for (let row = at; row < at + count; row++, offset += stride) {
      const since = this.read(view, offset, length, sentMs);
      const near = since > -UPTIME_UNKNOWN && since < UPTIME_UNKNOWN;
      // The assignment takes it modulo 2^32, as the counters of routers do.
      this.column[row] = near ? sysUpTime + since : sysUpTime;
    }
  }
}

/** Octets, copied. */
class OctetsStep implements Step {
  constructor(readonly index: number, readonly column: (Uint8Array | undefined)[]) {}

  run(
    at: number,
    count: number,
    view: DataView,
    offset: number,
    stride: number,
    length: number,
  ): void {
    for (let row = at; row < at + count; row++, offset += stride) {
      const start = view.byteOffset + offset;
      this.column[row] = new Uint8Array(view.buffer.slice(start, start + length));
    }
  }
}
