import type { RecordLayout } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { CFLOWD_MASKS, CFLOWD_ROWS } from "../cflowd_rows.ts";
import { headerClockMs } from "../header_clock.ts";
import { fieldOffset } from "../record_shaper.ts";
import type { ReferenceFaultOptions } from "../reference_faults.ts";
import type { ByteSink, FlowExporter } from "./exporter.ts";
import { FieldMaskError } from "./field_mask.ts";
import { FLOW_FIELDS } from "@flowtools/flow-model";

/** Bytes of the index before each record. */
const INDEX_BYTES = 4;

/** The clock of the packet: with `first` or `last` it makes a time. */
const CLOCK_FIELDS = ["unix_secs", "unix_nsecs", "sysUpTime"] as const;

/** Where a value comes from, and where it goes. */
interface Move {
  readonly from: number;
  readonly to: number;
  readonly width: 1 | 2 | 4;
  readonly alwaysLittle: boolean;
  readonly time: boolean;
}

/**
 * Turns fields named for `-m` into the index of cflowd.
 *
 * @param fields Bits of the fields, see `FLOW_FIELDS`
 * @param options Whether times are refused, as flow-tools does
 * @returns The index
 * @throws {FieldMaskError} cflowd has no place for a field, or a time lacks its clock
 *
 * @example
 * ```ts
 * import { cflowdMask, parseFieldMask } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(cflowdMask(parseFieldMask("srcaddr,dstaddr")), 0x6);
 * ```
 */
export function cflowdMask(
  fields: bigint,
  { referenceFaults = false }: ReferenceFaultOptions = {},
): number {
  const named = FLOW_FIELDS.filter(({ xfield }) => (fields & xfield) !== 0n).map(({ name }) =>
    name
  );
  const clock = !referenceFaults && CLOCK_FIELDS.every((name) => named.includes(name));
  const rows = CFLOWD_ROWS.filter(({ name, time }) => named.includes(name) && (clock || !time));
  const placed = new Set<string>(rows.map(({ name }) => name));
  const timed = rows.some(({ time }) => time);
  const left = named.filter((name) =>
    !placed.has(name) && !(timed && (CLOCK_FIELDS as readonly string[]).includes(name))
  );
  if (left.length > 0) {
    throw new FieldMaskError(
      "no-cflowd-field",
      `Cannot export ${left.join(", ").toLowerCase()} to cflowd: it has no such field ` +
        `(first and last need ${CLOCK_FIELDS.join(", ").toLowerCase()})`,
    );
  }
  return rows.reduce((mask, { bit }) => mask | bit, 0);
}

/** Writes flows as cflowd's raw flow files have them. */
export class CflowdExporter implements FlowExporter {
  readonly #layout: RecordLayout;
  readonly #index: number;
  readonly #moves: readonly Move[];
  readonly #size: number;
  #buffer = new Uint8Array(0);

  /**
   * Makes an exporter.
   *
   * @param layout The layout of the records
   * @param mask The index of the fields that are wanted; those that the version lacks are left out
   */
  constructor(layout: RecordLayout, mask: number = 0xffffffff) {
    this.#layout = layout;
    this.#index = (mask & CFLOWD_MASKS[layout.schema.label]) >>> 0;
    let to = INDEX_BYTES;
    this.#moves = CFLOWD_ROWS.filter(({ bit }) => (this.#index & bit) !== 0)
      .map(({ name, width, time = false }) => {
        const row = layout.rows.find((candidate) => candidate.name === name)!;
        const move = {
          from: row.offset,
          to,
          width,
          alwaysLittle: row.alwaysLittleEndian ?? false,
          time,
        };
        to += width;
        return move;
      });
    this.#size = to;
  }

  /** Writes nothing: every record has its own index. */
  begin(): void {}

  /**
   * Writes flows.
   *
   * @param block The flows
   * @param sink Where to
   */
  add(block: RecordBlock, sink: ByteSink): void {
    const { count } = block;
    const size = this.#size;
    if (this.#buffer.length < count * size) this.#buffer = new Uint8Array(count * size);
    const out = new DataView(this.#buffer.buffer);
    for (let at = 0; at < count * size; at += size) out.setUint32(at, this.#index);
    for (const move of this.#moves) this.#moveAll(block, move, out);
    sink(this.#buffer.subarray(0, count * size));
  }

  /** Writes nothing. */
  end(): void {}

  #moveAll(block: RecordBlock, move: Move, out: DataView): void {
    const { view, offset, count } = block;
    const little = block.littleEndian || move.alwaysLittle;
    const stride = this.#layout.size;
    const clock = CLOCK_FIELDS.map((name) => fieldOffset(this.#layout, name));
    for (
      let row = 0, at = offset, to = move.to;
      row < count;
      row++, at += stride, to += this.#size
    ) {
      const from = at + move.from;
      if (move.time) {
        const ms = headerClockMs(
          view.getUint32(at + clock[0], little),
          view.getUint32(at + clock[1], little),
          view.getUint32(at + clock[2], little),
          view.getUint32(from, little),
        );
        out.setUint32(to, Math.floor(ms / 1000));
      } else if (move.width === 4) out.setUint32(to, view.getUint32(from, little));
      else if (move.width === 2) out.setUint16(to, view.getUint16(from, little));
      else out.setUint8(to, view.getUint8(from));
    }
  }
}
