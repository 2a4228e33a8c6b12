import {
  compileRecordLayout,
  type FlowBatch,
  type FlowFieldName,
  type LayoutRow,
  type SharedValues,
} from "@flowtools/flow-model";
import type { ClassicPduCodec, PduHeader, PduInput, PduLayouts, PduResult } from "./codec.ts";
import { dumpHeader, dumpRecord, dumpRest, type PduFieldDump } from "./dump.ts";
import { writableRuns } from "./encode_runs.ts";
import {
  compileHeader,
  type HeaderField,
  type HeaderLayout,
  type HeaderRow,
  readHeader,
  writeHeaderField,
} from "./header_layout.ts";

/** What {@linkcode defineClassicCodec} makes a codec from. */
export interface ClassicCodecInit {
  /** Export version. */
  readonly version: number;
  /** Aggregation method, where the version has several record formats. */
  readonly aggregation?: number;
  /** Its name for people, such as `NetFlow v5`. */
  readonly title: string;
  /** The document that defines it. */
  readonly reference: string;
  /** Table of the header; `version` and `count` are its first rows. */
  readonly headerRows: readonly HeaderRow[];
  /** Published size of the header, bytes. */
  readonly headerSize: number;
  /** Table of the record. */
  readonly recordRows: readonly LayoutRow[];
  /** Published size of the record, bytes. */
  readonly recordSize: number;
  /** Records in a packet at most. */
  readonly maxRecords: number;
  /** Exporters fill packets up with zeros, so zeros behind the last record are no fault. */
  readonly zeroPadded?: boolean;
}

/** The only version of the v8 aggregation formats there ever was. */
const AGGREGATION_VERSION = 2;

/**
 * Makes the codec of a version whose packets are a header and so many records of one size. All
 * that it does (check, decode, encode, describe) derives from the two tables.
 *
 * @param init Version, tables and published sizes
 * @returns The codec
 * @throws {RangeError} A table contradicts itself or its published size
 *
 * @example
 * ```ts
 * import { createPduRegistry, decodePdu, defineClassicCodec } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = defineClassicCodec({
 *   version: 99,
 *   title: "Example v99",
 *   reference: "this page",
 *   headerRows: [
 *     { name: "version", width: 2 },
 *     { name: "count", width: 2 },
 *     { name: "sysUpTime", width: 4 },
 *     { name: "unix_secs", width: 4 },
 *     { name: "unix_nsecs", width: 4 },
 *   ],
 *   headerSize: 16,
 *   recordRows: [{ name: "dPkts", width: 4 }],
 *   recordSize: 4,
 *   maxRecords: 10,
 * });
 *
 * const batch = new FlowBatch();
 * batch.append(codec.layouts.record.schema, { dPkts: 7 });
 * const packet = codec.encode(batch, 0, 1, {});
 * assertEquals(packet.length, 20);
 * assertEquals(decodePdu(createPduRegistry([codec]), packet, batch).rows, 1);
 * assertEquals(batch.flow(1).dPkts, 7);
 * ```
 */
export function defineClassicCodec(init: ClassicCodecInit): ClassicPduCodec {
  return new ClassicCodec(init);
}

class ClassicCodec implements ClassicPduCodec {
  readonly version: number;
  readonly aggregation?: number;
  readonly title: string;
  readonly reference: string;
  readonly sequenceUnit: "flows" | "none";
  readonly maxRecords: number;
  readonly layouts: PduLayouts;
  readonly #zeroPadded: boolean;
  readonly #header: HeaderLayout;
  readonly #countOffset: number;
  readonly #aggVersionOffset: number | undefined;

  constructor(init: ClassicCodecInit) {
    this.version = init.version;
    if (init.aggregation !== undefined) this.aggregation = init.aggregation;
    this.title = init.title;
    this.reference = init.reference;
    this.maxRecords = init.maxRecords;
    this.#zeroPadded = init.zeroPadded ?? false;
    const header = compileHeader(`${init.title} header`, init.headerSize, init.headerRows);
    this.#header = header;
    this.sequenceUnit = "sequence" in header.blank ? "flows" : "none";
    this.#countOffset = this.#offsetOf("count") ?? 0;
    this.#aggVersionOffset = this.#offsetOf("agg_version");
    const shared = header.table.rows.filter((row) => row.field >= 0)
      .map((row) => row.name as FlowFieldName);
    const record = compileRecordLayout({
      title: `${init.title} record`,
      size: init.recordSize,
      version: init.version,
      aggregation: init.aggregation,
      shared: [...shared, "exaddr"],
    }, init.recordRows);
    this.layouts = { header: header.table, record };
  }

  decode(input: PduInput, batch: FlowBatch | undefined): PduResult {
    const { view, offset: start } = input;
    const length = Math.min(input.length, view.byteLength - start);
    const headerSize = this.layouts.header.size;
    if (length < headerSize) {
      return {
        codec: this,
        header: undefined,
        rows: 0,
        reason: "short-header",
        offset: length,
        expected: headerSize,
        got: length,
      };
    }
    const header = readHeader(this.#header, view, start);
    if (this.#aggVersionOffset !== undefined) {
      const got = header.agg_version;
      if (got !== AGGREGATION_VERSION && got !== 0) {
        return {
          codec: this,
          header,
          rows: 0,
          reason: "unknown-aggregation-version",
          offset: this.#aggVersionOffset,
          expected: AGGREGATION_VERSION,
          got,
        };
      }
    }

    const record = this.layouts.record;
    const { count } = header;
    const whole = Math.floor((length - headerSize) / record.size);
    const present = Math.min(count, whole);
    if (batch !== undefined && batch.room < present) {
      return {
        codec: this,
        header,
        rows: 0,
        reason: "batch-full",
        offset: headerSize,
        expected: present,
        got: batch.room,
      };
    }
    let rows = 0;
    if (batch !== undefined && present > 0) {
      const shared: SharedValues = { ...header, exaddr: input.exporter };
      rows = batch.appendRecords(record, view, start + headerSize, present, false, shared);
    }
    const needed = headerSize + count * record.size;
    if (count > 0 && count <= this.maxRecords && length === needed) {
      return { codec: this, header, rows };
    }
    const padded = this.#zeroPadded && count > 0 && count <= this.maxRecords &&
      length > needed && isZero(view, start + needed, start + length);
    return padded ? { codec: this, header, rows } : this.#blame(header, rows, length, whole);
  }

  /** The result for a datagram whose header and length are at odds. */
  #blame(header: PduHeader, rows: number, length: number, whole: number): PduResult {
    const { count } = header;
    const { size } = this.layouts.record;
    const headerSize = this.layouts.header.size;
    const needed = headerSize + count * size;
    const base = { codec: this, header, rows };
    const offset = this.#countOffset;
    if (count === 0) return { ...base, reason: "count-zero", offset, expected: whole, got: 0 };
    if (count > this.maxRecords) {
      return {
        ...base,
        reason: "count-over-maximum",
        offset,
        expected: this.maxRecords,
        got: count,
      };
    }
    return length < needed
      ? {
        ...base,
        reason: "short-datagram",
        offset: headerSize + whole * size,
        expected: needed,
        got: length,
      }
      : { ...base, reason: "trailing-bytes", offset: needed, expected: needed, got: length };
  }

  encode(
    batch: FlowBatch,
    from: number,
    count: number,
    header: Partial<PduHeader>,
    misfits?: Map<string, number>,
  ): Uint8Array<ArrayBuffer> {
    if (!(count >= 1 && count <= this.maxRecords)) {
      throw new RangeError(
        `Cannot encode ${this.title} PDU: asked for ${count} records, ` +
          `expected 1 to ${this.maxRecords}`,
      );
    }
    if (!(from >= 0 && from + count <= batch.length)) {
      throw new RangeError(
        `Cannot encode ${this.title} PDU: asked for rows ${from} to ${from + count - 1}, ` +
          `batch has ${batch.length}`,
      );
    }
    const { record, header: table } = this.layouts;
    const runs = writableRuns(record, batch, from, count, misfits);
    const rows = runs.reduce((sum, run) => sum + run.count, 0);
    if (rows === 0) {
      throw new RangeError(
        `Cannot encode ${this.title} PDU: rows ${from} to ${
          from + count - 1
        } have IPv6 addresses, ` +
          "expected IPv4",
      );
    }
    const bytes = new Uint8Array(table.size + rows * record.size);
    const view = new DataView(bytes.buffer);
    for (const field of this.#header.fields) {
      writeHeaderField(field, this.#headerValue(field, batch, runs[0].from, rows, header), view);
    }
    let offset = table.size;
    for (const run of runs) {
      batch.storeRecords(record, run.from, run.count, view, offset, false, misfits);
      offset += run.count * record.size;
    }
    return bytes;
  }

  #headerValue(
    field: HeaderField,
    batch: FlowBatch,
    from: number,
    count: number,
    given: Partial<PduHeader>,
  ): number {
    switch (field.name) {
      case "version":
        return this.version;
      case "count":
        return count;
      case "aggregation":
        return this.aggregation ?? 0;
      case "agg_version":
        return given.agg_version ?? AGGREGATION_VERSION;
      default: {
        const column = field.field < 0 ? undefined : batch.columnAt(field.field);
        return given[field.name] ?? Number(column?.[from] ?? 0);
      }
    }
  }

  describe(input: PduInput): PduFieldDump[] {
    const { view, offset: start } = input;
    const source = { view, start, end: Math.min(start + input.length, view.byteLength) };
    const dumps = dumpHeader(source, this.#header);
    const { header, record } = this.layouts;
    const length = source.end - start;
    if (length < header.size) return dumps;
    const { count } = readHeader(this.#header, view, start);
    let offset = header.size;
    for (let index = 0; index < count && offset < length; index++, offset += record.size) {
      dumps.push(...dumpRecord(source, record.rows, offset, index));
    }
    return dumps.concat(
      dumpRest(source, offset, "trailing", "Bytes behind the records that the header counts"),
    );
  }

  #offsetOf(name: keyof PduHeader): number | undefined {
    return this.#header.fields.find((field) => field.name === name)?.offset;
  }
}

function isZero(view: DataView, from: number, to: number): boolean {
  for (let offset = from; offset < to; offset++) if (view.getUint8(offset) !== 0) return false;
  return true;
}
