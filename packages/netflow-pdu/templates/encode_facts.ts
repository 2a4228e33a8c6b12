import { ELEMENT_TYPE_NAMES, type InformationElement } from "../elements/element.ts";
import { type DomainFacts, NAMED_KINDS, type NamedFact, type NamedKind } from "./domain_facts.ts";
import type { WireField } from "./encode_fields.ts";
import { defineTemplate, type Definition } from "./encode_shape.ts";
import { textOctets } from "./encode_translate.ts";
import type { FactOrigin } from "./fact_origin.ts";
import { DESCRIPTION } from "./learned_elements.ts";
import { VARIABLE_LENGTH } from "./template.ts";

/** A record of options data, and its template. */
export interface FactRecord {
  /** The template. */
  readonly definition: Definition;
  /** The record; `undefined` where what it is about has no place in one. */
  readonly octets: Uint8Array | undefined;
  /** What is lost where it cannot be sent: the name of an element. */
  readonly name: string;
}

/** The elements that tell names of a kind. */
interface KindElements {
  /** The number that flows have. */
  readonly key: Readonly<Record<9 | 10, number>>;
  readonly name: Readonly<Record<9 | 10, number>>;
  readonly description?: number;
  /** What is counted where a name is lost. */
  readonly lost: string;
}

const same = (id: number) => ({ 9: id, 10: id });

/** For each kind the elements that exporters use themselves, and `DomainFacts` learns from. */
const KINDS: Readonly<Record<NamedKind, KindElements>> = {
  interfaces: { key: same(10), name: same(82), description: 83, lost: "interfaceName" },
  vrfs: { key: same(234), name: same(236), lost: "VRFname" },
  applications: { key: same(95), name: same(96), description: 94, lost: "applicationName" },
  samplers: { key: { 9: 48, 10: 302 }, name: { 9: 84, 10: 335 }, lost: "samplerName" },
};

/** The scopes of NetFlow v9 that are the whole exporter and an interface (RFC 3954, section 6.1). */
const V9_SCOPE_SYSTEM = 1;
const V9_SCOPE_INTERFACE = 2;
/** Octets of numbers of interfaces, routing instances and samplers, and of scopes. */
const KEY_OCTETS = 4;
const KEY_MAX = 2 ** 32 - 1;
/** Text of fewer octets has a length of one octet before it (RFC 7011, section 7). */
const LONG_TEXT = 255;

/** One field of a record that is being made. */
interface Part {
  readonly field: WireField;
  readonly octets: readonly number[] | Uint8Array;
}

/** What is known of when an encoder tells something again. */
export interface FactResend {
  /** Packets after which it does, for each packet that the names took. */
  readonly packets: number;
  /** Milliseconds after which it does. */
  readonly ms: number;
}

/**
 * Tells in options data what an exporter told in its own: the names of one domain, and the elements
 * that were described (RFC 5610). Each is told once, again when it has changed, and all of them again
 * from time to time: so seldom that names take a small share of the packets however many they are.
 */
export class FactTeller {
  readonly #version: 9 | 10;
  readonly #origin: FactOrigin;
  readonly #resend: FactResend;
  /** What was told, by what it is about. */
  readonly #told = new Map<string, string>();
  #facts: DomainFacts | undefined;
  #revision = 0;
  #elementsRevision = 0;
  #atPacket = 0;
  #atMs = 0;
  /** Packets that all of it took. */
  #packets = 1;

  /**
   * @param version Export version to write
   * @param origin Where the names come from
   * @param resend When they are told again
   */
  constructor(version: 9 | 10, origin: FactOrigin, resend: FactResend) {
    this.#version = version;
    this.#origin = origin;
    this.#resend = resend;
  }

  /** Has everything told again. */
  forget(): void {
    this.#told.clear();
    this.#facts = undefined;
    this.#revision = 0;
    this.#elementsRevision = 0;
  }

  /** Whether a number is the name of a sampler: those that an encoder makes have others. */
  namesSampler(id: number): boolean {
    return this.#origin.source.facts(this.#origin.domain)?.name("samplers", id) !== undefined;
  }

  /**
   * Whether there may be something to tell.
   *
   * @param packets Packets sent so far
   * @param now Unix milliseconds
   */
  isDue(packets: number, now: number): boolean {
    const { source, domain } = this.#origin;
    const facts = source.facts(domain);
    if (facts !== this.#facts || (facts?.revision ?? 0) !== this.#revision) return true;
    if (source.elements.revision !== this.#elementsRevision) return true;
    return this.#told.size > 0 && this.#isDueAgain(packets, now);
  }

  /**
   * Takes what is to be told. It counts as told from here on.
   *
   * @param packets Packets sent so far
   * @param now Unix milliseconds
   * @returns Descriptions of elements, which go before all other; names; and whether elements are
   * among them that templates sent before may have
   */
  take(packets: number, now: number): {
    readonly elements: readonly FactRecord[];
    readonly names: readonly FactRecord[];
    readonly describesNew: boolean;
  } {
    const { source, domain } = this.#origin;
    const facts = source.facts(domain);
    const again = this.#told.size === 0 || this.#isDueAgain(packets, now);
    const known = again ? new Map(this.#told) : this.#told;
    if (again) this.#told.clear();
    this.#facts = facts;
    this.#revision = facts?.revision ?? 0;
    this.#elementsRevision = source.elements.revision;
    const current = new Set<string>();
    const isNew = (about: string, text: string) => {
      current.add(about);
      if (this.#told.get(about) === text) return false;
      this.#told.set(about, text);
      return true;
    };
    const elements: FactRecord[] = [];
    let describesNew = false;
    for (const element of source.elements) {
      // NetFlow v9 has no enterprises: others have no number there that could be told.
      if (this.#version === 9 && element.enterprise !== 0) continue;
      const about = `${element.enterprise}.${element.id}`;
      const text = `${element.type} ${element.name}`;
      if (known.get(about) !== text) describesNew = true;
      if (isNew(about, text)) elements.push(describe(this.#version, element));
    }
    const names: FactRecord[] = [];
    for (const kind of NAMED_KINDS) {
      for (const [key, fact] of facts?.names(kind) ?? []) {
        if (isNew(`${kind} ${key}`, `${fact.name}\0${fact.description}`)) {
          names.push(nameRecord(this.#version, kind, key, fact));
        }
      }
    }
    // What was forgotten to make room for others is told again should it come back.
    for (const about of this.#told.keys()) if (!current.has(about)) this.#told.delete(about);
    if (again) {
      this.#atPacket = packets;
      this.#atMs = now;
      this.#packets = 1;
    }
    return { elements, names, describesNew };
  }

  /**
   * Notes how much room was taken by what was told.
   *
   * @param packets Packets
   */
  noteTaken(packets: number): void {
    this.#packets += packets;
  }

  #isDueAgain(packets: number, now: number): boolean {
    return packets - this.#atPacket >= this.#resend.packets * this.#packets ||
      now - this.#atMs >= this.#resend.ms;
  }
}

/** The options record of a name. */
function nameRecord(version: 9 | 10, kind: NamedKind, key: string, fact: NamedFact): FactRecord {
  const { key: keyId, name, description, lost } = KINDS[kind];
  const value = kind === "applications" ? hexNumbers(key) : wholeNumber(key);
  if (value === undefined) return { definition: NOTHING, octets: undefined, name: lost };
  // Of fixed length, ids of applications too: not all receivers take scopes of variable length.
  const own = fixed(keyId[version], value);
  const parts: Part[] = [];
  if (version === 10) parts.push(own);
  else if (kind === "interfaces") parts.push(fixed(V9_SCOPE_INTERFACE, value));
  else parts.push(fixed(V9_SCOPE_SYSTEM, numberOctets(0, KEY_OCTETS)), own);
  const hasDescription = fact.description !== "" && description !== undefined;
  if (fact.name !== "" || !hasDescription) parts.push(text(version, name[version], fact.name));
  if (hasDescription) parts.push(text(version, description, fact.description));
  return record(parts, 1, lost);
}

/** The options record that describes an element (RFC 5610, section 3.9). */
function describe(version: 9 | 10, { enterprise, id, type, name }: InformationElement): FactRecord {
  const described = [
    fixed(DESCRIPTION.id, numberOctets(id, 2)),
    fixed(DESCRIPTION.type, numberOctets(ELEMENT_TYPE_NAMES.indexOf(type), 1)),
    text(version, DESCRIPTION.name, name),
  ];
  const [scope, scopes] = version === 10
    ? [fixed(DESCRIPTION.enterprise, numberOctets(enterprise, 4)), 2]
    : [fixed(V9_SCOPE_SYSTEM, numberOctets(0, KEY_OCTETS)), 1];
  return record([scope, ...described], scopes, "informationElementName");
}

function record(parts: readonly Part[], scopeCount: number, name: string): FactRecord {
  const definition = defineTemplate(parts.map(({ field }) => field), { scopeCount });
  return { definition, octets: Uint8Array.from(parts.flatMap(({ octets }) => [...octets])), name };
}

/** The template of what cannot be told. */
const NOTHING: Definition = defineTemplate([]);

function fixed(id: number, octets: readonly number[]): Part {
  return { field: { enterprise: 0, id, length: octets.length }, octets };
}

function variable(id: number, octets: readonly number[]): Part {
  const { length } = octets;
  const head = length < LONG_TEXT ? [length] : [LONG_TEXT, ...numberOctets(length, 2)];
  return { field: { enterprise: 0, id, length: VARIABLE_LENGTH }, octets: [...head, ...octets] };
}

/** Text: of variable length in IPFIX, filled up with NULs in NetFlow v9. */
function text(version: 9 | 10, id: number, value: string): Part {
  const octets = new TextEncoder().encode(value);
  if (version === 10) return variable(id, [...octets]);
  const filled = new Uint8Array(textOctets(octets.length));
  filled.set(octets);
  return { field: { enterprise: 0, id, length: filled.length }, octets: filled };
}

function numberOctets(value: number, width: number): number[] {
  return Array.from(
    { length: width },
    (_, at) => Math.floor(value / 2 ** (8 * (width - 1 - at))) & 0xff,
  );
}

function wholeNumber(key: string): number[] | undefined {
  const number = Number(key);
  if (!Number.isInteger(number) || number < 0 || number > KEY_MAX) return undefined;
  return numberOctets(number, KEY_OCTETS);
}

/** The octets of an application's id, which facts know in hexadecimal. */
function hexNumbers(key: string): number[] | undefined {
  if (key.length === 0 || !/^(?:[0-9a-f]{2})+$/i.test(key)) return undefined;
  return (key.match(/../g) ?? []).map((digits) => parseInt(digits, 16));
}
