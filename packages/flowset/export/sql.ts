import type { RecordLayout } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { EXPORT_BUFFER_BYTES } from "../limits.ts";
import type { ByteSink, FlowExporter } from "./exporter.ts";
import { ALL_FIELDS } from "./field_mask.ts";
import { RecordText, type TextField } from "./record_text.ts";

/** The databases that scripts are written for. */
export type SqlDialect = "mysql" | "postgresql";

/** What a script needs to know of the database. */
export interface SqlTarget {
  /** The dialect. */
  readonly dialect: SqlDialect;
  /** The table; default `raw`. */
  readonly table?: string;
}

interface Dialect {
  /** Types of columns by bytes. */
  readonly integers: Readonly<Record<1 | 2 | 4 | 8, string>>;
  readonly address: string;
  readonly quote: string;
  readonly begin: string;
}

const DIALECTS: Readonly<Record<SqlDialect, Dialect>> = {
  mysql: {
    integers: {
      1: "TINYINT UNSIGNED",
      2: "SMALLINT UNSIGNED",
      4: "INT UNSIGNED",
      8: "BIGINT UNSIGNED",
    },
    address: "VARCHAR(15)",
    quote: "`",
    begin: "START TRANSACTION",
  },
  // PostgreSQL has no unsigned integers.
  postgresql: {
    integers: { 1: "SMALLINT", 2: "INTEGER", 4: "BIGINT", 8: "NUMERIC(20)" },
    address: "INET",
    quote: '"',
    begin: "BEGIN",
  },
};

/** The table that flow-export uses unless told otherwise. */
const TABLE_DEFAULT = "raw";

/** Rows of a statement: enough to be quick, and far from any limit on statements. */
const ROWS_PER_INSERT = 500;

/** Room for what stands around the values of a row. */
const ROW_SLACK = 16;

/**
 * Writes flows as an SQL script: it creates the table where there is none, and inserts the flows in
 * one transaction. Columns are named like the fields; each has the type that holds its values.
 *
 * @example
 * ```ts
 * import { FlowSet, SqlExporter } from "@flowtools/flowset";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { assertMatch } from "@std/assert";
 *
 * let text = "";
 * const sink = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
 * const sql = new SqlExporter(findFtLayout(5)!, { dialect: "mysql" }, 0x1041n);
 * sql.begin(sink);
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const block of set.blocks()) sql.add(block, sink);
 * sql.end(sink);
 * assertMatch(text, /INSERT INTO `raw`\(`unix_secs`,`doctets`,`srcaddr`\) VALUES\n\(\d+,\d+,'/);
 * ```
 */
export class SqlExporter implements FlowExporter {
  readonly #text: RecordText;
  readonly #dialect: Dialect;
  readonly #table: string;
  readonly #buffer = new Uint8Array(EXPORT_BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  readonly #encoder = new TextEncoder();
  /** Rows of the statement that is open. */
  #rows = 0;

  /**
   * Makes an exporter.
   *
   * @param layout The layout of the records
   * @param target Dialect and table
   * @param mask The fields that are wanted; those that the records lack are left out
   */
  constructor(layout: RecordLayout, target: SqlTarget, mask: bigint = ALL_FIELDS) {
    this.#text = new RecordText(layout, mask, "'");
    this.#dialect = DIALECTS[target.dialect];
    this.#table = this.#name(target.table ?? TABLE_DEFAULT);
  }

  /**
   * Writes the start of the script.
   *
   * @param sink Where to
   */
  begin(sink: ByteSink): void {
    const columns = this.#text.fields.map((field) =>
      `  ${this.#name(field.name.toLowerCase())} ${this.#type(field)} NOT NULL`
    );
    const create = `CREATE TABLE IF NOT EXISTS ${this.#table} (\n${columns.join(",\n")}\n);\n`;
    sink(this.#encoder.encode(`${create}${this.#dialect.begin};\n`));
  }

  /**
   * Writes statements that insert flows.
   *
   * @param block The flows
   * @param sink Where to
   */
  add(block: RecordBlock, sink: ByteSink): void {
    const text = this.#text;
    if (text.fields.length === 0) return;
    const names = text.written.map((name) => this.#name(name.toLowerCase())).join(",");
    const insert = this.#encoder.encode(`INSERT INTO ${this.#table}(${names}) VALUES\n`);
    const { view, offset, count, littleEndian } = block;
    const out = this.#view;
    const limit = this.#buffer.length - text.bytesMax - insert.length - ROW_SLACK;
    let at = 0;
    for (let row = 0, from = offset; row < count; row++, from += block.layout.size) {
      if (at > limit) {
        sink(this.#buffer.subarray(0, at));
        at = 0;
      }
      if (this.#rows === ROWS_PER_INSERT) {
        at = this.#put(";\n", at);
        this.#rows = 0;
      }
      if (this.#rows === 0) {
        this.#buffer.set(insert, at);
        at += insert.length;
      } else {
        at = this.#put(",\n", at);
      }
      at = this.#put("(", at);
      // The comma behind the last value becomes the end of the row.
      at = this.#put(")", text.put(view, from, littleEndian, out, at) - 1);
      this.#rows++;
    }
    sink(this.#buffer.subarray(0, at));
  }

  /**
   * Writes the end of the script.
   *
   * @param sink Where to
   */
  end(sink: ByteSink): void {
    sink(this.#encoder.encode(`${this.#rows > 0 ? ";\n" : ""}COMMIT;\n`));
  }

  #put(text: string, at: number): number {
    for (let index = 0; index < text.length; index++) {
      this.#buffer[at++] = text.charCodeAt(index);
    }
    return at;
  }

  #name(name: string): string {
    const { quote } = this.#dialect;
    return quote + name.replaceAll(quote, quote + quote) + quote;
  }

  #type({ width, address }: TextField): string {
    return address ? this.#dialect.address : this.#dialect.integers[width];
  }
}
