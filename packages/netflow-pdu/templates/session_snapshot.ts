import { FlowToolsError } from "@flowtools/flow-model";
import { ELEMENT_TYPE_NAMES, type ElementType } from "../elements/element.ts";
import { ELEMENT_NAME, ENTERPRISE_MAX } from "../elements/element_bounds.ts";
import { NAMED_KINDS, type NamedKind } from "./domain_facts.ts";
import { DATA_SET_MIN, describeField } from "./read_templates.ts";
import type { TemplateSession } from "./session.ts";
import { Template } from "./template.ts";

/** The format of snapshots that is written; others are refused. */
export const SNAPSHOT_FORMAT = 1;

/** A template as a snapshot keeps it. */
export interface TemplateSnapshot {
  /** Observation domain. */
  readonly domain: number;
  /** Number of the template. */
  readonly id: number;
  /** How many fields are scope; not there unless it is an options template. */
  readonly scopes?: number;
  /** When it was last sent, Unix milliseconds; 0 where that is not known. */
  readonly seenAt: number;
  /** Enterprise, element and octets of each field. */
  readonly fields: readonly (readonly [enterprise: number, id: number, length: number])[];
}

/** What options records of a domain told, as a snapshot keeps it. */
export interface FactsSnapshot {
  /** Observation domain. */
  readonly domain: number;
  /** When the exporter started, Unix milliseconds, where it told. */
  readonly bootMs?: number;
  /** When it started at the latest, as the uptimes of its flows showed. */
  readonly bootGuessMs?: number;
  /** One packet in so many, where nothing more special is known. */
  readonly rate?: number;
  /** How samplers sample: one packet in so many. */
  readonly samplers: readonly (readonly [sampler: number, rate: number])[];
  /** How packets of interfaces are sampled. */
  readonly interfaces: readonly (readonly [ifIndex: number, rate: number])[];
  /** How packets of the records of templates are sampled. */
  readonly templates: readonly (readonly [template: number, rate: number])[];
  /** Names by kind. */
  readonly names: Readonly<
    Record<NamedKind, readonly (readonly [key: string, name: string, description: string])[]>
  >;
}

/** What a session remembers, as JSON can hold it: {@linkcode snapshotSession}. */
export interface SessionSnapshot {
  /** {@linkcode SNAPSHOT_FORMAT}. */
  readonly format: number;
  /** Export version, 9 or 10. */
  readonly version: number;
  /** The templates, in the order in which they came. */
  readonly templates: readonly TemplateSnapshot[];
  /** What options records told. */
  readonly facts: readonly FactsSnapshot[];
  /** Elements that the exporter described (RFC 5610). */
  readonly elements: readonly (readonly [
    enterprise: number,
    id: number,
    name: string,
    type: ElementType,
  ])[];
}

/**
 * A snapshot cannot be restored: it is damaged, or of another format or version.
 *
 * @example
 * ```ts
 * import { createIpfixCodec, SessionSnapshotError } from "@flowtools/netflow-pdu";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => createIpfixCodec().restoreSession({ format: 2 }),
 *   SessionSnapshotError,
 *   "Cannot restore session: format is 2, expected 1",
 * );
 * ```
 */
export class SessionSnapshotError extends FlowToolsError {
  /** Where in the snapshot, such as `templates[3].fields[0]`. */
  readonly place: string;

  /**
   * Makes an error.
   *
   * @param place Where in the snapshot
   * @param expected What would be right
   * @param got What is there
   */
  constructor(place: string, expected: string, got: unknown) {
    super(
      "bad-snapshot",
      `Cannot restore session: ${place} is ${shown(got)}, expected ${expected}`,
    );
    this.place = place;
  }
}

/**
 * Keeps what a session knows of its exporter, so that it survives a restart: templates, what options
 * records told, described elements. Data that waits is not in it.
 *
 * @param session The session
 * @returns A value for `JSON.stringify`
 */
export function snapshotSession(session: TemplateSession): SessionSnapshot {
  const templates = [...session.templates()].map(([domain, template, seenAt]): TemplateSnapshot => {
    const { id, options, scopeCount, fields } = template;
    return {
      domain,
      id,
      ...(options ? { scopes: scopeCount } : {}),
      seenAt,
      fields: fields.map(({ enterprise, id, length }) => [enterprise, id, length]),
    };
  });
  return {
    format: SNAPSHOT_FORMAT,
    version: session.dialect.version,
    templates,
    facts: session.domains.map((domain) => snapshotFacts(session, domain)),
    elements: [...session.elements].map(({ enterprise, id, name, type }) => [
      enterprise,
      id,
      name,
      type,
    ]),
  };
}

function snapshotFacts(session: TemplateSession, domain: number): FactsSnapshot {
  const facts = session.factsToLearn(domain);
  const { bootMs, bootGuessMs, rate } = facts;
  const namesOf = (kind: NamedKind) =>
    [...facts.names(kind)].map(([key, { name, description }]) => [key, name, description] as const);
  return {
    domain,
    ...(bootMs === undefined ? {} : { bootMs }),
    ...(Number.isFinite(bootGuessMs) ? { bootGuessMs } : {}),
    ...(rate === undefined ? {} : { rate }),
    samplers: [...facts.samplerRates],
    interfaces: [...facts.interfaceRates],
    templates: [...facts.templateRates],
    names: {
      interfaces: namesOf("interfaces"),
      vrfs: namesOf("vrfs"),
      applications: namesOf("applications"),
      samplers: namesOf("samplers"),
    },
  };
}

/**
 * Puts what a snapshot has into a new session. A snapshot with a fault is refused as a whole.
 *
 * @param session A session that knows nothing yet
 * @param snapshot What {@linkcode snapshotSession} gave, or what `JSON.parse` made of it
 * @throws {SessionSnapshotError} It is damaged, or of another format or version
 */
export function restoreInto(session: TemplateSession, snapshot: unknown): void {
  const { templates, facts, elements } = readSnapshot(snapshot, session.dialect.version);
  for (const [enterprise, id, name, type] of elements) {
    session.elements.add(enterprise, [id, name, type]);
  }
  for (const { domain, id, scopes, seenAt, fields } of templates) {
    const described = fields.map(([enterprise, id, length], index) =>
      describeField(session.dialect, { enterprise, id, length, scope: index < (scopes ?? 0) })
    );
    session.learn(domain, new Template(id, described, scopes), seenAt);
  }
  for (const told of facts) {
    const known = session.factsToLearn(told.domain);
    known.bootMs = told.bootMs;
    known.bootGuessMs = told.bootGuessMs ?? Infinity;
    known.rate = told.rate;
    for (const [sampler, rate] of told.samplers) known.setSamplerRate(sampler, rate);
    for (const [ifIndex, rate] of told.interfaces) known.setInterfaceRate(ifIndex, rate);
    for (const [template, rate] of told.templates) known.setTemplateRate(template, rate);
    for (const kind of NAMED_KINDS) {
      for (const [key, name, description] of told.names[kind]) {
        known.setName(kind, key, { name, description });
      }
    }
  }
}

function readSnapshot(value: unknown, version: number): SessionSnapshot {
  const root = new Place("the snapshot", value);
  const format = root.at("format").whole(0, Number.MAX_SAFE_INTEGER);
  if (format !== SNAPSHOT_FORMAT) root.at("format").fail(`${SNAPSHOT_FORMAT}`);
  if (root.at("version").whole(0, WORD_MAX) !== version) root.at("version").fail(`${version}`);
  return {
    format,
    version,
    templates: root.at("templates").list().map(readTemplate),
    facts: root.at("facts").list().map(readFacts),
    elements: root.at("elements").list().map((row) => [
      row.at(0).whole(0, ENTERPRISE_MAX),
      row.at(1).whole(0, WORD_MAX),
      row.at(2).text(ELEMENT_NAME),
      row.at(3).oneOf(ELEMENT_TYPE_NAMES),
    ]),
  };
}

const WORD_MAX = 0xffff;
const LONG_MAX = 0xffff_ffff;

function readTemplate(place: Place): TemplateSnapshot {
  const fields = place.at("fields").list().map((row) =>
    [
      row.at(0).whole(0, ENTERPRISE_MAX),
      row.at(1).whole(0, WORD_MAX),
      row.at(2).whole(0, WORD_MAX),
    ] as const
  );
  const scopes = place.at("scopes");
  return {
    domain: place.at("domain").whole(0, LONG_MAX),
    id: place.at("id").whole(DATA_SET_MIN, WORD_MAX),
    ...(scopes.absent ? {} : { scopes: scopes.whole(0, fields.length) }),
    seenAt: place.at("seenAt").number(0),
    fields,
  };
}

function readFacts(place: Place): FactsSnapshot {
  const rates = (name: string) =>
    place.at(name).list().map((row) => [row.at(0).number(0), row.at(1).number(0)] as const);
  const optional = (name: string) => {
    const value = place.at(name);
    return value.absent ? {} : { [name]: value.number(-Number.MAX_SAFE_INTEGER) };
  };
  const namesOf = (kind: NamedKind) =>
    place.at("names").at(kind).list().map((row) =>
      [row.at(0).text(), row.at(1).text(), row.at(2).text()] as const
    );
  return {
    domain: place.at("domain").whole(0, LONG_MAX),
    ...optional("bootMs"),
    ...optional("bootGuessMs"),
    ...optional("rate"),
    samplers: rates("samplers"),
    interfaces: rates("interfaces"),
    templates: rates("templates"),
    names: {
      interfaces: namesOf("interfaces"),
      vrfs: namesOf("vrfs"),
      applications: namesOf("applications"),
      samplers: namesOf("samplers"),
    },
  };
}

/** A value in a snapshot, and where it stands. */
class Place {
  constructor(readonly place: string, readonly value: unknown) {}

  get absent(): boolean {
    return this.value === undefined;
  }

  at(key: string | number): Place {
    if (typeof this.value !== "object" || this.value === null) this.fail("an object");
    const nested = (this.value as Readonly<Record<string | number, unknown>>)[key];
    const parent = this.place === "the snapshot" ? "" : this.place;
    const name = typeof key === "number" ? `${parent}[${key}]` : parent ? `${parent}.${key}` : key;
    return new Place(name, nested);
  }

  list(): readonly Place[] {
    if (!Array.isArray(this.value)) this.fail("a list");
    return (this.value as readonly unknown[]).map((_, index) => this.at(index));
  }

  number(lowest: number): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isFinite(value) || value < lowest) {
      this.fail(`a number of at least ${lowest}`);
    }
    return value as number;
  }

  whole(lowest: number, highest: number): number {
    const { value } = this;
    if (!Number.isInteger(value) || Number(value) < lowest || Number(value) > highest) {
      this.fail(`a whole number, ${lowest} to ${highest}`);
    }
    return value as number;
  }

  text(pattern?: RegExp): string {
    const { value } = this;
    if (typeof value !== "string" || (pattern !== undefined && !pattern.test(value))) {
      this.fail(pattern === undefined ? "text" : `text like ${pattern}`);
    }
    return value as string;
  }

  oneOf<Text extends string>(texts: readonly Text[]): Text {
    const found = texts.find((text) => text === this.value);
    return found ?? this.fail(`one of ${texts.join(", ")}`);
  }

  fail(expected: string): never {
    throw new SessionSnapshotError(this.place, expected, this.value);
  }
}

/** Characters of a wrong value that a message shows. */
const SHOWN_MAX = 40;

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
