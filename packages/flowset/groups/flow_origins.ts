import type { FlowSchema } from "@flowtools/flow-model";
import type { DomainFacts, FactOrigin, FactSource } from "@flowtools/netflow-pdu";

/** Knows where the templates of flows came from: `PacketSessions` do. */
export interface OriginLookup {
  /** Exporter and domain; nothing where flows came without a template. */
  originOf(schema: FlowSchema): FactOrigin | undefined;
}

/** The word of flows that came without a template. */
const NO_ORIGIN = 0;

/** Words for observation domains of exporters, which flows are grouped by to find names for them. */
export class FlowOrigins {
  readonly #origins: (FactOrigin | undefined)[] = [undefined];
  readonly #words = new Map<FactSource, Map<number, number>>();

  /** The word of flows of a shape. */
  wordOf(schema: FlowSchema, lookup: OriginLookup | undefined): number {
    const origin = lookup?.originOf(schema);
    if (origin === undefined) return NO_ORIGIN;
    let domains = this.#words.get(origin.source);
    if (domains === undefined) this.#words.set(origin.source, domains = new Map());
    let word = domains.get(origin.domain);
    if (word === undefined) {
      word = this.#origins.push(origin) - 1;
      domains.set(origin.domain, word);
    }
    return word;
  }

  /** What the exporter of a word has told, by now. */
  factsOf(word: number): DomainFacts | undefined {
    const origin = this.#origins[word];
    return origin?.source.facts(origin.domain);
  }
}
