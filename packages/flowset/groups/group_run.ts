import type { FlowBatch, FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import { GROUP_TABLE_BYTES_MAX } from "../limits.ts";
import { MissingFieldError } from "../report/errors.ts";
import { GroupTable } from "../report/group_table.ts";
import { checkBothEnds, turnRows } from "./bidirectional.ts";
import {
  addGroup,
  addGroups,
  addSums,
  addTimes,
  BASE_SUMS,
  rowSums,
  TIMED_SUMS,
} from "./counters.ts";
import { ElementWords } from "./element_words.ts";
import type { FlowOrigins, OriginLookup } from "./flow_origins.ts";
import { GroupInput } from "./group_input.ts";
import { GroupResult } from "./group_result.ts";
import { type GroupRows, type GroupSnapshot, joinGroups } from "./group_snapshot.ts";
import { groupKeyColumns, groupKeyWords, groupWords, keyFields, widens } from "./key_words.ts";
import { ableRows, type LackingListener } from "./lacking_flows.ts";
import { endKeys, type GroupKey, oppositeKey } from "./parse_keys.ts";
import { widenKeys } from "./widen_keys.ts";

/** Groups that are merged at a time. */
const MERGE_ROWS = 8192;

/** How to group. */
export interface GroupOptions {
  /** What to group by; nothing for one group of all flows. */
  readonly keys: readonly GroupKey[];
  /** Whether both directions of a conversation are one group. */
  readonly bidirectional?: boolean;
  /** Whether the times of flows are kept, for rates. */
  readonly timed?: boolean;
  /** Bytes of the group table; default {@linkcode GROUP_TABLE_BYTES_MAX}. */
  readonly groupTableBytesMax?: number;
}

/**
 * Groups in the making: batches in, groups with exact sums out. Addresses may be IPv6: the words
 * of the keys become wider when the first one is seen.
 *
 * @example The sources with the most octets
 * ```ts
 * import { FlowSet, GroupRun, parseGroupKeys } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const run = new GroupRun({ keys: parseGroupKeys("srcaddr") });
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const batch of set.batches({ columns: run.columns })) run.add(batch);
 * const result = run.finish();
 * const [first] = result.top("octets", 3);
 * assertEquals(typeof result.keyText(0, first), "string");
 * assertEquals(result.total("flows"), 53);
 * ```
 */
export class GroupRun {
  /** The columns that batches must keep. */
  readonly columns: readonly FlowFieldName[];
  /** Whether batches must keep the octets of records with templates. */
  readonly octets: boolean;
  readonly #keys: readonly GroupKey[];
  /** The keys of each way in which a flow counts: one way, or two where it counts at either end. */
  readonly #sides: readonly (readonly GroupKey[])[];
  readonly #opposites: readonly GroupKey[] | undefined;
  readonly #required: readonly FlowFieldName[];
  readonly #addressFields: readonly FlowFieldName[];
  readonly #timed: boolean;
  /** Sums of a group. */
  readonly stride: number;
  readonly #bytesMax: number;
  readonly #title: string;
  readonly #small: boolean;
  readonly #elements: ElementWords;
  readonly #input: GroupInput;
  /** Whether there were flows with templates. */
  #templates = false;
  readonly #checked = new WeakSet<FlowSchema>();
  readonly #totals: Float64Array<ArrayBuffer>;
  #wide = false;
  #table: GroupTable;
  #groups = new Uint32Array(0);
  #otherGroups = new Uint32Array(0);
  #noGroups = new Uint32Array(0);
  #kept = new Uint32Array(0);
  #passOn: ((rows: GroupRows) => void) | undefined;
  /** Memory for the words of groups that are merged. */
  #columns: Uint32Array[] = [];

  /**
   * Begins to group.
   *
   * @param options How
   * @throws {GroupError} Both directions are to be one, and a key has one end only
   */
  constructor(options: GroupOptions) {
    const { keys, bidirectional = false, timed = false } = options;
    if (bidirectional) checkBothEnds(keys);
    this.#keys = keys;
    const ends = keys.map(endKeys);
    const either = keys.some(({ spec }) => spec.ends !== undefined);
    this.#sides = either
      ? [ends.map(([first]) => first), ends.map(([, second]) => second)]
      : [keys];
    this.#opposites = bidirectional ? keys.map(oppositeKey) : undefined;
    const times: readonly FlowFieldName[] = timed
      ? ["first", "last", "unix_secs", "unix_nsecs", "sysUpTime"]
      : [];
    this.#required = [
      ...new Set([...keys.flatMap(keyFields), "dOctets", "dPkts", ...times]),
    ] as FlowFieldName[];
    // Aggregated records say how many flows they stand for; others lack it without harm.
    this.columns = [...this.#required, "dFlows"];
    this.#addressFields = keys.filter(widens)
      .flatMap(({ spec }) => spec.ends === undefined ? [spec.fields[0]] : spec.fields);
    this.#timed = timed;
    this.stride = timed ? TIMED_SUMS : BASE_SUMS;
    this.#bytesMax = options.groupTableBytesMax ?? GROUP_TABLE_BYTES_MAX;
    const titled = keys.filter(({ spec }) => spec.kind !== "origin");
    this.#title = titled.map(({ label }) => label).join(",") || "totals";
    this.#small = keys.length === 1 && ["small", "class"].includes(keys[0].spec.kind);
    this.octets = keys.some(({ spec }) => spec.kind === "element");
    this.#elements = new ElementWords(this.#title, this.#bytesMax);
    this.#input = new GroupInput(this.#elements);
    this.#totals = new Float64Array(this.stride);
    this.#table = this.#createTable();
  }

  /**
   * The fields that flows of some shape lack. Where there are packets with templates, any flow may
   * lack an element: such are a group of their own.
   *
   * @param schema The shape
   * @returns Their names; none where they can be grouped
   */
  missingFields(schema: FlowSchema): string[] {
    const fields: string[] = this.#required.filter((name) => !schema.has(name));
    if (schema.reader !== undefined || this.#templates) return fields;
    const elements = this.#keys.flatMap(({ spec }) => spec.elements?.join(" or ") ?? []);
    return [...fields, ...elements];
  }

  /** What the words of the key of origins mean. */
  get origins(): FlowOrigins {
    return this.#input.origins;
  }

  /**
   * Adds the flows of a batch.
   *
   * @param batch The batch; it must keep `columns`
   * @param rows Indices of the rows that count, ascending; default all
   * @param lookup Knows where templates came from, for the key of origins
   * @param onLacking Told of flows that lack a field, which are left out; without, none may be
   * @throws {MissingFieldError} Its flows lack a field
   * @throws {GroupTableLimitError} There are more groups than memory allows
   */
  add(
    batch: FlowBatch,
    rows?: Uint32Array,
    lookup?: OriginLookup,
    onLacking?: LackingListener,
  ): void {
    // Exporters of one file differ: those that tell no elements are a group of their own.
    this.#templates ||= batch.schemas.some(({ reader }) => reader !== undefined);
    const lacking = batch.schemas.map((schema) => this.#lackingFields(schema));
    let counted = rows;
    if (lacking.some(({ length }) => length > 0)) {
      if (onLacking === undefined) throw this.#lackingError(batch.schemas, lacking);
      counted = ableRows(batch, rows, lacking, onLacking);
    }
    const input = this.#input;
    input.load(batch, counted, lookup);
    if (input.rows === 0) return;
    this.#reserve(batch.capacity);
    if (this.#keys.length === 0 || this.#sides.length > 1) {
      addSums(this.#totals, this.stride, this.#noGroups, input);
      if (this.#timed) addTimes(this.#totals, this.#noGroups, input);
    }
    if (this.#keys.length === 0) return;
    if (!this.#wide && this.#addressFields.some((field) => input.wide(field) !== undefined)) {
      this.#widen();
    }
    if (this.#passOn !== undefined && this.#sides.length === 1) {
      this.#passOn({
        count: input.rows,
        keys: this.#keyColumns(this.#keys),
        keyStep: 1,
        sums: rowSums(input, this.#timed),
        sumStep: 1,
        wide: this.#wide,
      });
      return;
    }
    this.#find(this.#sides[0], this.#groups);
    if (this.#sides.length > 1) this.#find(this.#sides[1], this.#otherGroups);
    this.#sum(this.#groups);
    if (this.#sides.length === 1) return;
    this.#keepDifferent(batch, counted);
    if (input.rows > 0) this.#sum(this.#otherGroups);
  }

  /** Groups so far. */
  get size(): number {
    return this.#table.size;
  }

  /**
   * The groups and their sums, in the memory of this run: they are valid until it gets more, and
   * may be transferred where it is not to be used again. Words of elements and origins mean nothing
   * to other runs.
   */
  snapshot(): GroupSnapshot {
    const { size, keys, sums } = this.#table;
    this.#total();
    return { size, keys, sums, totals: this.#totals, wide: this.#wide };
  }

  /**
   * Lets others group the flows of batches to come, where each flow is in one group.
   *
   * @param to Told the rows of each batch, in memory of this run
   */
  passOn(to: (rows: GroupRows) => void): void {
    this.#passOn = to;
  }

  /** Forgets the groups; what the totals do not have from them stays. */
  clear(): void {
    this.#table.clear();
  }

  /**
   * Adds the groups of a run with the same options.
   *
   * @param snapshot The groups
   * @throws {GroupTableLimitError} There are more groups than memory allows
   */
  merge(snapshot: GroupSnapshot<ArrayBufferLike>): void {
    const { size, sums, totals, wide } = snapshot;
    addGroup(this.#totals, 0, totals, 0, this.stride);
    if (this.#keys.length === 0) return;
    if (wide && !this.#wide) this.#widen();
    const keys = wide === this.#wide ? snapshot.keys : widenKeys(this.#keys, snapshot.keys, size);
    this.#reserve(MERGE_ROWS);
    if (this.#columns.length !== this.#table.words) {
      this.#columns = Array.from({ length: this.#table.words }, () => new Uint32Array(MERGE_ROWS));
    }
    for (let from = 0; from < size; from += MERGE_ROWS) {
      const rows = Math.min(MERGE_ROWS, size - from);
      this.#findKeys(keys, from, rows, this.#columns);
      addGroups(this.#table.sums, this.#groups, sums, from, rows, this.stride);
    }
  }

  /**
   * Makes sure that this run alone could have as many groups as several have together.
   *
   * @throws {GroupTableLimitError} They are too many
   */
  checkGroups(groups: number): void {
    this.#table.checkGroups(groups);
  }

  /**
   * Ends the run.
   *
   * @param others The groups of other runs with the same options, none of which is in two runs
   * @returns The groups and their sums
   */
  finish(others: readonly GroupSnapshot[] = []): GroupResult {
    if (others.some(({ wide }) => wide) && !this.#wide) this.#widen();
    const groups = joinGroups(this.#keys, [this.snapshot(), ...others]);
    const { places, texts } = this.#elements.ranked();
    return new GroupResult({
      keys: this.#keys,
      elements: texts,
      wide: this.#wide,
      size: groups.size,
      keyWords: this.#withElements(groups.keys, groups.size, places),
      sums: groups.sums,
      stride: this.stride,
      totals: groups.totals,
      overlapping: this.#sides.length > 1,
    });
  }

  /** Where each flow is in one group, these make the totals. */
  #total(): void {
    if (this.#keys.length === 0 || this.#sides.length > 1) return;
    const { size, sums } = this.#table;
    this.#totals.fill(0);
    for (let at = 0; at < size * this.stride; at += this.stride) {
      addGroup(this.#totals, 0, sums, at, this.stride);
    }
  }

  /** The words of groups, with others in the place of those of elements. */
  #withElements(keys: Uint32Array, size: number, words: ArrayLike<number>): Uint32Array {
    if (!this.octets) return keys;
    const stride = groupWords(this.#keys, this.#wide);
    const changed = keys.slice(0, size * stride);
    let offset = 0;
    for (const key of this.#keys) {
      if (key.spec.kind === "element") {
        for (let at = offset; at < changed.length; at += stride) changed[at] = words[changed[at]];
      }
      offset += groupKeyWords(key, this.#wide);
    }
    return changed;
  }

  #lackingFields(schema: FlowSchema): readonly string[] {
    if (this.#checked.has(schema)) return [];
    const missing = this.missingFields(schema);
    if (missing.length === 0) this.#checked.add(schema);
    return missing;
  }

  #lackingError(
    schemas: readonly FlowSchema[],
    lacking: readonly (readonly string[])[],
  ): MissingFieldError {
    const first = lacking.findIndex(({ length }) => length > 0);
    return new MissingFieldError(this.#title, schemas[first].label, lacking[first]);
  }

  #createTable(): GroupTable {
    return new GroupTable({
      words: groupWords(this.#keys, this.#wide),
      counters: this.stride,
      bytesMax: this.#bytesMax,
      title: this.#title,
    });
  }

  #reserve(rows: number): void {
    if (this.#groups.length >= rows) return;
    this.#groups = new Uint32Array(rows);
    this.#noGroups = new Uint32Array(rows);
    if (this.#sides.length === 1) return;
    this.#otherGroups = new Uint32Array(rows);
    this.#kept = new Uint32Array(rows);
  }

  #find(keys: readonly GroupKey[], groups: Uint32Array): void {
    this.#table.find(this.#keyColumns(keys), this.#input.rows, groups, this.#small);
  }

  /** The words of the keys of each row. */
  #keyColumns(keys: readonly GroupKey[]): Uint32Array[] {
    const input = this.#input;
    const wide = this.#wide;
    let columns = keys.map((key, index) => groupKeyColumns(key, input, wide, `key ${index}`));
    if (this.#opposites !== undefined) {
      const backward = this.#opposites.map((key, index) =>
        groupKeyColumns(key, input, wide, `opposite ${index}`)
      );
      columns = turnRows(columns, backward, keys.map(isPaired), input);
    }
    return columns.flat();
  }

  #sum(groups: Uint32Array): void {
    addSums(this.#table.sums, this.stride, groups, this.#input);
    if (this.#timed) addTimes(this.#table.sums, groups, this.#input);
  }

  /** Of flows that count at either end, leaves those whose ends are different. */
  #keepDifferent(batch: FlowBatch, rows: Uint32Array | undefined): void {
    const count = this.#input.rows;
    let kept = 0;
    for (let row = 0; row < count; row++) {
      if (this.#groups[row] === this.#otherGroups[row]) continue;
      this.#otherGroups[kept] = this.#otherGroups[row];
      this.#kept[kept++] = rows === undefined ? row : rows[row];
    }
    if (kept < count) this.#input.load(batch, this.#kept.subarray(0, kept));
  }

  /** Finds groups by their words, which stand key after key. */
  #findKeys(
    keys: Uint32Array,
    from: number,
    rows: number,
    columns: readonly Uint32Array[],
  ): void {
    const { words } = this.#table;
    if (words === 1) {
      const column = keys.subarray(from, from + rows);
      return this.#table.find([column], rows, this.#groups, this.#small);
    }
    for (const [word, column] of columns.entries()) {
      for (let row = 0; row < rows; row++) column[row] = keys[(from + row) * words + word];
    }
    this.#table.find(columns, rows, this.#groups, this.#small);
  }

  /** Gives addresses the words of IPv6; groups keep their numbers, since they are all different. */
  #widen(): void {
    const { size, sums } = this.#table;
    const keys = widenKeys(this.#keys, this.#table.keys, size);
    this.#wide = true;
    this.#table = this.#createTable();
    this.#reserve(MERGE_ROWS);
    const columns = Array.from({ length: this.#table.words }, () => new Uint32Array(MERGE_ROWS));
    for (let from = 0; from < size; from += MERGE_ROWS) {
      this.#findKeys(keys, from, Math.min(MERGE_ROWS, size - from), columns);
    }
    this.#table.sums.set(sums.subarray(0, size * this.stride));
  }
}

function isPaired(key: GroupKey): boolean {
  return key.spec.opposite !== undefined;
}
