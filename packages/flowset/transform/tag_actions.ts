import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import type { ConfigLine, ConfigWord } from "../config/lexer.ts";
import { scanAddress, scanInteger, scanPrefix } from "../config/numbers.ts";
import { PrefixTable } from "./prefix_table.ts";
import type { RowAction } from "./row_action.ts";
import type { TagChange } from "./tag_entries.ts";

/** What a `match` line matches: the numbers from `value` that share their first `length` bits. */
export interface TagKey {
  readonly value: number;
  readonly length: number;
}

/** Finds the change of each row: 0 for none, else its place in the list, from 1. */
interface TagLookup {
  find(column: ArrayLike<number>, rows: Uint32Array, count: number, found: Uint32Array): void;
}

/** A way to match. */
interface KeyKind {
  /** Reads the word after `match`. */
  readonly read: (line: ConfigLine, word: ConfigWord) => TagKey;
  readonly lookup: (keys: readonly TagKey[]) => TagLookup;
}

/** One type of action. */
export interface TagType {
  /** Its names, of which the first is the one of the manual. */
  readonly names: readonly string[];
  /** What lines match. */
  readonly key: KeyKind;
  /** The fields that are looked up, one after the other; none where every flow matches. */
  readonly fields: readonly FlowFieldName[];
  /** Only flows of this protocol. */
  readonly protocol?: number;
}

class TableLookup implements TagLookup {
  readonly #numbers: Uint32Array;

  constructor(size: number, keys: readonly TagKey[]) {
    this.#numbers = new Uint32Array(size);
    keys.forEach(({ value }, index) => this.#numbers[value] = index + 1);
  }

  find(column: ArrayLike<number>, rows: Uint32Array, count: number, found: Uint32Array): void {
    if (column instanceof Uint8Array) find8(column, this.#numbers, rows, count, found);
    else if (column instanceof Uint16Array) find16(column, this.#numbers, rows, count, found);
    else find32(column as Uint32Array, this.#numbers, rows, count, found);
  }
}

// One loop for each width: a loop that is handed several kinds of typed array is slow.

function find8(
  column: Uint8Array,
  numbers: Uint32Array,
  rows: Uint32Array,
  count: number,
  found: Uint32Array,
): void {
  for (let i = 0; i < count; i++) found[i] = numbers[column[rows[i]]];
}

function find16(
  column: Uint16Array,
  numbers: Uint32Array,
  rows: Uint32Array,
  count: number,
  found: Uint32Array,
): void {
  for (let i = 0; i < count; i++) found[i] = numbers[column[rows[i]]];
}

function find32(
  column: Uint32Array,
  numbers: Uint32Array,
  rows: Uint32Array,
  count: number,
  found: Uint32Array,
): void {
  const { length } = numbers;
  for (let i = 0; i < count; i++) {
    const value = column[rows[i]];
    found[i] = value < length ? numbers[value] : 0;
  }
}

class PrefixLookup implements TagLookup {
  readonly #table: PrefixTable;

  constructor(keys: readonly TagKey[]) {
    this.#table = new PrefixTable(
      keys.map(({ value, length }, index) => ({ address: value, length, value: index + 1 })),
    );
  }

  find(column: ArrayLike<number>, rows: Uint32Array, count: number, found: Uint32Array): void {
    const addresses = column as Uint32Array;
    for (let i = 0; i < count; i++) found[i] = this.#table.find(addresses[rows[i]]);
  }
}

const ALL: TagLookup = {
  find: (_column, _rows, count, found) => {
    found.fill(1, 0, count);
  },
};

/** Numbers below a power of two, to which others are cut. */
function number(size: number): KeyKind {
  return {
    read: (_line, { text }) => ({ value: scanInteger(text) & (size - 1), length: 32 }),
    lookup: (keys) => new TableLookup(size, keys),
  };
}

const NUMBER_16 = number(1 << 16);
const NUMBER_8 = number(1 << 8);
const ADDRESS: KeyKind = {
  read: (_line, word) => ({ value: scanAddress(word), length: 32 }),
  lookup: (keys) => new PrefixLookup(keys),
};
const PREFIX: KeyKind = {
  read: (_line, word) => {
    const { address, length } = scanPrefix(word);
    return { value: address, length };
  },
  lookup: (keys) => new PrefixLookup(keys),
};
const ANY: KeyKind = {
  read: (line, word) => {
    if (word.text.toLowerCase() !== "any") line.fail(word, `match is "${word.text}"`, '"any"');
    return { value: 0, length: 0 };
  },
  lookup: () => ALL,
};

const TCP = 6;
const UDP = 17;

/** All types of actions. Source: flow-tools `fttag.c`. */
export const TAG_TYPES: readonly TagType[] = [
  { names: ["source-prefix", "src-prefix"], key: PREFIX, fields: ["srcaddr"] },
  { names: ["destination-prefix", "dst-prefix"], key: PREFIX, fields: ["dstaddr"] },
  { names: ["prefix"], key: PREFIX, fields: ["srcaddr", "dstaddr"] },
  { names: ["source-as", "src-as"], key: NUMBER_16, fields: ["src_as"] },
  { names: ["destination-as", "dst-as"], key: NUMBER_16, fields: ["dst_as"] },
  { names: ["as"], key: NUMBER_16, fields: ["src_as", "dst_as"] },
  { names: ["next-hop"], key: ADDRESS, fields: ["nexthop"] },
  ...([["tcp", TCP], ["udp", UDP]] as const).flatMap(([name, protocol]): TagType[] => [
    {
      names: [`${name}-source-port`, `${name}-src-port`],
      key: NUMBER_16,
      fields: ["srcport"],
      protocol,
    },
    {
      names: [`${name}-destination-port`, `${name}-dst-port`],
      key: NUMBER_16,
      fields: ["dstport"],
      protocol,
    },
    { names: [`${name}-port`], key: NUMBER_16, fields: ["srcport", "dstport"], protocol },
  ]),
  { names: ["tos"], key: NUMBER_8, fields: ["tos"] },
  { names: ["exporter"], key: ADDRESS, fields: ["exaddr"] },
  { names: ["source-ip-address", "src-ip"], key: ADDRESS, fields: ["srcaddr"] },
  { names: ["destination-ip-address", "dst-ip"], key: ADDRESS, fields: ["dstaddr"] },
  { names: ["ip"], key: ADDRESS, fields: ["srcaddr", "dstaddr"] },
  { names: ["input-interface"], key: NUMBER_16, fields: ["input"] },
  { names: ["output-interface"], key: NUMBER_16, fields: ["output"] },
  { names: ["interface"], key: NUMBER_16, fields: ["input", "output"] },
  { names: ["any"], key: ANY, fields: [] },
];

const TAGS: readonly FlowFieldName[] = ["src_tag", "dst_tag"];

/** Changes the tags of rows by one field: finds the change of each row, then makes it. */
class TagAction implements RowAction {
  readonly reads: readonly FlowFieldName[];
  readonly writes: readonly FlowFieldName[] = TAGS;
  readonly #field: FlowFieldName | undefined;
  readonly #protocol: number | undefined;
  readonly #lookup: TagLookup;
  /** Four words a change; those of change 0 keep both tags. */
  readonly #changes: Uint32Array;
  #found = new Uint32Array(0);
  #rows = new Uint32Array(0);

  constructor(
    field: FlowFieldName | undefined,
    protocol: number | undefined,
    lookup: TagLookup,
    changes: Uint32Array,
  ) {
    this.reads = [
      ...(field === undefined ? [] : [field]),
      ...(protocol === undefined ? [] : ["prot" as const]),
    ];
    this.#field = field;
    this.#protocol = protocol;
    this.#lookup = lookup;
    this.#changes = changes;
  }

  run(batch: FlowBatch, rows: Uint32Array, count: number): void {
    if (this.#found.length < count) {
      this.#found = new Uint32Array(batch.capacity);
      this.#rows = new Uint32Array(batch.capacity);
    }
    let selected = rows;
    let length = count;
    if (this.#protocol !== undefined) {
      selected = this.#rows;
      length = ofProtocol(batch.column("prot"), this.#protocol, rows, count, selected);
    }
    const column = this.#field === undefined ? NO_COLUMN : batch.column(this.#field);
    this.#lookup.find(column as ArrayLike<number>, selected, length, this.#found);
    const [sources, destinations] = [batch.column("src_tag"), batch.column("dst_tag")];
    change(sources, destinations, this.#changes, selected, length, this.#found);
  }
}

const NO_COLUMN: readonly number[] = [];

function ofProtocol(
  column: Uint8Array,
  protocol: number,
  rows: Uint32Array,
  count: number,
  selected: Uint32Array,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    selected[kept] = rows[i];
    kept += column[rows[i]] === protocol ? 1 : 0;
  }
  return kept;
}

function change(
  sources: Uint32Array,
  destinations: Uint32Array,
  changes: Uint32Array,
  rows: Uint32Array,
  count: number,
  found: Uint32Array,
): void {
  for (let i = 0; i < count; i++) {
    const at = found[i] * 4;
    if (at === 0) continue;
    const row = rows[i];
    sources[row] = (sources[row] & changes[at]) | changes[at + 1];
    destinations[row] = (destinations[row] & changes[at + 2]) | changes[at + 3];
  }
}

/** Compiles an action: one step for each field that its type looks at. */
export function compileTagAction(
  { key, fields, protocol }: TagType,
  keys: readonly TagKey[],
  changes: readonly TagChange[],
): RowAction[] {
  const lookup = key.lookup(keys);
  const words = Uint32Array.from([
    ...[0, 0, 0, 0],
    ...changes.flatMap((change) => [
      change.sourceKeep,
      change.sourceAdd,
      change.destinationKeep,
      change.destinationAdd,
    ]),
  ]);
  const empty = changes.length === 0;
  const steps: readonly (FlowFieldName | undefined)[] = fields.length === 0 ? [undefined] : fields;
  return empty ? [] : steps.map((field) => new TagAction(field, protocol, lookup, words));
}
