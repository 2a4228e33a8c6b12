import { FAMILY_IPV6, type FlowBatch, type FlowFieldName } from "@flowtools/flow-model";
import { WideAddresses } from "./wide_addresses.ts";

/** Which flows a step of a report leaves out. */
export type FlowTest = "has-packets" | "tcp-or-udp";

const TCP = 6;
const UDP = 17;
const WIDE_OCTETS = 16;

/**
 * A batch as reports see it: only the rows that count, every column that is asked for as 32-bit
 * words, so that the loops behind it meet one kind of array each.
 */
export class ReportInput {
  /** Rows that count. */
  rows = 0;
  /** Flows of each row; not there where every row is one flow. */
  flows: Float64Array | undefined;
  /** Octets of each row. */
  octets: Float64Array = NO_COUNTS;
  /** Packets of each row. */
  packets: Float64Array = NO_COUNTS;
  /** Milliseconds of each row, modulo 2^32, so right across a wrap of the uptime. */
  durations: Uint32Array = new Uint32Array(0);
  readonly #title: string;
  readonly #scale: number;
  readonly #bytesMax: number;
  #addresses: WideAddresses | undefined;
  /** Copies of columns, kept for the next batch. */
  readonly #scratch = new Map<string, Uint32Array<ArrayBuffer>>();
  readonly #counts = new Map<string, Float64Array<ArrayBuffer>>();
  #batch: FlowBatch | undefined;
  /** The rows of the batch that count, where not all do. */
  #selected: Uint32Array | undefined;

  /**
   * Makes an empty input.
   *
   * @param title The report, for messages
   * @param scale What octets and packets are multiplied by: the sampling rate
   * @param bytesMax Bytes that IPv6 addresses may take
   */
  constructor(title: string, scale: number, bytesMax: number) {
    this.#title = title;
    this.#scale = scale;
    this.#bytesMax = bytesMax;
  }

  /** The IPv6 addresses that keys were made of. */
  get addresses(): WideAddresses {
    return this.#addresses ??= new WideAddresses({ bytesMax: this.#bytesMax, title: this.#title });
  }

  /** Takes the next batch, all rows of it. */
  load(batch: FlowBatch): void {
    this.#batch = batch;
    this.#selected = undefined;
    this.rows = batch.length;
    this.octets = this.#scaled("octets", batch.column("dOctets"));
    this.packets = this.#scaled("packets", batch.column("dPkts"));
    this.flows = this.#flowCounts(batch);
    const durations = this.#room("durations");
    subtract(batch.column("last"), batch.column("first"), durations, batch.length);
    this.durations = durations;
  }

  /** Leaves out all rows but some, which are given in ascending order. */
  select(rows: Uint32Array): void {
    if (rows.length < this.rows) this.#narrow(rows, rows.length);
  }

  /**
   * Leaves out the rows that fail a test.
   *
   * @returns How many
   */
  keep(test: FlowTest): number {
    const { rows } = this;
    const kept = this.#room("kept");
    const count = test === "has-packets"
      ? selectNonZero(this.packets, rows, kept)
      : selectPorts(this.u32("prot"), rows, kept);
    if (count < rows) this.#narrow(kept, count);
    return rows - count;
  }

  #narrow(kept: Uint32Array, count: number): void {
    const before = this.#selected;
    const selected = this.#room(before === undefined ? "selected" : "selected again");
    if (before === undefined) selected.set(kept.subarray(0, count));
    else for (let row = 0; row < count; row++) selected[row] = before[kept[row]];
    this.#selected = selected;
    this.rows = count;
    // Rows only move forward, so a second narrowing may gather in place.
    this.octets = this.#gatherCounts("kept octets", this.octets, kept, count);
    this.packets = this.#gatherCounts("kept packets", this.packets, kept, count);
    if (this.flows !== undefined) {
      this.flows = this.#gatherCounts("kept flows", this.flows, kept, count);
    }
    const durations = this.#room("kept durations");
    for (let row = 0; row < count; row++) durations[row] = this.durations[kept[row]];
    this.durations = durations;
  }

  /** A field of the rows that count; addresses that are IPv6 are 0. */
  u32(name: FlowFieldName): Uint32Array {
    const batch = this.#batch!;
    const column = batch.column(name);
    if (this.#selected === undefined && column instanceof Uint32Array) return column;
    const copy = this.#room(name);
    if (this.#selected === undefined) copy.set(column.subarray(0, this.rows));
    else for (let row = 0; row < this.rows; row++) copy[row] = column[this.#selected[row]];
    return copy;
  }

  /** Addresses of the rows that count; in place of those that are IPv6, their numbers. */
  address(name: FlowFieldName): Uint32Array {
    const column = this.u32(name);
    if (!this.hasWide(name)) return column;
    const words = this.#room(`${name} words`);
    words.set(column.subarray(0, this.rows));
    this.putWide(name, words);
    return words;
  }

  /** Whether some address of the batch is IPv6. */
  hasWide(name: FlowFieldName): boolean {
    const families = this.#batch!.family(name);
    return families !== undefined &&
      families.subarray(0, this.#batch!.length).includes(FAMILY_IPV6);
  }

  /** The rows that count whose address is IPv6, ascending; valid until the next call. */
  widePlaces(name: FlowFieldName): Uint32Array {
    const families = this.#batch!.family(name);
    if (families === undefined) return NO_PLACES;
    const places = this.#room("wide places");
    const selected = this.#selected;
    let count = 0;
    for (let row = 0; row < this.rows; row++) {
      places[count] = row;
      if (families[selected === undefined ? row : selected[row]] === FAMILY_IPV6) count++;
    }
    return places.subarray(0, count);
  }

  /** The first octet of an IPv6 address. */
  wideOctet(name: FlowFieldName, place: number): number {
    const row = this.#selected === undefined ? place : this.#selected[place];
    return this.#batch!.wide(name)![row * WIDE_OCTETS];
  }

  /**
   * Puts the numbers of IPv6 addresses in their places; the others stay as they are.
   *
   * @param name The address
   * @param words Where they go
   * @param lengths Bits of each address that count; all where not given
   * @throws {GroupTableLimitError} There are more addresses than memory allows
   */
  putWide(name: FlowFieldName, words: Uint32Array, lengths?: Uint32Array): void {
    if (!this.hasWide(name)) return;
    const octets = this.#batch!.wide(name)!;
    this.addresses.find(octets, this.widePlaces(name), this.#selected, words, lengths);
  }

  /** A place for one word a row that stays as it is until the next batch. */
  scratch(name: string): Uint32Array<ArrayBuffer> {
    return this.#room(name);
  }

  #room(name: string): Uint32Array<ArrayBuffer> {
    const capacity = this.#batch!.capacity;
    let room = this.#scratch.get(name);
    if (room === undefined || room.length < capacity) {
      room = new Uint32Array(capacity);
      this.#scratch.set(name, room);
    }
    return room;
  }

  #countRoom(name: string): Float64Array<ArrayBuffer> {
    const capacity = this.#batch!.capacity;
    let room = this.#counts.get(name);
    if (room === undefined || room.length < capacity) {
      room = new Float64Array(capacity);
      this.#counts.set(name, room);
    }
    return room;
  }

  #scaled(name: string, column: Float64Array): Float64Array {
    if (this.#scale === 1) return column;
    const scaled = this.#countRoom(name);
    for (let row = 0; row < this.rows; row++) scaled[row] = column[row] * this.#scale;
    return scaled;
  }

  /** Aggregated records say how many flows they stand for, all others are one. */
  #flowCounts(batch: FlowBatch): Float64Array | undefined {
    const aggregated = batch.schemas.map((schema) => schema.has("dFlows"));
    if (!aggregated.includes(true)) return undefined;
    const column = batch.column("dFlows");
    if (!aggregated.includes(false)) return column;
    const flows = this.#countRoom("flows");
    for (let row = 0; row < batch.length; row++) {
      flows[row] = aggregated[batch.schemaOf[row]] ? column[row] : 1;
    }
    return flows;
  }

  #gatherCounts(
    name: string,
    counts: Float64Array,
    rows: Uint32Array,
    count: number,
  ): Float64Array {
    const gathered = this.#countRoom(name);
    for (let row = 0; row < count; row++) gathered[row] = counts[rows[row]];
    return gathered;
  }
}

const NO_COUNTS = new Float64Array(0);
const NO_PLACES = new Uint32Array(0);

function subtract(a: Uint32Array, b: Uint32Array, out: Uint32Array, rows: number): void {
  for (let row = 0; row < rows; row++) out[row] = a[row] - b[row];
}

function selectNonZero(counts: Float64Array, rows: number, out: Uint32Array): number {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    out[count] = row;
    if (counts[row] !== 0) count++;
  }
  return count;
}

function selectPorts(protocols: Uint32Array, rows: number, out: Uint32Array): number {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    out[count] = row;
    if (protocols[row] === TCP || protocols[row] === UDP) count++;
  }
  return count;
}
