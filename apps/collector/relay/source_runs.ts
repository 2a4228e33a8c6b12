import { FAMILY_IPV6, type FlowBatch } from "@flowtools/flow-model";
import type { ExporterAddress } from "@flowtools/netflow-pdu";
import { SOURCES_MAX } from "./limits.ts";

/** An exporter whose flows are passed on. */
export interface RelayedSource {
  /** Its address. */
  readonly address: ExporterAddress;
  /** Counts the sources, from 0: which of a target's sockets it is sent from follows from it. */
  readonly number: number;
}

/** Rows in a row that came in one packet, as far as its header tells. */
export interface SourceRun {
  readonly from: number;
  /** The row behind the last. */
  readonly to: number;
  readonly source: RelayedSource;
}

/**
 * Finds the exporters of flows, and which flows share a packet header. The memory is bounded:
 * beyond the limit the exporter unheard of for longest is forgotten, and its sequences with it.
 */
export class SourceRuns {
  /** Exporters that were forgotten. */
  forgotten = 0;
  readonly #sources = new Map<number | string, RelayedSource>();
  readonly #limit: number;
  #newest: number | string | undefined;
  #count = 0;
  /** The runs of the last batch: every target asks for the same ones. */
  #runs: readonly SourceRun[] = [];
  #batch: FlowBatch | undefined;
  #generation = -1;
  #length = -1;

  /**
   * @param limit Exporters remembered at once
   */
  constructor(limit: number = SOURCES_MAX) {
    this.#limit = limit;
  }

  /** The runs of a batch, in order; together they are all of its rows. */
  of(batch: FlowBatch): readonly SourceRun[] {
    const { generation, length } = batch;
    if (batch !== this.#batch || generation !== this.#generation || length !== this.#length) {
      this.#runs = this.#find(batch);
      this.#batch = batch;
      this.#generation = generation;
      this.#length = length;
    }
    return this.#runs;
  }

  #find(batch: FlowBatch): SourceRun[] {
    const { length, schemaOf } = batch;
    const address = batch.column("exaddr");
    const family = batch.family("exaddr");
    const wide = batch.wide("exaddr");
    const secs = batch.column("unix_secs");
    const nsecs = batch.column("unix_nsecs");
    const uptime = batch.column("sysUpTime");
    const types = batch.column("engine_type");
    const ids = batch.column("engine_id");
    const runs: SourceRun[] = [];
    for (let from = 0, to = 0; from < length; from = to) {
      const isWide = family !== undefined && family[from] === FAMILY_IPV6;
      for (to = from + 1; to < length; to++) {
        if (
          uptime[to] !== uptime[from] || nsecs[to] !== nsecs[from] || secs[to] !== secs[from] ||
          address[to] !== address[from] || ids[to] !== ids[from] || types[to] !== types[from] ||
          schemaOf[to] !== schemaOf[from]
        ) break;
        if (family === undefined) continue;
        if (family[to] !== family[from]) break;
        if (isWide && !sameAddress(wide!, from, to)) break;
      }
      const source = isWide
        ? this.#source(wide!.slice(from * 16, from * 16 + 16))
        : this.#source(address[from]);
      runs.push({ from, to, source });
    }
    return runs;
  }

  #source(address: ExporterAddress): RelayedSource {
    const key = typeof address === "number" ? address : String.fromCharCode(...address);
    const known = this.#sources.get(key);
    if (known !== undefined) {
      if (key !== this.#newest) {
        // A map keeps the order of insertion: the first is the one unheard of for longest.
        this.#sources.delete(key);
        this.#sources.set(key, known);
        this.#newest = key;
      }
      return known;
    }
    if (this.#sources.size >= this.#limit) {
      const [oldest] = this.#sources.keys();
      this.#sources.delete(oldest);
      this.forgotten++;
    }
    const source: RelayedSource = { address, number: this.#count++ };
    this.#sources.set(key, source);
    this.#newest = key;
    return source;
  }
}

function sameAddress(wide: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < 16; i++) if (wide[a * 16 + i] !== wide[b * 16 + i]) return false;
  return true;
}
