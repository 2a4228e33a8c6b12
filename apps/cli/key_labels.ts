import {
  type GroupKeySpec,
  type GroupResult,
  hasToldNames,
  isExporterKey,
  PORT_PROTOCOLS,
  type TimeZone,
} from "@flowtools/flowset/groups";
import type { FlowSelectionInit } from "./flow_selection.ts";
import type { ValueNames } from "./value_names.ts";

/** What tables show where records do not have a key. */
const ABSENT = "-";

/** The letters of TCP flags, from the highest bit that version 5 has. */
const FLAG_LETTERS = "CEUAPRSF";

/** The texts of keys: for programs and for people. */
export class KeyLabels {
  readonly #result: GroupResult;
  readonly #names: ValueNames;
  readonly #zone: TimeZone;
  /** The key that tells exporters apart; -1 where there is none. */
  readonly #exporter: number;

  constructor(result: GroupResult, names: ValueNames, zone: TimeZone) {
    this.#result = result;
    this.#names = names;
    this.#zone = zone;
    this.#exporter = result.keys.findIndex(isExporterKey);
  }

  /**
   * A key as programs read it: text of addresses, times and octets, numbers of everything else; null
   * where records do not have it.
   */
  value(key: number, group: number): string | number | null {
    const { spec } = this.#result.keys[key];
    const word = this.#result.keyWord(key, group);
    if (spec.kind === "time") return isoText(word * 1000);
    if (spec.kind === "application") return this.#application(word, () => undefined);
    return this.#result.keyText(key, group) ?? null;
  }

  /** The name of a key, where names are wanted and it has one. */
  name(key: number, group: number): string | undefined {
    if (!this.#names.wanted) return undefined;
    const { spec, label } = this.#result.keys[key];
    const word = this.#result.keyWord(key, group);
    if (hasToldNames(this.#result.keys[key])) {
      const value = this.#result.keyText(key, group);
      const exporter = this.#exporter < 0
        ? undefined
        : String(this.#result.keyText(this.#exporter, group));
      return value === undefined ? undefined : this.#names.ofTold(label, value, exporter);
    }
    if (spec.kind === "application") {
      const name = this.#application(word, (port) => this.#names.ofPort(port));
      return name === this.value(key, group) ? undefined : name;
    }
    if (spec.kind === "address") {
      return this.#names.ofAddress(String(this.#result.keyText(key, group)));
    }
    return this.#names.ofNumber(spec, word);
  }

  /** A key as people read it; nothing where it is what programs read. */
  shown(key: number, group: number): string | undefined {
    const { spec, every = 1 } = this.#result.keys[key];
    const word = this.#result.keyWord(key, group);
    if (spec.kind === "time") return timeText(this.#zone, word * 1000, every);
    if (spec.name === "prot") return this.#names.protocols.name(word);
    if (spec.name === "tcp_flags") return flagsText(word);
    if (this.value(key, group) === null) return ABSENT;
    return this.name(key, group);
  }

  /** Looks up the names of the addresses of groups, where these are wanted. */
  async lookUp(groups: Iterable<number>): Promise<void> {
    const addresses: string[] = [];
    for (const group of groups) {
      for (const [key, { spec }] of this.#result.keys.entries()) {
        if (spec.kind === "address") addresses.push(String(this.#result.keyText(key, group)));
      }
    }
    await this.#names.lookUp(addresses);
  }

  #application(word: number, portName: (port: number) => string | undefined): string {
    const protocol = word >>> 16;
    const name = this.#names.protocols.name(protocol) ?? String(protocol);
    if (!PORT_PROTOCOLS.has(protocol)) return name;
    const port = word & 0xffff;
    return `${name}/${portName(port) ?? port}`;
  }
}

/** A moment as programs read it: UTC, whole seconds without a fraction. */
export function isoText(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

/** The time that flows were asked for, as documents tell it: null where an end is open. */
export function windowJson(
  { since, until }: FlowSelectionInit,
): { readonly since: string | null; readonly until: string | null } {
  const text = (ms: number | undefined) => ms === undefined ? null : isoText(ms);
  return { since: text(since), until: text(until) };
}

/** When a span of time begins, as precise as its length asks for. */
export function timeText(zone: TimeZone, ms: number, every: number): string {
  const text = zone.text(ms);
  if (every % 86_400 === 0) return text.slice(0, 10);
  return every % 60 === 0 ? text.slice(0, 16) : text;
}

function flagsText(flags: number): string {
  return [...FLAG_LETTERS].map((letter, at) => flags & (0x80 >> at) ? letter : ".").join("");
}

/** Whether a key may be long: an address, or the name that it has. */
export function isElasticKey({ kind }: GroupKeySpec): boolean {
  return kind !== "time" && kind !== "class";
}

/** Whether a key is text at the left of its column, or a number at the right. */
export function isTextKey({ kind, name }: GroupKeySpec): boolean {
  return ["address", "network", "application", "time", "element"].includes(kind) ||
    ["prot", "tcp_flags", "router_sc"].includes(name);
}
