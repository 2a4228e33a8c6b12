import { type DomainFacts, NAMED_KINDS, type NamedKind } from "@flowtools/netflow-pdu";
import type { KnownSession } from "./exporters.ts";
import { LABELS_AT_ONCE } from "./limits.ts";

/** What something is called, and its number as text, as of `DomainFacts.name`. */
export type Label = readonly [key: string, name: string, description: string];

/** How a sampler samples: its number, and one packet in so many. */
export type SamplerRate = readonly [sampler: number, rate: number];

/** Everything that the options of one observation domain told, as data for another thread. */
export interface DomainLabels {
  /** Tells domains apart; one that was forgotten and comes again has another. */
  readonly id: number;
  readonly address: string;
  readonly port: number;
  /** Version label, as of `ExporterSnapshot`. */
  readonly version: string;
  /** Observation domain. */
  readonly source: number;
  /** Names by kind. */
  readonly names: Readonly<Record<NamedKind, readonly Label[]>>;
  readonly samplers: readonly SamplerRate[];
}

/** What has changed since it was told last. */
export interface LabelChanges {
  /** Domains that told something new, each with all that it told. */
  readonly changed: readonly DomainLabels[];
  /** Domains that were forgotten. */
  readonly gone: readonly number[];
}

/** What was told of a domain. */
interface Told {
  readonly id: number;
  revision: number;
  round: number;
}

/** Finds what exporters told anew in their options, so that a thread can be told no more than that. */
export class LabelFeed {
  readonly #told = new Map<DomainFacts, Told>();
  #nextId = 0;
  #round = 0;

  /**
   * Looks for changes.
   *
   * @param sessions All that is remembered of exporters
   * @returns The changes; where there are more than {@linkcode LABELS_AT_ONCE}, the next call has the
   * rest
   */
  changes(sessions: Iterable<KnownSession>): LabelChanges {
    this.#round++;
    const changed: DomainLabels[] = [];
    let labels = 0;
    for (const known of sessions) {
      for (const source of known.session.domains) {
        const facts = known.session.facts(source)!;
        if (facts.revision === 0) continue;
        const told = this.#of(facts);
        if (told.revision === facts.revision || labels >= LABELS_AT_ONCE) continue;
        told.revision = facts.revision;
        const domain = domainLabels(told.id, known, source, facts);
        changed.push(domain);
        labels += domain.samplers.length;
        for (const kind of NAMED_KINDS) labels += domain.names[kind].length;
      }
    }
    return { changed, gone: this.#forget() };
  }

  /** Begins anew: whoever is told next knows nothing. */
  reset(): void {
    this.#told.clear();
  }

  #of(facts: DomainFacts): Told {
    let told = this.#told.get(facts);
    if (told === undefined) {
      told = { id: this.#nextId++, revision: 0, round: 0 };
      this.#told.set(facts, told);
    }
    told.round = this.#round;
    return told;
  }

  #forget(): number[] {
    const gone: number[] = [];
    for (const [facts, { id, round }] of this.#told) {
      if (round === this.#round) continue;
      this.#told.delete(facts);
      gone.push(id);
    }
    return gone;
  }
}

function domainLabels(
  id: number,
  { address, port, version }: KnownSession,
  source: number,
  facts: DomainFacts,
): DomainLabels {
  const names = NAMED_KINDS.map((kind) => {
    const labels = [...facts.names(kind)].map(([key, { name, description }]): Label => {
      return [key, name, description];
    });
    return [kind, labels] as const;
  });
  return {
    id,
    address,
    port,
    version,
    source,
    names: Object.fromEntries(names) as Record<NamedKind, Label[]>,
    samplers: [...facts.samplerRates],
  };
}
