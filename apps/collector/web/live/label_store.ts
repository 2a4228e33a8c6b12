import { NAMED_KINDS, type NamedKind } from "@flowtools/netflow-pdu";
import type { DomainLabels, LabelChanges } from "../../label_feed.ts";
import { LABEL_NAMES_SHOWN } from "../limits.ts";

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

/** A domain, its interfaces by their numbers. */
interface Domain {
  readonly labels: DomainLabels;
  readonly interfaces: ReadonlyMap<string, string>;
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
   * What an exporter calls an interface. Its domains mostly agree; where they do not, all their
   * names count.
   *
   * @param exporter The exporter's address
   * @param ifIndex The number of the interface
   * @returns The name; `undefined` where none was told
   */
  interfaceName(exporter: string, ifIndex: number): string | undefined {
    const names = new Set<string>();
    for (const { interfaces } of this.#byAddress.get(exporter) ?? []) {
      const name = interfaces.get(String(ifIndex));
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
    const interfaces = labels.names.interfaces.map(([key, name, description]) => {
      return [key, name || description] as const;
    }).filter(([, text]) => text !== "");
    const domain = { labels, interfaces: new Map(interfaces) };
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
