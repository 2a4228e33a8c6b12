import type { NamedKind } from "@flowtools/netflow-pdu";
import { labelText } from "../packets/flow_labels.ts";
import type { FlowOrigins } from "./flow_origins.ts";
import type { GroupKeyNames } from "./group_keys.ts";
import type { GroupResult } from "./group_result.ts";
import type { GroupKey } from "./parse_keys.ts";

const TOLD_KINDS: readonly GroupKeyNames[] = ["interfaces", "vrfs", "applications", "samplers"];

/** What exporters tell names of, where the values of a key are such. */
export function toldKind(names: GroupKeyNames | undefined): NamedKind | undefined {
  return names !== undefined && TOLD_KINDS.includes(names) ? names as NamedKind : undefined;
}

/** Whether flows have to be grouped by where their templates came from, to find names of a key. */
export function hasToldNames({ spec }: GroupKey): boolean {
  return toldKind(spec.names) !== undefined;
}

/** The key that tells exporters apart: addresses that are not cut to networks. */
export function isExporterKey({ spec, lengths }: GroupKey): boolean {
  return spec.name === "exaddr" && lengths === undefined;
}

/**
 * The names that exporters tell for values of keys.
 *
 * A value has a name where all exporters whose flows have it call it the same: interface 3 of two
 * routers is two interfaces. Where flows are grouped by exporter, those of that exporter count.
 */
export class ToldLabels {
  readonly #groups: GroupResult;
  readonly #origins: FlowOrigins;
  readonly #origin: number;
  readonly #exporter: number;
  readonly #names = new Map<string, ReadonlyMap<string, string | undefined>>();

  /**
   * Finds names in groups.
   *
   * @param groups The groups, of which the last key is that of origins
   * @param origins What the words of that key mean
   */
  constructor(groups: GroupResult, origins: FlowOrigins) {
    this.#groups = groups;
    this.#origins = origins;
    this.#origin = groups.keys.length - 1;
    this.#exporter = groups.keys.findIndex(isExporterKey);
  }

  /**
   * The name of a value of a key.
   *
   * @param label The key
   * @param value The value, as `GroupResult.keyText` gives it
   * @param exporter The exporter of the group, where there is a key for it
   * @returns The name; `undefined` where exporters tell none, or do not agree
   */
  name(label: string, value: string | number, exporter: string | undefined): string | undefined {
    let names = this.#names.get(label);
    if (names === undefined) this.#names.set(label, names = this.#find(label));
    return names.get(idOf(value, this.#exporter < 0 ? undefined : exporter));
  }

  #find(label: string): ReadonlyMap<string, string | undefined> {
    const names = new Map<string, string | undefined>();
    const key = this.#groups.keys.findIndex((candidate) => candidate.label === label);
    const kind = key < 0 ? undefined : toldKind(this.#groups.keys[key].spec.names);
    if (kind === undefined) return names;
    const exporter = this.#exporter;
    const keys = exporter < 0 ? [key, this.#origin] : [key, exporter, this.#origin];
    const { result } = this.#groups.project(keys);
    for (let group = 0; group < result.size; group++) {
      const value = result.keyText(0, group);
      if (value === undefined) continue;
      const address = exporter < 0 ? undefined : String(result.keyText(1, group));
      const facts = this.#origins.factsOf(result.keyWord(keys.length - 1, group));
      const name = labelText(facts?.name(kind, value));
      const id = idOf(value, address);
      names.set(id, names.has(id) && names.get(id) !== name ? undefined : name);
    }
    return names;
  }
}

function idOf(value: string | number, exporter: string | undefined): string {
  return exporter === undefined ? String(value) : `${exporter} ${value}`;
}
