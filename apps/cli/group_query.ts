import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import {
  createScale,
  type GroupKey,
  type GroupOptions,
  type GroupRun,
  type LackingListener,
  type MeasureName,
  ORIGIN_KEY,
  type OriginLookup,
  parseGroupKeys,
  type ScaleName,
  TimeZone,
} from "@flowtools/flowset/groups";
import type { Where } from "@flowtools/flowset/select";
import { type FlowSelection, type FlowSelectionInit, loadSelection } from "./flow_selection.ts";

/** Classes that flows fall into by something measured. */
export interface MeasureInit {
  /** What is measured. */
  readonly of: MeasureName;
  /** How classes follow each other. */
  readonly scale: ScaleName;
  /** Width of the classes of a linear scale. */
  readonly width?: number;
}

/** Which flows are to be grouped, and how: plain data, so that other threads can be told. */
export interface GroupQuery {
  /** Names of keys, with commas between; empty for none. */
  readonly by: string;
  /** Seconds of spans of time, where these are the first key. */
  readonly every?: number;
  /** Classes, where these are the first key. */
  readonly measure?: MeasureInit;
  /** Whether the time of a flow is its end. */
  readonly atEnd?: boolean;
  /** The time zone in which days begin. */
  readonly zone: string;
  /** Whether both directions of a conversation are one. */
  readonly bidirectional?: boolean;
  /** Whether the times of flows are kept. */
  readonly timed?: boolean;
  /** Whether flows are told apart by where their templates came from: by the last key. */
  readonly origins?: boolean;
  /** Bytes of the group table at most. */
  readonly groupTableBytesMax?: number;
  /** Which flows count. */
  readonly selection: FlowSelectionInit;
}

/** The keys of a query: spans of time or classes first, origins last. */
export function queryKeys(query: GroupQuery): GroupKey[] {
  const zone = new TimeZone(query.zone);
  const keys = query.by === "" ? [] : parseGroupKeys(query.by, zone);
  const atEnd = query.atEnd ?? false;
  for (const [index, key] of keys.entries()) {
    if (key.spec.kind === "time") keys[index] = { ...key, atEnd };
  }
  if (query.every !== undefined) {
    const { since } = query.selection;
    const [key] = parseGroupKeys(`time/${query.every}s`, zone);
    keys.unshift({ ...key, label: "time", atEnd, notBefore: since });
  }
  if (query.measure !== undefined) {
    const { of, scale, width } = query.measure;
    keys.unshift({
      label: of,
      spec: { name: of, aliases: [], kind: "class", fields: [], doc: `Class of ${of}` },
      measure: { of, scale: createScale(scale, width) },
    });
  }
  if (query.origins === true) keys.push({ label: ORIGIN_KEY.name, spec: ORIGIN_KEY });
  return keys;
}

/** How the flows of a query are grouped. */
export function groupOptions(query: GroupQuery): GroupOptions {
  return {
    keys: queryKeys(query),
    bidirectional: query.bidirectional,
    timed: query.timed,
    groupTableBytesMax: query.groupTableBytesMax,
  };
}

/** Flows being grouped: those that are selected of the batches that it is given. */
export class QueryRun {
  /** The columns that batches must keep. */
  readonly columns: readonly FlowFieldName[];
  /** Whether batches must keep the octets of records with templates. */
  readonly octets: boolean;
  /** The groups. */
  readonly groups: GroupRun;
  readonly #selection: FlowSelection;

  private constructor(groups: GroupRun, selection: FlowSelection) {
    this.groups = groups;
    this.#selection = selection;
    this.columns = [...new Set([...groups.columns, ...selection.columns])];
    this.octets = groups.octets;
  }

  /** Begins a query: adds flows to some groups, those of {@linkcode groupOptions}. */
  static async begin(query: GroupQuery, groups: GroupRun): Promise<QueryRun> {
    return new QueryRun(groups, await loadSelection(query.selection));
  }

  /** What flows have to pass; nothing where all do. */
  get where(): Where | undefined {
    return this.#selection.where;
  }

  /** Adds the flows of a batch that are selected. */
  add(batch: FlowBatch): void {
    this.groups.add(batch, this.#selection.select(batch));
  }

  /**
   * Adds those flows of a batch that are selected, of which all passed `where` already.
   *
   * @param lookup Knows where templates came from; nothing where none did
   * @param onLacking Told of flows that lack what is grouped by, which are left out
   */
  addPassed(
    batch: FlowBatch,
    lookup: OriginLookup | undefined,
    onLacking: LackingListener,
  ): void {
    this.groups.add(batch, this.#selection.selectPassed(batch), lookup, onLacking);
  }
}
