import { type FlowBatch, versionLabel } from "@flowtools/flow-model";
import type { PduCodec, PduInput, PduResult, PduSession } from "./codec.ts";

/** The codecs that a decoder knows: a value, made by {@linkcode createPduRegistry}. */
export interface PduRegistry {
  /** The codecs, in the order given. */
  readonly codecs: readonly PduCodec[];

  /**
   * Finds a codec.
   *
   * @param version Export version
   * @param aggregation Aggregation method, where the version has several record formats
   * @returns The codec, or `undefined` where none is registered
   */
  find(version: number, aggregation?: number): PduCodec | undefined;

  /**
   * Finds the codec of a datagram and lets it append the records to a batch. Never throws on what
   * the datagram holds.
   *
   * @param input The datagram
   * @param batch Where the flows go; without one the datagram is only checked, and `rows` is 0
   * @param session The exporter's, where the codec has sessions
   * @returns What became of it
   */
  decode(input: PduInput, batch: FlowBatch | undefined, session?: PduSession): PduResult;
}

/** Bytes that any PDU has at least: version and count. */
const SHORTEST_PDU = 4;

/**
 * Makes a registry of codecs. It is a value: two of them know nothing of each other, and nothing
 * registers itself on import.
 *
 * @param codecs The codecs
 * @returns The registry
 * @throws {RangeError} Two codecs are for the same version and aggregation, or packets of a
 * version do not tell their aggregation
 *
 * @example A codec of one's own beside the built-in ones
 * ```ts
 * import { createPduRegistry, PDU_CODECS } from "@flowtools/netflow-pdu";
 * import { TOY_CODEC } from "@flowtools/netflow-pdu/testing";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const registry = createPduRegistry([...PDU_CODECS, TOY_CODEC]);
 * assertEquals(registry.find(0x7f01), TOY_CODEC);
 * assertEquals(registry.find(8, 14)?.title, "NetFlow v8.14");
 * assertThrows(() => createPduRegistry([TOY_CODEC, TOY_CODEC]), RangeError);
 * ```
 */
export function createPduRegistry(codecs: readonly PduCodec[]): PduRegistry {
  return new Registry(codecs);
}

/**
 * Codecs of which some give way to others of their version.
 *
 * @param codecs The codecs
 * @param others What is taken in the place of those of the same version, or beside all
 * @returns The codecs that stay, and the others
 *
 * @example NetFlow v9 with both directions of a record apart, all else as usual
 * ```ts
 * import {
 *   createPduRegistry,
 *   createV9Codec,
 *   PDU_CODECS,
 *   replaceCodecs,
 * } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const own = createV9Codec({ biflow: "split" });
 * const registry = createPduRegistry(replaceCodecs(PDU_CODECS, [own]));
 * assertEquals(registry.find(9), own);
 * assertEquals(registry.codecs.length, PDU_CODECS.length);
 * ```
 */
export function replaceCodecs(
  codecs: readonly PduCodec[],
  others: readonly PduCodec[],
): readonly PduCodec[] {
  const replaced = new Set(others.map(({ version }) => version));
  return [...codecs.filter(({ version }) => !replaced.has(version)), ...others];
}

/** The codecs of one version: one, or one for each aggregation method. */
interface VersionCodecs {
  readonly only?: PduCodec;
  readonly byAggregation: Map<number, PduCodec>;
  /** Where packets of the version tell their aggregation method. */
  readonly aggregationOffset: number;
  readonly headerSize: number;
}

class Registry implements PduRegistry {
  readonly codecs: readonly PduCodec[];
  readonly #versions = new Map<number, VersionCodecs>();

  constructor(codecs: readonly PduCodec[]) {
    this.codecs = [...codecs];
    for (const codec of codecs) this.#add(codec);
  }

  find(version: number, aggregation?: number): PduCodec | undefined {
    const entry = this.#versions.get(version);
    return aggregation === undefined ? entry?.only : entry?.byAggregation.get(aggregation);
  }

  decode(input: PduInput, batch: FlowBatch | undefined, session?: PduSession): PduResult {
    const { view, offset: start } = input;
    const length = Math.min(input.length, view.byteLength - start);
    if (length < SHORTEST_PDU) {
      return {
        rows: 0,
        reason: "short-header",
        offset: length,
        expected: SHORTEST_PDU,
        got: length,
      };
    }
    const version = view.getUint16(start);
    const entry = this.#versions.get(version);
    if (entry === undefined) {
      return { rows: 0, reason: "unknown-version", offset: 0, got: version };
    }
    if (entry.only !== undefined) return entry.only.decode(input, batch, session);
    const { aggregationOffset, headerSize } = entry;
    if (length <= aggregationOffset) {
      return { rows: 0, reason: "short-header", offset: length, expected: headerSize, got: length };
    }
    const aggregation = view.getUint8(start + aggregationOffset);
    const codec = entry.byAggregation.get(aggregation);
    if (codec === undefined) {
      return {
        rows: 0,
        reason: "unknown-aggregation",
        offset: aggregationOffset,
        got: aggregation,
      };
    }
    return codec.decode(input, batch, session);
  }

  #add(codec: PduCodec): void {
    const { version, aggregation } = codec;
    const label = versionLabel(version, aggregation);
    const entry = this.#versions.get(version);
    if (aggregation === undefined) {
      if (entry !== undefined) throw duplicate(label, codec, entry);
      this.#versions.set(version, {
        only: codec,
        byAggregation: new Map(),
        aggregationOffset: 0,
        headerSize: 0,
      });
      return;
    }
    if (entry?.only !== undefined || entry?.byAggregation.has(aggregation)) {
      throw duplicate(label, codec, entry);
    }
    const header = codec.layouts?.header;
    const row = header?.rows.find((row) => row.name === "aggregation");
    if (header === undefined || row === undefined || row.width !== 1) {
      throw new RangeError(
        `Cannot register codec for ${label}: its header has no "aggregation" row of 1 byte`,
      );
    }
    if (entry !== undefined && entry.aggregationOffset !== row.offset) {
      throw new RangeError(
        `Cannot register codec for ${label}: its aggregation stands at byte ${row.offset}, ` +
          `that of its fellows at ${entry.aggregationOffset}`,
      );
    }
    if (entry === undefined) {
      this.#versions.set(version, {
        byAggregation: new Map([[aggregation, codec]]),
        aggregationOffset: row.offset,
        headerSize: header.size,
      });
    } else {
      entry.byAggregation.set(aggregation, codec);
    }
  }
}

function duplicate(label: string, codec: PduCodec, entry: VersionCodecs): RangeError {
  const other = entry.only ?? entry.byAggregation.values().next().value;
  return new RangeError(
    `Cannot register codec "${codec.title}" for ${label}: ` +
      `the version is taken by "${other?.title}"`,
  );
}
