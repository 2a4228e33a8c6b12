import { readNumber } from "./number.ts";
import { type SamplingFields, samplingFields, samplingRate } from "./sampling.ts";
import type { FactBudget } from "./template_store.ts";
import type { RecordFields, Template } from "./template.ts";
import { hexAt, textAt } from "./text.ts";

/** What an exporter calls something that flows refer to by a number. */
export interface NamedFact {
  /** Its short name; the empty string where only the description was told. */
  readonly name: string;
  /** What it is. */
  readonly description: string;
}

/** Elements that are keys of names, the names, and the descriptions. */
const NAMED = {
  /** Interfaces by ifIndex. */
  interfaces: { keys: [10, 14, 252, 253], names: [82], descriptions: [83] },
  /** Routing instances by VRF id. */
  vrfs: { keys: [234, 235], names: [236], descriptions: [] },
  /** Applications by the octets of their id, in hexadecimal. */
  applications: { keys: [95], names: [96], descriptions: [94] },
  /** Samplers by id. */
  samplers: { keys: [302, 48], names: [335, 84], descriptions: [] },
} as const satisfies Readonly<Record<NamedKind, unknown>>;

/** A kind of thing that has names. */
export type NamedKind = "interfaces" | "vrfs" | "applications" | "samplers";

/** The kinds of things that have names. */
export const NAMED_KINDS = Object.keys(NAMED) as NamedKind[];

/** The scopes of NetFlow v9 that are an interface and a template. */
const V9_SCOPE_INTERFACE = 2;
const V9_SCOPE_TEMPLATE = 5;
const TEMPLATE_ID = 145;
const SYSTEM_INIT_TIME = 160;

const NO_RATES: ReadonlyMap<number, number> = new Map();
const NO_NAMES: ReadonlyMap<string, NamedFact> = new Map();

/** Where the records of an options template tell what. */
interface OptionsPlan {
  readonly names: readonly {
    readonly kind: NamedKind;
    readonly key: number;
    readonly name: number;
    readonly description: number;
  }[];
  readonly sampling: SamplingFields | undefined;
  /** The interface that the sampling is of. */
  readonly interface: number;
  /** The template whose records the sampling is of. */
  readonly template: number;
  readonly boot: number;
}

/**
 * What the options records of one observation domain told.
 *
 * @example Names for the interfaces of flows
 * ```ts
 * import { type DomainFacts, createIpfixCodec } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * function label(facts: DomainFacts | undefined, ifIndex: number): string {
 *   return facts?.name("interfaces", ifIndex)?.name ?? String(ifIndex);
 * }
 * assertEquals(label(createIpfixCodec().createSession().facts(0), 7), "7");
 * ```
 */
export class DomainFacts {
  /** Whether a packet of the domain came lately, besides the first. */
  used = false;
  /** When the exporter started, Unix milliseconds, where it told. */
  bootMs: number | undefined;
  /**
   * When the exporter started at the latest, as the uptimes of its flows show where it does not tell:
   * no flow ends after its packet was sent.
   */
  bootGuessMs: number = Infinity;
  /** One packet in so many, where nothing more special is known. */
  rate: number | undefined;
  #revision = 0;
  // Most domains tell nothing, and there may be very many: maps are made where they are needed.
  #samplers: Map<number, number> | undefined;
  #interfaceRates: Map<number, number> | undefined;
  #templateRates: Map<number, number> | undefined;
  #names: Readonly<Record<NamedKind, Map<string, NamedFact>>> | undefined;
  readonly #budget: FactBudget | undefined;

  /**
   * Makes facts of a domain that told nothing yet.
   *
   * @internal
   * @param budget The room that facts have; without one nothing is remembered
   */
  constructor(budget?: FactBudget) {
    this.#budget = budget;
  }

  /**
   * When the exporter started, as far as can be known.
   *
   * @param sentMs When a packet was sent, Unix milliseconds
   * @param uptime The uptime at the end of a flow in it, milliseconds
   * @returns Unix milliseconds
   */
  guessBoot(sentMs: number, uptime: number): number {
    if (this.bootMs !== undefined && this.bootMs <= sentMs) return this.bootMs;
    this.bootGuessMs = Math.min(this.bootGuessMs, sentMs - uptime);
    return this.bootGuessMs;
  }

  /**
   * What the exporter calls something.
   *
   * @param kind What it is
   * @param key Its number; of applications the octets of their id in hexadecimal
   * @returns Its name; `undefined` where the exporter told none
   */
  name(kind: NamedKind, key: string | number): NamedFact | undefined {
    return this.#names?.[kind].get(String(key));
  }

  /**
   * Everything of a kind that has a name.
   *
   * @param kind The kind
   * @returns Names by key, as of {@linkcode DomainFacts.name}; what was told last comes last
   */
  names(kind: NamedKind): ReadonlyMap<string, NamedFact> {
    return this.#names?.[kind] ?? NO_NAMES;
  }

  /** Another number whenever a name or the rate of a sampler, interface or template has changed. */
  get revision(): number {
    return this.#revision;
  }

  /** How samplers sample: one packet in so many, by sampler. */
  get samplerRates(): ReadonlyMap<number, number> {
    return this.#samplers ?? NO_RATES;
  }

  /** How packets are sampled: one in so many, by ifIndex. */
  get interfaceRates(): ReadonlyMap<number, number> {
    return this.#interfaceRates ?? NO_RATES;
  }

  /** How the packets of records are sampled: one in so many, by the number of their template. */
  get templateRates(): ReadonlyMap<number, number> {
    return this.#templateRates ?? NO_RATES;
  }

  /**
   * Learns from a record.
   *
   * @param template Its shape, an options template
   * @param view Octets that hold it
   * @param located Where its fields are
   */
  learn(template: Template, view: DataView, located: RecordFields): void {
    const plan = planOf(template);
    const { offsets, lengths } = located;
    const number = (index: number) => readNumber(view, offsets[index], lengths[index]);
    for (const { kind, key, name, description } of plan.names) {
      const text = kind === "applications"
        ? hexAt(view, offsets[key], lengths[key])
        : String(number(key));
      this.setName(kind, text, {
        name: name < 0 ? "" : textAt(view, offsets[name], lengths[name]),
        description: description < 0
          ? ""
          : textAt(view, offsets[description], lengths[description]),
      });
    }
    if (plan.boot >= 0) this.bootMs = number(plan.boot);
    const { sampling } = plan;
    const rate = sampling && samplingRate(sampling, view, offsets, lengths);
    if (sampling === undefined || rate === undefined) return;
    // Interface 0 is none: the exporter means all of them.
    const ifIndex = plan.interface < 0 ? 0 : number(plan.interface);
    if (sampling.sampler >= 0) this.setSamplerRate(number(sampling.sampler), rate);
    else if (ifIndex > 0) this.setInterfaceRate(ifIndex, rate);
    else if (plan.template >= 0) this.setTemplateRate(number(plan.template), rate);
    else this.rate = rate;
  }

  /**
   * Notes what something is called.
   *
   * @param kind What it is
   * @param key Its number as text
   * @param fact Name and description
   */
  setName(kind: NamedKind, key: string, fact: NamedFact): void {
    this.#names ??= {
      interfaces: new Map(),
      vrfs: new Map(),
      applications: new Map(),
      samplers: new Map(),
    };
    this.#set(this.#names[kind], key, fact);
  }

  /**
   * Notes how a sampler samples.
   *
   * @param sampler Its number
   * @param rate One packet in so many
   */
  setSamplerRate(sampler: number, rate: number): void {
    this.#set(this.#samplers ??= new Map(), sampler, rate);
  }

  /**
   * Notes how packets of an interface are sampled.
   *
   * @param ifIndex The interface
   * @param rate One packet in so many
   */
  setInterfaceRate(ifIndex: number, rate: number): void {
    this.#set(this.#interfaceRates ??= new Map(), ifIndex, rate);
  }

  /**
   * Notes how the packets of a template's records are sampled.
   *
   * @param template Its number
   * @param rate One packet in so many
   */
  setTemplateRate(template: number, rate: number): void {
    this.#set(this.#templateRates ??= new Map(), template, rate);
  }

  /** Gives back the room that the facts take, where the domain is forgotten. */
  close(): void {
    const rates = [this.#samplers, this.#interfaceRates, this.#templateRates];
    for (const map of [...rates, ...Object.values(this.#names ?? {})]) {
      if (map === undefined) continue;
      this.#budget?.give(map.size);
      map.clear();
    }
  }

  /** Sets a fact. Where there is no room, the one of its kind that was told longest ago gives way. */
  #set<Key, Value extends NamedFact | number>(map: Map<Key, Value>, key: Key, value: Value): void {
    this.#note(map.get(key), value);
    if (!map.delete(key) && this.#budget?.take() !== true) {
      this.#budget?.countForgotten();
      const oldest = map.keys().next();
      if (oldest.done) return;
      map.delete(oldest.value);
    }
    map.set(key, value);
  }

  /** Exporters tell the same again every few minutes: only what is new counts as a change. */
  #note(known: NamedFact | number | undefined, value: NamedFact | number): void {
    const same = typeof known === "object" && typeof value === "object"
      ? known.name === value.name && known.description === value.description
      : known === value;
    if (!same) this.#revision++;
  }
}

const PLANS = new WeakMap<Template, OptionsPlan>();

function planOf(template: Template): OptionsPlan {
  let plan = PLANS.get(template);
  if (plan === undefined) {
    plan = makePlan(template);
    PLANS.set(template, plan);
  }
  return plan;
}

function makePlan(template: Template): OptionsPlan {
  const { fields } = template;
  const find = (ids: readonly number[]) =>
    fields.findIndex(({ enterprise, id, element, length }) =>
      enterprise === 0 && element !== undefined && length > 0 && ids.includes(id)
    );
  // Scopes of NetFlow v9 have numbers of their own, which are those of no elements.
  const scopeOr = (v9Scope: number, ids: readonly number[]) => {
    const scope = fields.findIndex(({ id, scope, element, length }) =>
      scope && element === undefined && id === v9Scope && length > 0
    );
    return scope >= 0 ? scope : find(ids);
  };
  const interfaceKey = scopeOr(V9_SCOPE_INTERFACE, NAMED.interfaces.keys);
  const names = NAMED_KINDS.flatMap((kind) => {
    const { keys, names, descriptions } = NAMED[kind];
    const key = kind === "interfaces" ? interfaceKey : find(keys);
    const [name, description] = [find(names), find(descriptions)];
    return key >= 0 && (name >= 0 || description >= 0) ? [{ kind, key, name, description }] : [];
  });
  return {
    names,
    sampling: samplingFields(template),
    interface: interfaceKey,
    template: scopeOr(V9_SCOPE_TEMPLATE, [TEMPLATE_ID]),
    boot: find([SYSTEM_INIT_TIME]),
  };
}
