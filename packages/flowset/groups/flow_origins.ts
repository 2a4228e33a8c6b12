import type { FlowSchema } from "@flowtools/flow-model";
import type { DomainFacts, TemplateSession } from "@flowtools/netflow-pdu";
import type { TemplateOrigin } from "../packets/packet_sessions.ts";

/** Knows where the templates of flows came from: `PacketSessions` do. */
export interface OriginLookup {
  /** Exporter and domain; nothing where flows came without a template. */
  originOf(schema: FlowSchema): TemplateOrigin | undefined;
}

/** The word of flows that came without a template. */
const NO_ORIGIN = 0;

/** Words for observation domains of exporters, which flows are grouped by to find names for them. */
export class FlowOrigins {
  readonly #origins: (TemplateOrigin | undefined)[] = [undefined];
  readonly #words = new Map<TemplateSession, Map<number, number>>();

  /** The word of flows of a shape. */
  wordOf(schema: FlowSchema, lookup: OriginLookup | undefined): number {
    const origin = lookup?.originOf(schema);
    if (origin === undefined) return NO_ORIGIN;
    let domains = this.#words.get(origin.session);
    if (domains === undefined) this.#words.set(origin.session, domains = new Map());
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
    return origin?.session.facts(origin.domain);
  }
}
