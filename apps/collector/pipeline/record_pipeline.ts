import type { FlowBatch, FlowSchema, RecordLayout } from "@flowtools/flow-model";
import { canConvert, findFtLayout, type RecordBlock } from "@flowtools/ft-format";
import {
  type FlowFilter,
  type FlowTransform,
  RecordFilter,
  RecordTransform,
} from "@flowtools/flowset";

/**
 * What flows of versions without a layout of their own (NetFlow v9, IPFIX, sFlow) become where
 * nobody says otherwise: version 5, which every program reads.
 */
const LAYOUT_DEFAULT: RecordLayout = findFtLayout(5)!;

/** Why rows are not stored whose addresses are IPv6: records have no room for them. */
export const IPV6_REASON = "ipv6";

/** The steps of a pipeline; each is made anew for each layout, since they have memory of it. */
export interface PipelineStages {
  /** The layout that all records get; where not given, flows keep that of their version. */
  readonly layout?: RecordLayout;
  /** Tags. */
  readonly tag?: () => FlowTransform;
  /** Which records pass. */
  readonly filter?: () => FlowFilter;
  /** Translates. */
  readonly xlate?: () => FlowTransform;
}

/** Why flows of a shape cannot be stored. */
export interface Refusal {
  /** For counters. */
  readonly reason: "no-conversion" | "tag-field" | "filter-field" | "xlate-field";
  /** For people. */
  readonly message: string;
}

/** What becomes of flows of one shape. */
export interface PipelineRoute {
  /** The layout of the records. */
  readonly layout: RecordLayout;
  /** They cannot be stored. */
  readonly refusal?: Refusal;
  /** What happens to the records; where not given, nothing does. */
  readonly steps?: RecordSteps;
}

/**
 * What happens between decoding and storing, in flow-capture's order: the version, tags, the
 * filter, translation. It works on records, so that batches stay as they are for others.
 */
export class RecordPipeline {
  /** Values that did not fit their field and were replaced, by field. */
  readonly misfits: Map<string, number> = new Map();
  readonly #stages: PipelineStages;
  readonly #littleEndian: boolean;
  readonly #routes = new WeakMap<FlowSchema, PipelineRoute>();
  readonly #steps = new Map<RecordLayout, RecordSteps>();
  readonly #tell: (message: string) => void;
  /** Versions of which it was told that records hold less than their flows. */
  readonly #told = new Set<number>();

  /**
   * Makes a pipeline.
   *
   * @param stages The steps
   * @param littleEndian Byte order of the records
   * @param tell Told, once for each version, where flows have more than records can hold
   */
  constructor(
    stages: PipelineStages,
    littleEndian: boolean,
    tell: (message: string) => void = () => {},
  ) {
    this.#stages = stages;
    this.#littleEndian = littleEndian;
    this.#tell = tell;
  }

  /** The layout that all records get, where that is fixed. */
  get layout(): RecordLayout | undefined {
    return this.#stages.layout;
  }

  /** The same steps, but all records get one layout. */
  withLayout(layout: RecordLayout): RecordPipeline {
    const pipeline = new RecordPipeline(
      { ...this.#stages, layout },
      this.#littleEndian,
      this.#tell,
    );
    for (const version of this.#told) pipeline.#told.add(version);
    return pipeline;
  }

  /** What becomes of flows of a shape. */
  route(schema: FlowSchema): PipelineRoute {
    let route = this.#routes.get(schema);
    if (route === undefined) {
      route = this.#findRoute(schema);
      this.#routes.set(schema, route);
    }
    return route;
  }

  #findRoute(schema: FlowSchema): PipelineRoute {
    const own = findFtLayout(schema.version, schema.aggregation);
    const layout = this.#stages.layout ?? own ?? LAYOUT_DEFAULT;
    if (own !== undefined && !canConvert(own.schema, layout.schema)) {
      const message = `${schema.label} flows cannot be stored as ${layout.schema.label}`;
      return { layout, refusal: { reason: "no-conversion", message } };
    }
    if (own === undefined) this.#tellOnce(schema, layout);
    const { tag, filter, xlate } = this.#stages;
    if (tag === undefined && filter === undefined && xlate === undefined) return { layout };
    let steps = this.#steps.get(layout);
    if (steps === undefined) {
      steps = new RecordSteps(layout, this.#stages, this.#littleEndian, this.misfits);
      this.#steps.set(layout, steps);
    }
    return { layout, steps, refusal: steps.refusal };
  }

  #tellOnce({ version, label }: FlowSchema, { schema }: RecordLayout): void {
    if (this.#told.has(version)) return;
    this.#told.add(version);
    this.#tell(
      `${label} flows become records of ${schema.label}: those with IPv6 addresses are dropped, ` +
        "and fields that such records lack are left out",
    );
  }
}

/** Tags, filters and translates records of one layout. */
export class RecordSteps {
  /** The records lack a field that a step needs. */
  readonly refusal: Refusal | undefined;
  readonly #layout: RecordLayout;
  readonly #littleEndian: boolean;
  readonly #misfits: Map<string, number>;
  readonly #tag: RecordTransform | undefined;
  readonly #filter: RecordFilter | undefined;
  readonly #xlate: RecordTransform | undefined;
  #view = new DataView(new ArrayBuffer(0));

  /** @param misfits Told of values that did not fit */
  constructor(
    layout: RecordLayout,
    stages: PipelineStages,
    littleEndian: boolean,
    misfits: Map<string, number>,
  ) {
    this.#layout = layout;
    this.#littleEndian = littleEndian;
    this.#misfits = misfits;
    const [tag, filter, xlate] = [stages.tag?.(), stages.filter?.(), stages.xlate?.()];
    this.refusal = refusalOf("tag", tag, layout) ?? refusalOf("filter", filter, layout) ??
      refusalOf("xlate", xlate, layout);
    if (tag !== undefined) this.#tag = new RecordTransform(tag);
    if (filter !== undefined) this.#filter = new RecordFilter(filter);
    if (xlate !== undefined) this.#xlate = new RecordTransform(xlate);
  }

  /**
   * Makes records of rows, and takes them through the steps.
   *
   * @param from First row
   * @param to Row after the last
   * @returns The records to store, alive until the next call; `undefined` where none passed
   */
  process(batch: FlowBatch, from: number, to: number): RecordBlock | undefined {
    const layout = this.#layout;
    const littleEndian = this.#littleEndian;
    const count = to - from;
    if (this.#view.byteLength < count * layout.size) {
      this.#view = new DataView(new ArrayBuffer(count * layout.size));
    }
    const view = this.#view;
    batch.storeRecords(layout, from, count, view, 0, littleEndian, this.#misfits);
    let block: RecordBlock | undefined = { layout, view, offset: 0, count, littleEndian };
    if (this.#tag !== undefined) block = this.#tag.apply(block);
    if (this.#filter !== undefined) block = this.#filter.select(block);
    if (this.#xlate !== undefined && block !== undefined) block = this.#xlate.apply(block);
    return block;
  }
}

function refusalOf(
  step: "tag" | "filter" | "xlate",
  work: FlowFilter | FlowTransform | undefined,
  { schema }: RecordLayout,
): Refusal | undefined {
  const missing = work?.missing(schema) ?? [];
  if (missing.length === 0) return undefined;
  const message = `the ${step} needs ${missing.join(", ")}, which ${schema.label} records lack`;
  return { reason: `${step}-field`, message };
}
