import {
  FAMILY_IPV6,
  type FlowBatch,
  type FlowFieldName,
  type FlowSchema,
} from "@flowtools/flow-model";
import type { TextBuffer } from "../write_behind.ts";
import type { PrintFormat } from "./classic_print_formats.ts";
import type { NumberColumn } from "./classic_print_gather.ts";
import {
  compileLine,
  FILLER,
  lineSymbols,
  lineValues,
  type PlacedCell,
  type PrintLine,
  type PrintSymbols,
} from "./classic_print_line.ts";
import { addressFamilies, valueColumns, wideText } from "./classic_print_values.ts";
import type { FlowClock, SymbolKind } from "@flowtools/flowset/select";

/** Text is made in pieces that stay in the second-level cache while their cells are filled in. */
const BLOCK_BYTES = 1 << 16;

const PROTOCOL_TCP = 6;
const FLAG_SYN = 2;
const ATTACK_PACKETS = 2;
const ATTACK_OCTETS = 40 * ATTACK_PACKETS;

/** What a batch must keep for each way to select flows. */
const SELECT_FIELDS: Readonly<Record<NonNullable<PrintFormat["select"]>, FlowFieldName[]>> = {
  packets: ["dPkts"],
  syn: ["dPkts", "dOctets", "prot", "tcp_flags"],
};

/** How to print. */
export interface ClassicPrintOptions {
  /** Wider columns, or more of them, where the format has such. */
  readonly wide: boolean;
  /** Names to print in place of numbers. */
  readonly symbols: PrintSymbols;
  /** How to reckon times; default across a wrap of the uptime. */
  readonly clock?: FlowClock;
  /** Told of flows that are left out because they have no packets. */
  readonly ignored: (flows: number) => void;
}

/** The fields that records must have for a format, and their columns. */
export function neededFields(format: PrintFormat): FlowFieldName[] {
  // With and without -w the same fields are needed, as in the reference.
  const lines = [format.line, format.wide?.line ?? ""];
  const fields = lines.flatMap(lineValues).flatMap((value) => value.fields);
  const selecting = format.select === undefined ? [] : SELECT_FIELDS[format.select];
  return [...new Set([...fields, ...selecting, ...format.alsoNeeds ?? []])];
}

/** The fields of a format that records lack. */
export function missingFields(format: PrintFormat, schema: FlowSchema): FlowFieldName[] {
  return neededFields(format).filter((name) => !schema.has(name));
}

/** The kinds of names that a format shows. */
export function formatSymbols(format: PrintFormat): SymbolKind[] {
  return lineSymbols(format.line);
}

/**
 * Prints flows as flow-print does, to the byte, from columns into one piece of memory. IPv6
 * addresses, which it does not know, make their lines as much longer as they need.
 */
export class ClassicPrint {
  readonly #format: PrintFormat;
  readonly #options: ClassicPrintOptions;
  readonly #heading: string;
  readonly #line: string;
  readonly #tight: LineBlock;
  /** Made when a value comes that its cell is too narrow for. */
  #roomy: LineBlock | undefined;
  #rows = new Uint32Array(0);

  constructor(format: PrintFormat, options: ClassicPrintOptions) {
    const { heading, line } = (options.wide ? format.wide : undefined) ?? format;
    this.#format = format;
    this.#options = options;
    this.#heading = heading;
    this.#line = line;
    this.#tight = new LineBlock(compileLine(line, options.symbols, false, options.clock));
  }

  /** Prints what is above the columns. */
  head(text: TextBuffer): void {
    text.text(this.#heading);
  }

  /** Prints the flows of a batch. */
  flows(batch: FlowBatch, text: TextBuffer): void {
    if (this.#rows.length < batch.length) this.#rows = new Uint32Array(batch.capacity);
    const selected = this.#select(batch);
    const families = this.#tight.cells.map(({ value }) => addressFamilies(value, batch))
      .filter((family) => family !== undefined);
    if (families.length === 0) return this.#printRows(batch, 0, selected, text);
    const rows = this.#rows;
    let from = 0;
    for (let i = 0; i < selected; i++) {
      const row = rows[i];
      if (families.every((family) => family[row] !== FAMILY_IPV6)) continue;
      this.#printRows(batch, from, i, text);
      this.#printWide(batch, i, text);
      from = i + 1;
    }
    this.#printRows(batch, from, selected, text);
  }

  /** Prints rows without IPv6 addresses. */
  #printRows(batch: FlowBatch, start: number, end: number, text: TextBuffer): void {
    const { lines } = this.#tight;
    for (let from = start; from < end; from += lines) {
      const count = Math.min(lines, end - from);
      const fits = this.#tight.print(batch, this.#rows, from, count, text);
      if (!fits) this.#printRoomy(batch, from, count, text);
    }
  }

  /** Lists the rows to print; returns how many. */
  #select(batch: FlowBatch): number {
    const rows = this.#rows;
    const { select } = this.#format;
    if (select === undefined) {
      for (let row = 0; row < batch.length; row++) rows[row] = row;
      return batch.length;
    }
    const packets = batch.column("dPkts");
    let selected = 0;
    let ignored = 0;
    for (let row = 0; row < batch.length; row++) {
      if (packets[row] === 0) ignored++;
      else rows[selected++] = row;
    }
    if (ignored > 0) this.#options.ignored(ignored);
    return select === "syn" ? selectAttacks(batch, rows, selected) : selected;
  }

  #printRoomy(batch: FlowBatch, from: number, count: number, text: TextBuffer): void {
    const start = text.used;
    this.#fillRoomy(batch, from, count, text);
    const kept = withoutFiller(text.bytes.subarray(start, text.used));
    text.used = start;
    text.append(kept);
  }

  /** Prints a row with IPv6 addresses: these take the places of the cells that they have no room in. */
  #printWide(batch: FlowBatch, at: number, text: TextBuffer): void {
    const start = text.used;
    const { cells } = this.#fillRoomy(batch, at, 1, text);
    const line = text.bytes.slice(start, text.used);
    text.used = start;
    let from = 0;
    for (const { value, offset, natural } of cells) {
      const address = wideText(value, batch, this.#rows[at]);
      if (address === undefined) continue;
      text.append(withoutFiller(line.subarray(from, offset)));
      text.text(address.padEnd(natural));
      from = offset + natural;
    }
    text.append(withoutFiller(line.subarray(from)));
  }

  /** Prints rows with room for every value, and what is too much of it as `FILLER`. */
  #fillRoomy(batch: FlowBatch, from: number, count: number, text: TextBuffer): LineBlock {
    const roomy = this.#roomy ??= new LineBlock(
      compileLine(this.#line, this.#options.symbols, true, this.#options.clock),
    );
    for (let done = 0; done < count; done += roomy.lines) {
      const some = Math.min(roomy.lines, count - done);
      if (!roomy.print(batch, this.#rows, from + done, some, text)) {
        throw new RangeError("Cannot print flows: a value has no room");
      }
    }
    return roomy;
  }
}

function withoutFiller(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte) => byte !== FILLER);
}

/** Of `count` rows, keeps those of two SYN packets of 40 octets, and nothing else. */
function selectAttacks(batch: FlowBatch, rows: Uint32Array, count: number): number {
  const packets = batch.column("dPkts");
  const octets = batch.column("dOctets");
  const protocols = batch.column("prot");
  const flags = batch.column("tcp_flags");
  let selected = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const attack = protocols[row] === PROTOCOL_TCP && flags[row] === FLAG_SYN &&
      packets[row] === ATTACK_PACKETS && octets[row] === ATTACK_OCTETS;
    if (attack) rows[selected++] = row;
  }
  return selected;
}

/** Some lines, whose cells are filled in one column at a time. */
class LineBlock {
  /** Lines at a time, at most. */
  readonly lines: number;
  /** The cells of a line, in order. */
  readonly cells: readonly PlacedCell[];
  readonly #stride: number;
  readonly #blank: Uint8Array;
  readonly #values: Float64Array;
  #batch: FlowBatch | undefined;
  #columns: NumberColumn[][] = [];

  constructor({ blank, cells }: PrintLine) {
    this.#stride = blank.length;
    this.lines = Math.max(1, Math.floor(BLOCK_BYTES / blank.length));
    this.cells = cells;
    this.#blank = new Uint8Array(this.lines * this.#stride);
    for (let at = 0; at < this.#blank.length; at += this.#stride) this.#blank.set(blank, at);
    this.#values = new Float64Array(this.lines);
  }

  /**
   * Prints rows of a batch.
   *
   * @returns Whether every value fitted; where one did not, nothing is printed
   */
  print(
    batch: FlowBatch,
    rows: Uint32Array,
    from: number,
    count: number,
    text: TextBuffer,
  ): boolean {
    if (batch !== this.#batch) {
      this.#batch = batch;
      this.#columns = this.cells.map(({ value }) => valueColumns(value, batch));
    }
    const size = count * this.#stride;
    text.reserve(size);
    text.bytes.set(this.#blank.subarray(0, size), text.used);
    let overflow = false;
    for (let i = 0; i < this.cells.length; i++) {
      const cell = this.cells[i];
      cell.value.fill(this.#columns[i], rows, from, count, this.#values);
      const at = text.used + cell.offset;
      if (cell.write(this.#values, count, text.view, at, this.#stride, cell)) overflow = true;
    }
    if (!overflow) text.used += size;
    return !overflow;
  }
}
