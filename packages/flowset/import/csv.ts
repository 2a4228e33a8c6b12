import {
  fieldIndex,
  FLOW_FIELDS,
  type FlowFieldName,
  type RecordLayout,
} from "@flowtools/flow-model";
import { parseFieldMask } from "../export/field_mask.ts";
import type { ReferenceFaultOptions } from "../reference_faults.ts";
import { valueRank } from "../value_rank.ts";
import type { FlowImporter } from "./importer.ts";
import { Lines, scanAddress, scanNumber } from "./lines.ts";
import { type BlockSink, RecordBuilder } from "./record_builder.ts";

/** Fields that are written as addresses. */
const ADDRESSES: ReadonlySet<FlowFieldName> = new Set<FlowFieldName>([
  "exaddr",
  "srcaddr",
  "dstaddr",
  "nexthop",
  "peer_nexthop",
  "router_sc",
]);

/** A column of the text. */
interface Column {
  readonly field: number;
  readonly address: boolean;
}

/**
 * Reads flows from comma-separated text, as `flow-import -f2` does and `flow-export -f2` writes.
 * A line that begins with `#:` before the first flow names the columns; other lines that begin with
 * `#`, and empty ones, are skipped. Values that are missing are 0.
 *
 * Source: flow-tools `flow-import.c`.
 *
 * @example
 * ```ts
 * import { CsvImporter } from "@flowtools/flowset";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * const csv = new CsvImporter(findFtLayout(5)!);
 * let flows = 0;
 * const sink = (block: { count: number }) => void (flows += block.count);
 * await csv.add(new TextEncoder().encode("#:srcaddr,dstaddr\n10.0.0.1,10.0.0.2\n"), sink);
 * await csv.end(sink);
 * assertEquals(flows, 1);
 * ```
 */
export class CsvImporter implements FlowImporter {
  readonly #builder: RecordBuilder;
  readonly #lines = new Lines();
  readonly #options: ReferenceFaultOptions;
  /** Lines that are no flows. */
  readonly #skipped: RegExp;
  #columns: readonly Column[];
  #records = 0;

  /**
   * Makes an importer.
   *
   * @param layout The layout of the records to make
   * @param mask The columns of text that does not name them; default all fields of the layout
   * @param options Whether empty lines are flows of zeros, as flow-tools has it
   */
  constructor(
    layout: RecordLayout,
    mask: bigint = layout.schema.xfields,
    options: ReferenceFaultOptions = {},
  ) {
    this.#builder = new RecordBuilder(layout);
    this.#options = options;
    this.#skipped = options.referenceFaults ? /^\s*#/ : /^\s*(#|$)/;
    this.#columns = columnsOf(mask);
  }

  /** Records so far. */
  get records(): number {
    return this.#records;
  }

  /**
   * Takes a piece of the text.
   *
   * @param bytes The piece
   * @param sink Takes the records
   */
  async add(bytes: Uint8Array, sink: BlockSink): Promise<void> {
    await this.#read(this.#lines.add(bytes), sink);
  }

  /**
   * Takes the end of the text.
   *
   * @param sink Takes the records
   */
  async end(sink: BlockSink): Promise<void> {
    await this.#read(this.#lines.end(), sink);
    const block = this.#builder.take();
    if (block !== undefined) await sink(block);
  }

  async #read(lines: readonly string[], sink: BlockSink): Promise<void> {
    const builder = this.#builder;
    for (const line of lines) {
      if (this.#records === 0 && line.startsWith("#:")) {
        this.#columns = columnsOf(parseFieldMask(line.slice(2).trim(), this.#options));
        continue;
      }
      if (this.#skipped.test(line)) continue;
      const values = line.split(",");
      builder.begin();
      for (let index = 0; index < values.length && index < this.#columns.length; index++) {
        const { field, address } = this.#columns[index];
        builder.set(field, address ? scanAddress(values[index]) : scanNumber(values[index]));
      }
      builder.keep();
      this.#records++;
      if (builder.full) await sink(builder.take()!);
    }
  }
}

function columnsOf(mask: bigint): Column[] {
  return FLOW_FIELDS.filter(({ xfield }) => (mask & xfield) !== 0n)
    .toSorted((a, b) => valueRank(a.name) - valueRank(b.name))
    .map(({ name }) => ({ field: fieldIndex(name), address: ADDRESSES.has(name) }));
}
