import { fieldIndex, FLOW_FIELDS, type FlowFieldName } from "./flow_fields.ts";
import type { RecordValue } from "./record_value.ts";

/**
 * Reads what a record has beyond the canonical fields out of its octets, when it is asked for.
 */
export interface RecordReader {
  /** Names of all fields of the record, in wire order; a name may stand more than once. */
  readonly names: readonly string[];

  /**
   * Reads a field.
   *
   * @param octets The record as it was on the wire
   * @param name One of `names`; where it stands more than once, all its values
   * @returns The value; `undefined` where the record ends before it
   */
  read(octets: Uint8Array, name: string): RecordValue | undefined;

  /**
   * Reads all fields, which costs less than reading one by one.
   *
   * @param octets The record as it was on the wire
   * @returns Values by name, as `read` gives them
   */
  readAll?(octets: Uint8Array): ReadonlyMap<string, RecordValue>;
}

/** What a {@linkcode FlowSchema} is made from. */
export interface FlowSchemaInit {
  /** Export version: 1, 5, 6, 7, 8, 9, 10 (IPFIX), 1005 (v5 with tags) or 0 (sFlow v5). */
  readonly version: number;
  /** Aggregation method, 1 to 14, of a version 8 record. */
  readonly aggregation?: number;
  /** The canonical fields that records of this shape have. */
  readonly fields: readonly FlowFieldName[];
  /** Names of further columns that records of this shape have. */
  readonly extras?: readonly string[];
  /** Reads what no column keeps, where records of this shape are kept as octets. */
  readonly reader?: RecordReader;
}

/**
 * The shape of a record: its version, and which fields it has.
 *
 * A batch may hold rows of several shapes; each row knows its schema, and an attribute that the
 * schema lacks is `undefined` on the flow, never 0.
 *
 * @example
 * ```ts
 * import { FlowSchema } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const schema = new FlowSchema({ version: 8, aggregation: 1, fields: ["src_as", "dst_as"] });
 * assertEquals(schema.label, "v8.1");
 * assertEquals(schema.has("src_as"), true);
 * assertEquals(schema.has("srcaddr"), false);
 * ```
 */
export class FlowSchema {
  /** Export version. */
  readonly version: number;
  /** Aggregation method of a version 8 record. */
  readonly aggregation: number | undefined;
  /** Canonical fields, in the order of `FLOW_FIELDS`. */
  readonly fields: readonly FlowFieldName[];
  /** Names of further columns. */
  readonly extras: readonly string[];
  /** Reads what no column keeps. */
  readonly reader: RecordReader | undefined;
  /** 1 at the index (in `FLOW_FIELDS`) of each field that is there. */
  readonly present: Uint8Array;
  /** The version as people write it: `v5`, `v8.14`, `v1005`. */
  readonly label: string;
  /** flow-tools' xfield mask of the fields. */
  readonly xfields: bigint;

  /**
   * Makes a schema.
   *
   * @param init Version and fields
   */
  constructor(init: FlowSchemaInit) {
    this.version = init.version;
    this.aggregation = init.aggregation;
    this.extras = init.extras ?? [];
    this.reader = init.reader;
    this.present = new Uint8Array(FLOW_FIELDS.length);
    for (const name of init.fields) this.present[fieldIndex(name)] = 1;
    const rows = FLOW_FIELDS.filter((_, index) => this.present[index] === 1);
    this.fields = rows.map((row) => row.name);
    this.label = versionLabel(init.version, init.aggregation);
    this.xfields = rows.reduce((mask, row) => mask | row.xfield, 0n);
  }

  /**
   * Whether records of this shape have a column.
   *
   * @param name A canonical field or a further column
   * @returns Whether it is there
   */
  has(name: string): boolean {
    const index = fieldIndex(name);
    return index >= 0 ? this.present[index] === 1 : this.extras.includes(name);
  }
}

/**
 * The version number of sFlow v5. Its datagrams start with a version of 32 bits, so the 16 in which
 * NetFlow has its own are 0; and 5 is taken.
 */
export const SFLOW_VERSION = 0;

/**
 * An export version as people write it.
 *
 * @param version Export version
 * @param aggregation Aggregation method, where the version has one
 * @returns `v5`, `v8.14`, `sflow5`, …
 *
 * @example
 * ```ts
 * import { versionLabel } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(versionLabel(8, 14), "v8.14");
 * assertEquals(versionLabel(0), "sflow5");
 * ```
 */
export function versionLabel(version: number, aggregation?: number): string {
  if (version === SFLOW_VERSION) return "sflow5";
  return aggregation === undefined ? `v${version}` : `v${version}.${aggregation}`;
}
