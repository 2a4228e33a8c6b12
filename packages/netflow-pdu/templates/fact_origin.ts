import type { InformationElement } from "../elements/element.ts";
import type { DomainFacts } from "./domain_facts.ts";

/** Elements that an exporter described (RFC 5610). */
export interface DescribedElements extends Iterable<InformationElement> {
  /** Another number whenever an element was described anew. */
  readonly revision: number;
}

/** What remembers the options of an exporter; a `TemplateSession` does. */
export interface FactSource {
  /** Elements that it described. */
  readonly elements: DescribedElements;
  /**
   * What the options records of a domain told.
   *
   * @param domain Observation domain
   * @returns The facts; `undefined` where nothing was heard of the domain
   */
  facts(domain: number): DomainFacts | undefined;
}

/** Where records came from: what knows the names of their interfaces, applications and elements. */
export interface FactOrigin {
  /** The memory of their exporter. */
  readonly source: FactSource;
  /** Their observation domain. */
  readonly domain: number;
}
