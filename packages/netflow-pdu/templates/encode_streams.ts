import type { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { type InUseOrder, UseOrder } from "../use_order.ts";
import { NAMED_KINDS } from "./domain_facts.ts";
import type { DomainNumbers } from "./domain_numbers.ts";
import { ENCODED_DOMAINS_MAX } from "./encode_limits.ts";
import { RowPacker, type RowPackerInit } from "./encode_rows.ts";
import type { TemplateEncoderCounters } from "./encoder.ts";
import type { FactOrigin, FactSource } from "./fact_origin.ts";
import { templateOf } from "./record_reader.ts";

/** What all observation domains of an encoder have in common. */
export interface EncodeStreamsInit extends Omit<RowPackerInit, "domain" | "origin" | "take"> {
  /** The domain of the first rows; without one that of their exporter where it told names, else 0. */
  readonly domain: number | undefined;
  /** Gives domains their numbers. */
  readonly domains: DomainNumbers;
  /** Takes each packet, with the rows that are in it. */
  readonly take: (packet: Uint8Array<ArrayBuffer>, rows: number) => void;
}

/** Rows that are written as one domain. */
interface Stream extends InUseOrder<Stream> {
  /** The exporter and domain that they are of; `undefined` where they are of many. */
  readonly origin: FactOrigin | undefined;
  readonly packer: RowPacker;
  /** Whether it has ended: its rows go on in another. */
  ended: boolean;
  /** Rows of the packets that were given out. */
  rowsTaken: number;
}

/** Where rows of one shape go. */
interface Place {
  readonly origin: FactOrigin | undefined;
  stream: Stream | undefined;
  /** The call in which it was found. */
  call: number;
}

/**
 * Packs rows into packets. Those of exporters that told names or described elements are written as a
 * domain of their own for each domain that they came from, so that the names of two do not mix; all
 * others share one. Rows stay in order: where the domain changes, the packet ends.
 */
export class EncodeStreams {
  readonly #init: EncodeStreamsInit;
  readonly #places = new WeakMap<FlowSchema, Place>();
  /** By exporter and domain. */
  readonly #byOrigin = new Map<FactSource, Map<number, Stream>>();
  /** The rows of all who told no names. */
  #nameless: Stream | undefined;
  /** Counts the calls of `add`. */
  #call = 0;
  readonly #order = new UseOrder<Stream>();
  #size = 0;
  /** What was done in domains that have ended. */
  #ended: TemplateEncoderCounters = NOTHING;
  /** Where the rows before went. */
  #current: Stream | undefined;

  /** @param init Version, bounds, where packets go */
  constructor(init: EncodeStreamsInit) {
    this.#init = init;
  }

  /** What was done so far. */
  get counters(): TemplateEncoderCounters {
    let sum = this.#ended;
    for (let stream = this.#order.oldest; stream !== undefined; stream = stream.newer) {
      sum = sumOf(sum, stream.packer);
    }
    return sum;
  }

  /** The sequence number of the next packet of the domain that was written last. */
  get sequence(): number {
    return this.#current?.packer.sequence ?? this.#init.sequence;
  }

  /**
   * Adds rows; packets that are complete are given out.
   *
   * @param batch The rows
   * @param from The first
   * @param count Rows
   * @param now Unix milliseconds
   * @throws {FlowAttributeError} The batch does not keep a column that the records need
   */
  add(batch: FlowBatch, from: number, count: number, now: number): void {
    const { schemas, schemaOf } = batch;
    this.#call++;
    const end = from + count;
    for (let row = from, next = from; row < end; row = next) {
      let index = schemaOf[row];
      const stream = this.#streamOf(schemas[index]);
      // From here on it is the newest, which ends last.
      this.#use(stream);
      for (next = row + 1; next < end; next++) {
        if (schemaOf[next] === index) continue;
        index = schemaOf[next];
        if (this.#streamOf(schemas[index]) !== stream) break;
      }
      stream.packer.add(batch, row, next - row, now);
    }
  }

  /** Gives out the packet that is not full. */
  flush(): void {
    this.#current?.packer.flush();
  }

  /** Has everything told again before it is used. */
  forget(): void {
    for (let stream = this.#order.oldest; stream !== undefined; stream = stream.newer) {
      stream.packer.forget();
    }
  }

  #use(stream: Stream): void {
    if (stream === this.#current) return;
    this.flush();
    this.#current = stream;
    this.#order.touch(stream);
  }

  #streamOf(schema: FlowSchema): Stream {
    let place = this.#places.get(schema);
    if (place === undefined) {
      place = { origin: templateOf(schema)?.origin, stream: undefined, call: 0 };
      this.#places.set(schema, place);
    }
    const { stream } = place;
    // What an exporter tells does not change during a call.
    if (stream !== undefined && !stream.ended && place.call === this.#call) return stream;
    place.call = this.#call;
    return place.stream = this.#ofOrigin(place.origin);
  }

  #ofOrigin(origin: FactOrigin | undefined): Stream {
    const known = origin && this.#byOrigin.get(origin.source)?.get(origin.domain);
    if (known !== undefined) return known;
    if (origin === undefined || !tellsNames(origin)) {
      if (this.#nameless?.ended !== false) this.#nameless = this.#start(undefined);
      return this.#nameless;
    }
    const stream = this.#start(origin);
    const domains = this.#byOrigin.get(origin.source) ?? new Map<number, Stream>();
    this.#byOrigin.set(origin.source, domains.set(origin.domain, stream));
    return stream;
  }

  #start(origin: FactOrigin | undefined): Stream {
    if (this.#size >= ENCODED_DOMAINS_MAX) this.#endOldest();
    const { domain, domains, take, ...shared } = this.#init;
    const stream: Stream = {
      origin,
      ended: false,
      rowsTaken: 0,
      newer: undefined,
      older: undefined,
      packer: new RowPacker({
        ...shared,
        origin,
        domain: domains.take(domain ?? origin?.domain ?? 0),
        take: (packet) => {
          const rows = stream.packer.rows + stream.packer.merged;
          take(packet, rows - stream.rowsTaken);
          stream.rowsTaken = rows;
        },
      }),
    };
    this.#order.add(stream);
    this.#size++;
    return stream;
  }

  #endOldest(): void {
    const { oldest } = this.#order;
    if (oldest === undefined) return;
    oldest.ended = true;
    this.#order.remove(oldest);
    this.#size--;
    this.#ended = sumOf(this.#ended, oldest.packer);
    if (oldest.origin === undefined) return;
    const { source, domain } = oldest.origin;
    const domains = this.#byOrigin.get(source);
    domains?.delete(domain);
    if (domains?.size === 0) this.#byOrigin.delete(source);
  }
}

/** Whether something is known that goes with the flows of one exporter's domain alone. */
function tellsNames({ source, domain }: FactOrigin): boolean {
  const facts = source.facts(domain);
  return source.elements.revision > 0 ||
    (facts !== undefined && NAMED_KINDS.some((kind) => facts.names(kind).size > 0));
}

const NOTHING: TemplateEncoderCounters = {
  packets: 0,
  rows: 0,
  templates: 0,
  merged: 0,
  refused: 0,
};

function sumOf(one: TemplateEncoderCounters, other: TemplateEncoderCounters) {
  return {
    packets: one.packets + other.packets,
    rows: one.rows + other.rows,
    templates: one.templates + other.templates,
    merged: one.merged + other.merged,
    refused: one.refused + other.refused,
  };
}
