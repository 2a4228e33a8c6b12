import { FLOW_FIELDS, type FlowField, type FlowFieldName } from "@flowtools/flow-model";
import type { InformationElement } from "@flowtools/netflow-pdu";
import { elementSource, type NumberSource } from "./number_sources.ts";
import { NUMBER_MAX, type Side, type Subject, WHERE_SUBJECTS } from "./subjects.ts";
import { SIZES_WHOLE, wholeNumbers } from "./values.ts";

/** A word as it is looked up. */
function normalize(word: string): string {
  return word.toLowerCase().replace(/[\s_-]/g, "");
}

/** The subject of a canonical field by its name: that of the language, but of this field alone. */
function ofField({ name, kind, doc }: FlowField): Subject {
  const words = [name];
  for (const subject of WHERE_SUBJECTS) {
    if (subject.kind === "address") {
      const end = subject.ends.find((candidate) => candidate.field === name);
      if (end !== undefined) return { ...subject, words, doc, ends: [{ field: end.field }] };
    }
    if (subject.kind === "number") {
      const end = subject.ends.find(({ source }) =>
        source.kind === "field" && source.field === name && source.bits === undefined
      );
      if (end !== undefined) return { ...subject, words, doc, ends: [{ source: end.source }] };
    }
  }
  const source: NumberSource = { kind: "field", field: name as FlowFieldName };
  const values = kind === "counter" ? SIZES_WHOLE : wholeNumbers("number", NUMBER_MAX[kind]);
  return { words, doc, kind: "number", values, ends: [{ source }] };
}

/** A column beyond the canonical fields that the caller knows of. */
export interface WhereElement {
  /** Its name: an IANA name, or `pen.id`. */
  readonly name: string;
  /** How batches hold it. */
  readonly kind: FlowField["kind"];
}

function ofElement({ name, kind }: WhereElement): Subject {
  const words = [name];
  const doc = `Information element ${name}`;
  if (kind === "bytes") return { words, doc, kind: "bytes", element: name };
  const values = kind === "counter"
    ? SIZES_WHOLE
    : wholeNumbers("number", NUMBER_MAX[kind] ?? NUMBER_MAX.u32);
  return {
    words,
    doc,
    kind: "number",
    values,
    ends: [{ source: elementSource(name), needs: [name] }],
  };
}

const BY_WORD: ReadonlyMap<string, Subject> = new Map(
  [
    // Of two of one name the last counts: the words of the language hide names of fields.
    ...(FLOW_FIELDS as readonly FlowField[]).map(ofField),
    ...WHERE_SUBJECTS,
  ].flatMap((subject) => subject.words.map((word) => [normalize(word), subject])),
);

/** Every word by which something can be asked. */
export const SUBJECT_WORDS: readonly string[] = [
  ...WHERE_SUBJECTS.flatMap(({ words }) => words),
  ...FLOW_FIELDS.map(({ name }) => name),
];

/** How words begin that have a side in them, in other programs. */
const SIDE_STARTS: readonly (readonly [side: Side, start: string])[] = [
  ["src", "source"],
  ["src", "src"],
  ["src", "s"],
  ["dst", "destination"],
  ["dst", "dest"],
  ["dst", "dst"],
  ["dst", "d"],
  ["in", "input"],
  ["in", "in"],
  ["out", "output"],
  ["out", "out"],
];

/** Words of what is known by names of exporters alone. */
const NAMED_WORDS: readonly string[] = WHERE_SUBJECTS
  .flatMap(({ kind, words }) => kind === "named" ? words : []);

/** Information elements by their names: `ElementRegistry` is such. */
export interface WhereElementNames extends Iterable<Pick<InformationElement, "name">> {
  /** All elements of a name, or of `enterprise.id`; the one that is meant first. */
  findNames(name: string): readonly Pick<InformationElement, "name" | "type">[];
}

/** What a subject table is made from. */
export interface SubjectTableInit {
  /** Further columns that the caller knows of. */
  readonly elements: readonly WhereElement[];
  /** The elements that can be read out of the octets of records. */
  readonly registry?: WhereElementNames;
  /** Whether what exporters name can be asked for. */
  readonly names: boolean;
}

/** Elements that nobody has a name for are called by their numbers. */
const ELEMENT_NUMBER = /^\d{1,10}\.\d{1,5}$/;
const ELEMENT_WORD = /^[a-z][\w-]*$/i;

/** Whether a word calls an element by its numbers, as addresses that are cut off look, too. */
export function isElementNumber(word: string): boolean {
  return ELEMENT_NUMBER.test(word);
}

/** The subjects of an expression: those of the language, and the elements that a caller knows. */
export class SubjectTable {
  readonly #elements: ReadonlyMap<string, Subject>;
  readonly #registry: WhereElementNames | undefined;
  readonly #names: boolean;
  /** Every word that is known, elements of the registry aside, for messages. */
  readonly words: readonly string[];

  constructor({ elements, registry, names }: SubjectTableInit) {
    this.#elements = new Map(
      elements.map((element) => [normalize(element.name), ofElement(element)]),
    );
    this.#registry = registry;
    this.#names = names;
    const hidden = new Set(names ? [] : NAMED_WORDS);
    this.words = [
      ...SUBJECT_WORDS.filter((word) => !hidden.has(word)),
      ...elements.map(({ name }) => name),
    ];
  }

  /** The subject of a word, if there is one. */
  find(word: string): Subject | undefined {
    const key = normalize(word);
    const known = BY_WORD.get(key);
    if (known !== undefined && (known.kind !== "named" || this.#names)) return known;
    return this.#elements.get(key) ?? this.#findElement(word);
  }

  /** A question for what a word is likely to mean that has a side in it: `src ip` for `srcip`. */
  meantSide(word: string): string | undefined {
    const key = normalize(word);
    for (const [side, start] of SIDE_STARTS) {
      const subject = key.startsWith(start) ? BY_WORD.get(key.slice(start.length)) : undefined;
      if (subject === undefined || !("ends" in subject)) continue;
      if (subject.kind === "named" && !this.#names) continue;
      if (subject.ends.some((end) => end.side === side)) {
        return `did you mean "${side} ${key.slice(start.length)}"?`;
      }
    }
    return undefined;
  }

  /** The names of elements of the registry, for messages. */
  *elementNames(): Generator<string, void, undefined> {
    for (const { name } of this.#registry ?? []) yield name;
  }

  #findElement(word: string): Subject | undefined {
    const numbered = isElementNumber(word);
    if (this.#registry === undefined || !numbered && !ELEMENT_WORD.test(word)) return undefined;
    const [known] = this.#registry.findNames(word);
    if (known === undefined && !numbered) return undefined;
    const { name, type } = known ?? { name: word, type: "octetArray" };
    return {
      words: [name],
      doc: `Information element ${name}`,
      kind: "element",
      element: name,
      type,
    };
  }
}
