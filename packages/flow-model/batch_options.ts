import type { ColumnKind, FlowFieldName } from "./flow_fields.ts";

/** A column beyond the canonical fields. */
export interface ColumnSpec {
  /** Its name: an IANA name, or `pen.id`. Must not be canonical. */
  readonly name: string;
  /** How it holds its values. */
  readonly kind: ColumnKind;
  /**
   * The information element whose values it gets from records that have it; default that of its name.
   * With a name of its own a column is for whoever asked for it: no flow shows it.
   */
  readonly element?: string;
}

/** How to make a {@linkcode FlowBatch}. */
export interface FlowBatchOptions {
  /** Rows at most; default 8192. */
  readonly capacity?: number;
  /** The canonical fields to keep; default all. What is not kept costs nothing. */
  readonly columns?: readonly FlowFieldName[];
  /** Columns beyond the canonical fields. */
  readonly extras?: readonly ColumnSpec[];
  /** Keep the octets of records with templates, so that each of their fields can be read. */
  readonly octets?: boolean;
}

/** Values that all records of a packet share. A 16-byte array is an IPv6 address. */
export type SharedValues = { readonly [Name in FlowFieldName]?: number | Uint8Array };

/** Values of one row. Addresses may be text, a number, or 16 bytes. */
export type RowValues = { readonly [name: string]: number | bigint | string | Uint8Array };
