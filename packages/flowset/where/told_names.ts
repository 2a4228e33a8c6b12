import type { FlowSchema } from "@flowtools/flow-model";
import type { NamedFact, NamedKind } from "@flowtools/netflow-pdu";

/** What one exporter, or one observation domain of it, told in its options: `DomainFacts` is such. */
export interface ToldFacts {
  /** Everything of a kind that has a name, by number as text, as of `DomainFacts.names`. */
  names(kind: NamedKind): ReadonlyMap<string, NamedFact>;
}

/**
 * What exporters call interfaces, VRFs, applications and samplers: `PacketSessions` are such.
 */
export interface ToldNames {
  /** What the exporter of flows told in its options; nothing where that is not known. */
  factsOf(schema: FlowSchema): ToldFacts | undefined;
  /**
   * What the domains of an exporter told, by its address: for expressions that were compiled with
   * `exporterNames: "by-address"`.
   */
  factsOfExporter?(address: string): readonly ToldFacts[];
  /** Everything of a kind that some exporter named. */
  names(kind: NamedKind): Iterable<NamedFact>;
}

/** What exporters told, as long as rows are selected: tests of names look it up here. */
export interface NamesAtHand {
  /** What they told. */
  told: ToldNames | undefined;
}

/** What stands in the place of fields that records would need, and one of the names in messages. */
export const TOLD_NAMES: Readonly<
  Record<NamedKind, { readonly all: string; readonly one: string }>
> = {
  interfaces: { all: "interface names", one: "interface" },
  vrfs: { all: "VRF names", one: "VRF" },
  applications: { all: "application names", one: "application" },
  samplers: { all: "sampler names", one: "sampler" },
};

const NEEDS: ReadonlySet<string> = new Set(Object.values(TOLD_NAMES).map(({ all }) => all));

/**
 * Whether flows of a shape may have what a condition needs: a field, an element, or names that only
 * exporters with templates tell.
 */
export function mayHave(schema: FlowSchema, need: string): boolean {
  if (schema.has(need)) return true;
  const { reader } = schema;
  return reader !== undefined && (NEEDS.has(need) || reader.names.includes(need));
}
