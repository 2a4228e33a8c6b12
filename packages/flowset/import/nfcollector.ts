import { fieldIndex, type FlowFieldName, type RecordLayout } from "@flowtools/flow-model";
import type { ReferenceFaultOptions } from "../reference_faults.ts";
import { type FlowImporter, ImportError, type ImportWarning } from "./importer.ts";
import { Lines, scanAddress } from "./lines.ts";
import { type BlockSink, RecordBuilder } from "./record_builder.ts";

/** What stands between values. */
const SEPARATOR = "|";

/** The columns of each aggregation; `-` is one that no field holds. */
const AGGREGATIONS: Readonly<Record<string, string>> = {
  CallRecord: "srcaddr dstaddr srcport dstport prot tos dPkts dOctets dFlows first last -",
  HostMatrix: "srcaddr dstaddr dPkts dOctets dFlows",
  SourceNode: "srcaddr dPkts dOctets dFlows",
  DestNode: "dstaddr dPkts dOctets dFlows",
};

const PROTOCOL = fieldIndex("prot");

/** Members of the line that describes the format. */
const HEADER_MEMBERS = 9;

/**
 * Reads text files of Cisco's NFCollector, version 1 (`FORMAT A`). Lines with more or fewer columns
 * than the aggregation has are left out, with a warning.
 *
 * Source: flow-tools `flow-import.c`.
 */
export class NfCollectorImporter implements FlowImporter {
  readonly #builder: RecordBuilder;
  readonly #warn: ImportWarning;
  readonly #lines = new Lines();
  /** The protocol is lost below the type of service, which is written twice as wide. */
  readonly #wideTos: boolean;
  #columns: readonly FlowFieldName[] | undefined;
  #line = 0;
  #records = 0;

  /**
   * Makes an importer.
   *
   * @param layout The layout of the records to make
   * @param warn Told of lines that are left out
   * @param options What to lose
   */
  constructor(
    layout: RecordLayout,
    warn: ImportWarning,
    { referenceFaults = false }: ReferenceFaultOptions = {},
  ) {
    this.#builder = new RecordBuilder(layout);
    this.#wideTos = referenceFaults && layout.schema.label === "v8.14";
    this.#warn = warn;
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
    if (this.#columns === undefined) {
      throw new ImportError("no-header", "Cannot import NFCollector file: it is empty");
    }
    const block = this.#builder.take();
    if (block !== undefined) await sink(block);
  }

  async #read(lines: readonly string[], sink: BlockSink): Promise<void> {
    const builder = this.#builder;
    for (const line of lines) {
      this.#line++;
      const values = line.split(SEPARATOR);
      if (this.#columns === undefined) {
        this.#columns = this.#readHeader(values);
        continue;
      }
      const columns = this.#columns;
      if (values.length !== columns.length) {
        this.#warn(`Broken record at line ${this.#line} (not output)`);
        continue;
      }
      builder.begin();
      for (const [index, name] of columns.entries()) {
        const field = fieldIndex(name);
        const text = values[index];
        if (field >= 0) {
          const value = name.endsWith("addr") ? scanAddress(text) : parseInt(text, 10) || 0;
          builder.set(field, value);
          if (this.#wideTos && name === "tos") builder.set(PROTOCOL, value >>> 8);
        }
      }
      builder.keep();
      this.#records++;
      if (builder.full) await sink(builder.take()!);
    }
  }

  #readHeader(members: readonly string[]): readonly FlowFieldName[] {
    const [, format, aggregation = ""] = members;
    if (members.length !== HEADER_MEMBERS || format !== "FORMAT A") {
      throw new ImportError(
        "bad-format",
        `Cannot import NFCollector file: its first line has ${members.length} members and the ` +
          `format "${format ?? ""}", expected ${HEADER_MEMBERS} and "FORMAT A"`,
      );
    }
    const name = aggregation.replace(/^AGGREGATION /, "");
    const columns = AGGREGATIONS[name]?.split(" ") as FlowFieldName[] | undefined;
    if (columns === undefined) {
      throw new ImportError(
        "unknown-aggregation",
        `Cannot import NFCollector file: its aggregation scheme is "${aggregation}", expected ` +
          Object.keys(AGGREGATIONS).map((known) => `AGGREGATION ${known}`).join(", "),
      );
    }
    const { schema } = this.#builder.layout;
    if (!columns.some((column) => schema.has(column))) {
      throw new ImportError(
        "no-common-field",
        `Cannot import NFCollector file: ${name} and ${schema.label} records have no field in common`,
      );
    }
    return columns;
  }
}
