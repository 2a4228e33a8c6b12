import type { ToldFacts, ToldNames } from "@flowtools/flowset";
import type { NamedFact, NamedKind } from "@flowtools/netflow-pdu";
import type { DomainLabels } from "../../label_feed.ts";

/** What exporters told of themselves until now, as expressions look it up: by their addresses. */
export class LabelNames implements ToldNames {
  readonly #byAddress = new Map<string, DomainFacts[]>();

  /**
   * Makes it.
   *
   * @param domains All that is remembered
   */
  constructor(domains: readonly DomainLabels[]) {
    for (const labels of domains) {
      const facts = new DomainFacts(labels);
      const siblings = this.#byAddress.get(labels.address);
      if (siblings === undefined) this.#byAddress.set(labels.address, [facts]);
      else siblings.push(facts);
    }
  }

  /** Neither files nor live flows know the template that their flows came with. */
  factsOf(): undefined {
    return undefined;
  }

  factsOfExporter(address: string): readonly ToldFacts[] {
    return this.#byAddress.get(address) ?? [];
  }

  *names(kind: NamedKind): Generator<NamedFact, void, undefined> {
    for (const domains of this.#byAddress.values()) {
      for (const facts of domains) yield* facts.names(kind).values();
    }
  }
}

/** What one domain told; maps are made of the kinds that are asked for. */
class DomainFacts implements ToldFacts {
  readonly #labels: DomainLabels;
  readonly #names = new Map<NamedKind, ReadonlyMap<string, NamedFact>>();

  constructor(labels: DomainLabels) {
    this.#labels = labels;
  }

  names(kind: NamedKind): ReadonlyMap<string, NamedFact> {
    let names = this.#names.get(kind);
    if (names === undefined) {
      names = new Map(
        this.#labels.names[kind].map(([key, name, description]) => [key, { name, description }]),
      );
      this.#names.set(kind, names);
    }
    return names;
  }
}
