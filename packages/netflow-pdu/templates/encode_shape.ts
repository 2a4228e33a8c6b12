import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import type { ClockNeed, PacketClock, RowClocks } from "./encode_clock.ts";
import type { WireField } from "./encode_fields.ts";
import type { SchemaTemplate } from "./record_reader.ts";

/** What a template to be sent says. */
export interface Definition {
  /** The fields in wire order. */
  readonly fields: readonly WireField[];
  /** How many of the fields, from the first, are scope; `undefined` where it is no options template. */
  readonly scopeCount?: number;
  /** The number that it had where it came from, which it keeps if that is free. */
  readonly preferredId?: number;
  /** Tells it from all others. */
  readonly key: string;
}

/** Makes a definition. */
export function defineTemplate(
  fields: readonly WireField[],
  init: { readonly scopeCount?: number; readonly preferredId?: number } = {},
): Definition {
  const text = fields.map(({ enterprise, id, length }) => `${enterprise}.${id}:${length}`);
  return { ...init, fields, key: `${init.scopeCount ?? ""};${text.join()}` };
}

/** What records are made from. */
export interface EncodeSource {
  /** The rows. */
  readonly batch: FlowBatch;
  /** Their clocks. */
  readonly clocks: RowClocks;
  /** The clock of the packet. */
  readonly clock: PacketClock;
  /** The number of the sampler of the rows. */
  readonly sampler: number;
  /** Told, per field, how many values could not be held. */
  readonly lost: Map<string, number>;
}

/** How rows of one kind are written as records of one template. */
export interface RowShape {
  /** The template. */
  readonly definition: Definition;
  /** What the records need of the clock of their packet. */
  readonly need: ClockNeed;
  /** Indexes in `FLOW_FIELDS` of the columns that hold the moments of rows. */
  readonly moments: readonly number[];
  /** The columns that a batch must keep. */
  readonly requires: readonly FlowFieldName[];
  /** Whether all records have the same octets. */
  readonly fixed: boolean;
  /** Whether records have uptimes and options data must tell when their exporter started. */
  readonly needsBoot: boolean;
  /** The shape that records came in, where they have lists, which refer to templates. */
  readonly lists: SchemaTemplate | undefined;
  /** The element that tells the sampler of a row, or 0. */
  readonly samplerElement: number;

  /**
   * Octets of the record of a row.
   *
   * @param batch The rows
   * @param row The row
   */
  octets(batch: FlowBatch, row: number): number;

  /**
   * Writes the records of rows; one, unless they are `fixed`.
   *
   * @param source The rows
   * @param row The first
   * @param count Rows
   * @param view Where they go
   * @param offset Where the first starts
   */
  write(source: EncodeSource, row: number, count: number, view: DataView, offset: number): void;
}

/** When something was told last that receivers must know. */
export interface Told {
  /** Packets sent before; -1 for never. */
  atPacket: number;
  /** Unix milliseconds. */
  atMs: number;
}
