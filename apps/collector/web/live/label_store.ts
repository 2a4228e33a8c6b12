import { NAMED_KINDS, type NamedKind } from "@flowtools/netflow-pdu";
import type { DomainLabels, LabelChanges } from "../../label_feed.ts";
import { LABEL_DOMAINS_MAX, LABEL_NAMES_SHOWN } from "../limits.ts";

/** An exporter's stream, as snapshots tell it apart. */
export interface StreamKey {
  readonly address: string;
  readonly port: number;
  readonly version: string;
  readonly source: number;
}

/** What the options of an exporter's domain told, at a glance. */
export interface LabelSummary {
  /** How many names are known, by kind. */
  readonly names: Readonly<Record<NamedKind, number>>;
  /** How its samplers sample. */
  readonly samplers: readonly {
    readonly id: number;
    readonly name?: string;
    /** One packet in so many. */
    readonly rate: number;
  }[];
}

/** One name that an exporter told. */
export interface LabelRow extends StreamKey {
  readonly kind: NamedKind;
  readonly key: string;
  readonly name: string;
  readonly description: string;
}

/** A domain, and what is shown of its names, by kind, by number as text: made when first asked for. */
class Domain {
  readonly labels: DomainLabels;
  readonly #names = new Map<NamedKind, ReadonlyMap<string, string>>();

  constructor(labels: DomainLabels) {
    this.labels = labels;
  }

  name(kind: NamedKind, key: string): string | undefined {
    let names = this.#names.get(kind);
    if (names === undefined) {
      const shown = this.labels.names[kind].map(([key, name, description]) => {
        return [key, name || description] as const;
      });
      this.#names.set(kind, names = new Map(shown.filter(([, text]) => text !== "")));
    }
    return names.get(key);
  }
}

/**
 * The names that exporters told in their options: a copy of what the main thread remembers, within
 * its bounds.
 */
export class LabelStore {
  readonly #domains = new Map<number, Domain>();
  /** Domains by the address of their exporter, and by stream. */
  readonly #byAddress = new Map<string, Set<Domain>>();
  readonly #byStream = new Map<string, Domain>();

  /** Takes what has changed. */
  update({ changed, gone }: LabelChanges): void {
    for (const id of gone) this.#remove(id);
    for (const labels of changed) {
      this.#remove(labels.id);
      this.#add(labels);
    }
  }

  /**
   * What an exporter calls something, or any exporter. Domains mostly agree; where they do not, all
   * their names count.
   *
   * @param kind What it is
   * @param key Its number as text; of applications the octets of their id in hexadecimal
   * @param exporter The exporter's address; default any, of which {@linkcode LABEL_DOMAINS_MAX} are
   * looked at
   * @returns The name; `undefined` where none was told
   */
  nameOf(kind: NamedKind, key: string, exporter?: string): string | undefined {
    const domains = exporter === undefined
      ? this.#domains.values().take(LABEL_DOMAINS_MAX)
      : this.#byAddress.get(exporter) ?? [];
    const names = new Set<string>();
    for (const domain of domains) {
      const name = domain.name(kind, key);
      if (name !== undefined) names.add(name);
    }
    return names.size === 0 ? undefined : [...names].slice(0, LABEL_NAMES_SHOWN).join(" / ");
  }

  /** What the options of a stream's domain told; `undefined` where they told nothing. */
  summary(stream: StreamKey): LabelSummary | undefined {
    const labels = this.#byStream.get(streamText(stream))?.labels;
    if (labels === undefined) return undefined;
    const counts = NAMED_KINDS.map((kind) => [kind, labels.names[kind].length] as const);
    const called = new Map(labels.names.samplers.map(([key, name]) => [key, name]));
    return {
      names: Object.fromEntries(counts) as Record<NamedKind, number>,
      samplers: labels.samplers.map(([id, rate]) => {
        const name = called.get(String(id)) ?? "";
        return name === "" ? { id, rate } : { id, name, rate };
      }),
    };
  }

  /** All that every domain told. */
  *domains(): Generator<DomainLabels, void, undefined> {
    for (const { labels } of this.#domains.values()) yield labels;
  }

  /**
   * All names, or those of one exporter.
   *
   * @param kind Of what
   * @param exporter Its address; default all
   */
  *rows(kind: NamedKind, exporter?: string): Generator<LabelRow> {
    const domains = exporter === undefined
      ? this.#domains.values()
      : this.#byAddress.get(exporter) ?? [];
    for (const { labels: { address, port, version, source, names } } of domains) {
      for (const [key, name, description] of names[kind]) {
        yield { address, port, version, source, kind, key, name, description };
      }
    }
  }

  #add(labels: DomainLabels): void {
    const domain = new Domain(labels);
    this.#domains.set(labels.id, domain);
    this.#byStream.set(streamText(labels), domain);
    let siblings = this.#byAddress.get(labels.address);
    if (siblings === undefined) this.#byAddress.set(labels.address, siblings = new Set());
    siblings.add(domain);
  }

  #remove(id: number): void {
    const domain = this.#domains.get(id);
    if (domain === undefined) return;
    const { labels } = domain;
    this.#domains.delete(id);
    const stream = streamText(labels);
    // One that came in its place may be there already.
    if (this.#byStream.get(stream) === domain) this.#byStream.delete(stream);
    const siblings = this.#byAddress.get(labels.address);
    siblings?.delete(domain);
    if (siblings?.size === 0) this.#byAddress.delete(labels.address);
  }
}

function streamText({ address, port, version, source }: StreamKey): string {
  return `${address} ${port} ${version} ${source}`;
}
