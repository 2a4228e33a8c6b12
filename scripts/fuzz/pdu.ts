/** Fuzz target: export packets through everything that looks at one. */
import { FlowBatch } from "@flowtools/flow-model";
import { FlowPDU, PduError } from "@flowtools/flowset";
import {
  createPduRegistry,
  decodePdu,
  decodePduAt,
  describePdu,
  encodePdu,
  type ExporterAddress,
  formatDump,
  PDU_CODECS,
  PDU_REASONS,
  type PduCodec,
  type PduLayouts,
  pduMessage,
  type PduResult,
  SEQUENCE_STREAMS_MAX,
  SequenceTracker,
} from "@flowtools/netflow-pdu";
import { TOY_CODEC } from "@flowtools/netflow-pdu/testing";
import { Random } from "../random.ts";
import { readFixtures } from "./fixtures.ts";
import { ensure, type FuzzSubject, type FuzzTarget, tally } from "./target.ts";

const CODECS: readonly PduCodec[] = [...PDU_CODECS, TOY_CODEC];

/** More than the largest datagram has of the smallest record. */
const ROWS_MAX = 8192;

/** Rows of the batch that is too small for most packets. */
const FEW_ROWS = 4;

/** Noise around a datagram in the buffer of a receiver. */
const MARGIN_BYTES = 32;

const EXPORTER_IPV6 = new Uint8Array([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);

/** Exporters that send; the tracker must forget some of their sequences. */
const EXPORTERS = 1000;

/** The bytes of a header that order packets: clocks, sequence and engine, where there are such. */
const ORDER_START = 4;
const ORDER_END = 22;

/** Export packets. */
export const PDU_TARGET: FuzzTarget = {
  name: "pdu",
  doc: "packets of every codec: decode, re-encode, describe, FlowPDU, SequenceTracker",
  runs: 200_000,
  prepare: () => new PduSubject(),
};

class PduSubject implements FuzzSubject {
  readonly corpus: readonly Uint8Array[] = [...readFixtures("pdu", ".dat"), ...generated()];
  readonly outcomes = new Map<string, number>();
  readonly #registry = createPduRegistry(CODECS);
  readonly #batch = new FlowBatch({ capacity: ROWS_MAX });
  readonly #again = new FlowBatch({ capacity: ROWS_MAX });
  readonly #few = new FlowBatch({ capacity: FEW_ROWS });
  readonly #tracker = new SequenceTracker();
  readonly #buffer = new Uint8Array(65_536 + 2 * MARGIN_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  readonly #masks = new Map(CODECS.map((codec) => [codec, recordMask(codec)]));

  check(input: Uint8Array, random: Random): void {
    const exporter = random.oneIn(8) ? EXPORTER_IPV6 : random.int(EXPORTERS);
    const batch = this.#batch;
    batch.reset();
    const result = decodePdu(this.#registry, input, batch, { exporter });
    tally(this.outcomes, result.reason ?? "faultless");
    ensure(result.rows === batch.length, "rows are not what was appended");
    checkResult(result, input.length);
    if (result.codec?.layouts !== undefined && result.header !== undefined) {
      this.#checkRows(input, result, result.codec, result.codec.layouts);
    }
    this.#checkInPlace(input, exporter, result);
    this.#checkSequence(exporter, result);
    if (random.oneIn(8)) this.#checkFewRows(input, result);
    if (random.oneIn(8)) this.#checkFlowPdu(input, exporter, result, random);
    if (random.oneIn(32)) checkDescription(describePdu(this.#registry, input), input.length);
  }

  /** The rows are the records of the datagram, all of them, and survive being encoded. */
  #checkRows(input: Uint8Array, result: PduResult, codec: PduCodec, layouts: PduLayouts): void {
    const { header: table, record } = layouts;
    const header = result.header!;
    const whole = Math.floor((input.length - table.size) / record.size);
    const refused = result.reason === "unknown-aggregation-version";
    ensure(
      result.rows === (refused ? 0 : Math.min(header.count, whole)),
      "rows are not the whole records that the header counts",
    );
    const mask = this.#masks.get(codec)!;
    const misfits = new Map();
    for (let from = 0; from < result.rows; from += codec.maxRecords) {
      const count = Math.min(codec.maxRecords, result.rows - from);
      const packet = encodePdu(codec, this.#batch, from, count, header, misfits);
      ensure(packet.length === table.size + count * record.size, "the packet has another size");
      const start = table.size + from * record.size;
      for (let i = 0, at = 0; i < count * record.size; i++) {
        if (packet[table.size + i] !== (input[start + i] & mask[at])) {
          ensure(false, `byte ${start + i} of the input is not byte ${table.size + i} encoded`);
        }
        if (++at === record.size) at = 0;
      }
      this.#checkSecondDecode(packet, from, count, result);
    }
    ensure(misfits.size === 0, "values of a packet do not fit a packet");
  }

  #checkSecondDecode(packet: Uint8Array, from: number, count: number, first: PduResult): void {
    const again = this.#again;
    again.reset();
    const { codec, header, rows, reason } = decodePdu(this.#registry, packet, again);
    ensure(reason === undefined && rows === count, "an encoded packet has a fault");
    ensure(codec === first.codec, "an encoded packet is of another version");
    for (const [name, value] of Object.entries(header!)) {
      const sent = name === "count" ? count : first.header![name as keyof typeof header];
      ensure(value === sent, `an encoded header has another ${name}`);
    }
    this.#checkSameRows(codec!, from, count);
  }

  /** Where the datagram lies in a larger buffer, its neighbours do not matter. */
  #checkInPlace(input: Uint8Array, exporter: ExporterAddress, first: PduResult): void {
    this.#buffer.set(input, MARGIN_BYTES);
    this.#buffer.fill(0xa5, MARGIN_BYTES + input.length, 2 * MARGIN_BYTES + input.length);
    this.#again.reset();
    const place = { view: this.#view, offset: MARGIN_BYTES, length: input.length, exporter };
    const { reason, rows, codec } = decodePduAt(this.#registry, place, this.#again);
    ensure(reason === first.reason && rows === first.rows, "the buffer around changes the result");
    if (codec !== undefined) this.#checkSameRows(codec, 0, rows);
  }

  /** Whether the rows of the second batch are those of the first one from `from` on. */
  #checkSameRows(codec: PduCodec, from: number, count: number): void {
    for (const { field, name } of codec.layouts?.record.rows ?? []) {
      if (field < 0) continue;
      const ours = this.#batch.columnAt(field)!;
      const theirs = this.#again.columnAt(field)!;
      for (let row = 0; row < count; row++) {
        if (ours[from + row] !== theirs[row]) {
          ensure(false, `row ${row} has another ${name}`);
        }
      }
    }
  }

  #checkSequence(exporter: ExporterAddress, result: PduResult): void {
    this.#tracker.observe(exporter, result);
    ensure(this.#tracker.size <= SEQUENCE_STREAMS_MAX, "too many sequences are tracked");
    const { lost, received, reordered, duplicate, reset } = this.#tracker.totals;
    for (const total of [lost, received, reordered, duplicate, reset]) {
      ensure(Number.isSafeInteger(total) && total >= 0, "a total is no count");
    }
  }

  /** A batch without room takes all or nothing. */
  #checkFewRows(input: Uint8Array, first: PduResult): void {
    this.#few.reset();
    const { rows, reason } = decodePdu(this.#registry, input, this.#few);
    const fits = first.rows <= FEW_ROWS;
    ensure(rows === (fits ? first.rows : 0), "a packet was taken in part");
    ensure(rows === this.#few.length, "rows are not what was appended");
    ensure(reason === (fits ? first.reason : "batch-full"), "a full batch is not told");
  }

  #checkFlowPdu(
    input: Uint8Array,
    exporter: ExporterAddress,
    result: PduResult,
    random: Random,
  ): void {
    let pdu: FlowPDU;
    try {
      pdu = new FlowPDU(exporter, input, { registry: this.#registry });
    } catch (error) {
      if (!(error instanceof PduError)) throw error;
      ensure(result.header === undefined, "FlowPDU refuses a header that can be read");
      return;
    }
    ensure(pdu.problem === result.reason, "FlowPDU has another problem");
    ensure(pdu.length === result.rows, "FlowPDU has another length");
    ensure(pdu.batch.length === result.rows, "FlowPDU has another number of flows");
    if (pdu.length > 0) JSON.stringify(pdu.batch.flow(random.int(pdu.length)));
    this.#checkOrder(pdu, random);
  }

  /** A packet and one that differs by a bit are in some order, whoever is asked. */
  #checkOrder(pdu: FlowPDU, random: Random): void {
    const bytes = pdu.payload.slice();
    bytes[ORDER_START + random.int(Math.min(ORDER_END, bytes.length) - ORDER_START)] ^= 1 <<
      random.int(8);
    const other = new FlowPDU(pdu.exporter, bytes, { registry: this.#registry });
    ensure(pdu.compare(pdu) === 0 && pdu.equals(pdu), "a PDU is not equal to itself");
    ensure(pdu.compare(other) !== 0 && !pdu.equals(other), "different PDUs are equal");
    ensure(
      Math.sign(pdu.compare(other)) === -Math.sign(other.compare(pdu)),
      "the order of PDUs depends on who is asked",
    );
    ensure(!(pdu.isNext(other) && other.isNext(pdu)), "PDUs follow each other in a circle");
  }
}

function checkResult(result: PduResult, length: number): void {
  const message = pduMessage(result, "10.0.0.1");
  if (result.reason === undefined) {
    ensure(message === "", "a faultless packet has a message");
    return;
  }
  ensure(result.reason in PDU_REASONS, "the reason is not listed");
  const { offset } = result;
  ensure(offset !== undefined && offset >= 0 && offset <= length, "the offset is outside");
  ensure(!/undefined|NaN/.test(message), "the message lacks a value");
}

/** A description shows every byte once. */
function checkDescription(dumps: ReturnType<typeof describePdu>, length: number): void {
  let end = 0;
  let last = -1;
  for (const { offset, width, hex } of dumps) {
    ensure(hex.length === 2 * width, "a dump has too few or too many digits");
    if (offset === last) continue; // parts of one row
    ensure(offset === end, "a dump leaves out bytes");
    last = offset;
    end = offset + width;
  }
  ensure(end === length, "the description ends too early");
  ensure(!formatDump(dumps).includes("undefined"), "a dump lacks a value");
}

/** Packets of every codec that has tables, from one record to the most, under true headers. */
function generated(): Uint8Array[] {
  const random = new Random(20_020_731);
  return CODECS.flatMap((codec) => {
    if (codec.layouts === undefined) return [];
    const { header, record } = codec.layouts;
    return [1, 2, Math.ceil(codec.maxRecords / 2), codec.maxRecords].map((count) => {
      const bytes = new Uint8Array(header.size + count * record.size);
      for (let i = 0; i < bytes.length; i++) bytes[i] = random.oneIn(3) ? 0 : random.int(256);
      new DataView(bytes.buffer).setUint16(0, codec.version);
      new DataView(bytes.buffer).setUint16(2, count);
      const set = (name: string, value: number) => {
        const row = header.rows.find((row) => row.name === name);
        if (row !== undefined) bytes[row.offset] = value;
      };
      set("aggregation", codec.aggregation ?? 0);
      set("agg_version", 2);
      return bytes;
    });
  });
}

/** One byte for each of a record: 0 where it is reserved. */
function recordMask(codec: PduCodec): Uint8Array {
  const { size = 0, rows = [] } = codec.layouts?.record ?? {};
  const mask = new Uint8Array(size).fill(0xff);
  for (const { reserved, offset, width } of rows) {
    if (reserved) mask.fill(0, offset, offset + width);
  }
  return mask;
}
