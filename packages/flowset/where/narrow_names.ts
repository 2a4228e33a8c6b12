import {
  FAMILY_IPV6,
  type FlowBatch,
  type FlowFieldName,
  type FlowSchema,
} from "@flowtools/flow-model";
import type { NamedFact, NamedKind } from "@flowtools/netflow-pdu";
import type { RowTest } from "../filter/narrow.ts";
import { labelKey } from "../packets/flow_labels.ts";
import { ElementValues } from "./narrow_elements.ts";
import { nearestWords } from "./nearest.ts";
import { type NamesAtHand, TOLD_NAMES, type ToldFacts, type ToldNames } from "./told_names.ts";

/** Where flows have the number that exporters name: a field, or one of some elements. */
export type NamedPlace =
  | NamedField
  | { readonly elements: readonly string[] };

/** A field that has the number. */
interface NamedField {
  readonly field: FlowFieldName;
  /** The field of the address by which names are looked up; without it the shape tells whose they are. */
  readonly exporter?: FlowFieldName;
}

/** Keys of what has one of the names that are asked for: numbers, or texts of elements. */
type Keys = ReadonlySet<number | string>;

/** Passes the rows that refer to something that their exporter calls by one of some names. */
export class NameTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #kind: NamedKind;
  readonly #place: NamedPlace;
  readonly #names: readonly string[];
  readonly #wanted: ReadonlySet<string>;
  readonly #atHand: NamesAtHand;
  /** The names, in lower case, that some exporter has told. */
  readonly #told = new Set<string>();

  constructor(kind: NamedKind, place: NamedPlace, names: readonly string[], atHand: NamesAtHand) {
    this.fields = "field" in place
      ? [place.field, ...place.exporter === undefined ? [] : [place.exporter]]
      : [];
    this.#kind = kind;
    this.#place = place;
    this.#names = names;
    this.#wanted = new Set(names.map((name) => name.toLowerCase()));
    this.#atHand = atHand;
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    const { told } = this.#atHand;
    if (told === undefined) return 0;
    const place = this.#place;
    if ("field" in place && place.exporter !== undefined) {
      return this.#narrowByAddress(batch, place.field, place.exporter, told, rows, count);
    }
    const keys = this.#keysOf(batch.schemas, told);
    return keys.every((wanted) => wanted.size === 0)
      ? 0
      : "field" in place
      ? narrowField(batch, place.field, keys, rows, count)
      : narrowElements(batch, place.elements, keys, rows, count);
  }

  /**
   * The names that no exporter has told, each with what is to be said of it.
   *
   * @param told What exporters told until the end
   */
  *untold(told: ToldNames): Generator<string, void, undefined> {
    const known: string[] = [];
    for (const fact of told.names(this.#kind)) {
      this.#note(fact);
      known.push(...namesOf(fact));
    }
    const { all, one } = TOLD_NAMES[this.#kind];
    for (const name of this.#names) {
      if (this.#told.has(name.toLowerCase())) continue;
      const near = nearestWords(name, known).map((word) => `"${word}"`).join(" or ");
      if (known.length === 0) yield `no exporter told any ${all}, "${name}" passes no flow`;
      else {
        yield `no exporter told of ${one} "${name}", which passes no flow` +
          (near === "" ? "" : `; did you mean ${near}?`);
      }
    }
  }

  /** Of flows that tell no more of where they came from than the address of their exporter. */
  #narrowByAddress(
    batch: FlowBatch,
    field: FlowFieldName,
    exporter: FlowFieldName,
    told: ToldNames,
    rows: Uint32Array,
    count: number,
  ): number {
    const column = batch.column(field) as ArrayLike<number>;
    const has = batch.schemas.map((schema) => schema.has(field) && schema.has(exporter));
    const addresses = batch.column(exporter) as ArrayLike<number>;
    const families = batch.family(exporter);
    const found = new Map<string, Keys>();
    let wanted = NO_KEYS;
    let last: number | undefined;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      if (!has[batch.schemaOf[row]]) continue;
      const wide = families?.[row] === FAMILY_IPV6;
      // Rows of one exporter come in runs.
      if (wide || addresses[row] !== last) {
        const address = String(batch.flow(row).get(exporter));
        wanted = found.get(address) ?? this.#keysOfExporter(address, told);
        found.set(address, wanted);
        last = wide ? undefined : addresses[row];
      }
      if (wanted.has(column[row])) rows[kept++] = row;
    }
    return kept;
  }

  /** Where the domains of an exporter do not agree, all their names count. */
  #keysOfExporter(address: string, told: ToldNames): Keys {
    const domains = told.factsOfExporter?.(address) ?? [];
    return new Set(domains.flatMap((facts) => [...this.#keysIn(facts)]));
  }

  /** For each shape, the keys of what is asked for; none where it has no such number. */
  #keysOf(schemas: readonly FlowSchema[], told: ToldNames): Keys[] {
    const found = new Map<ToldFacts, Keys>();
    return schemas.map((schema) => {
      const facts = told.factsOf(schema);
      if (facts === undefined || !this.#isIn(schema)) return NO_KEYS;
      let keys = found.get(facts);
      if (keys === undefined) found.set(facts, keys = this.#keysIn(facts));
      return keys;
    });
  }

  #isIn(schema: FlowSchema): boolean {
    return "field" in this.#place
      ? schema.has(this.#place.field)
      : this.#place.elements.some((name) => schema.reader?.names.includes(name));
  }

  #keysIn(facts: ToldFacts): Keys {
    const keys = new Set<number | string>();
    for (const [key, fact] of facts.names(this.#kind)) {
      if (this.#note(fact)) keys.add("field" in this.#place ? Number(key) : key);
    }
    return keys;
  }

  /** Whether something is called by one of the names that are asked for. */
  #note(fact: NamedFact): boolean {
    const names = namesOf(fact).map((name) => name.toLowerCase())
      .filter((name) => this.#wanted.has(name));
    for (const name of names) this.#told.add(name);
    return names.length > 0;
  }
}

const NO_KEYS: Keys = new Set();

/** A name and a description are names alike: routers tell `Gi0/1` as the one or the other. */
function namesOf({ name, description }: NamedFact): string[] {
  return [name, description].filter((text) => text !== "");
}

function narrowField(
  batch: FlowBatch,
  field: FlowFieldName,
  keys: readonly Keys[],
  rows: Uint32Array,
  count: number,
): number {
  const column = batch.column(field) as ArrayLike<number>;
  const { schemaOf } = batch;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    if (keys[schemaOf[row]].has(column[row])) rows[kept++] = row;
  }
  return kept;
}

function narrowElements(
  batch: FlowBatch,
  elements: readonly string[],
  keys: readonly Keys[],
  rows: Uint32Array,
  count: number,
): number {
  const { schemaOf } = batch;
  const values = new ElementValues(batch, elements);
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const wanted = keys[schemaOf[row]];
    if (wanted.size === 0) continue;
    const value = values.read(row);
    if (value !== undefined && wanted.has(labelKey(value))) rows[kept++] = row;
  }
  return kept;
}
