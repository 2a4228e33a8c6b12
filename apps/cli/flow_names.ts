import { FLOW_FIELDS, type FlowSchema } from "@flowtools/flow-model";
import type { ParsedArguments } from "@flowtools/common/flags";
import { loadSymbols } from "@flowtools/common/load_symbols";
import { type SymbolKind, SymbolTable } from "@flowtools/flowset/select";
import type { LabelledFlow } from "./render/labelled_flow.ts";
import { ReverseDns } from "./reverse_dns.ts";
import { AS_NAMES_FLAG, namesWanted, noteDns } from "./value_names.ts";

/** The attributes of flows that have names in tables, with what these are. */
const NAMED: Readonly<Record<string, SymbolKind>> = {
  prot: "ip-prot",
  srcport: "tcp-port",
  dstport: "tcp-port",
  src_as: "asn",
  dst_as: "asn",
  src_tag: "tag",
  dst_tag: "tag",
};

/** The attributes that have names in reverse DNS. */
const ADDRESSES: readonly string[] = FLOW_FIELDS.filter(({ kind }) => kind === "address")
  .map(({ name }) => name);

/** The names of values of flows. */
export class FlowNames {
  /** The attributes that may have names. */
  readonly attributes: readonly string[];
  readonly #tables: ReadonlyMap<SymbolKind, SymbolTable>;
  readonly #dns: ReverseDns | undefined;

  /**
   * @param tables Names of numbers
   * @param dns Names of addresses, where they are wanted
   */
  constructor(tables: ReadonlyMap<SymbolKind, SymbolTable>, dns?: ReverseDns) {
    this.#tables = tables;
    this.#dns = dns;
    this.attributes = [...Object.keys(NAMED), ...dns === undefined ? [] : ADDRESSES];
  }

  /** Loads the names, where a call asks for them. */
  static async load(args: ParsedArguments): Promise<FlowNames | undefined> {
    const wanted = namesWanted(args);
    if (!wanted.local) return undefined;
    const tables = new Map<SymbolKind, SymbolTable>();
    for (const kind of new Set(Object.values(NAMED))) {
      const file = kind === "asn" ? args.value(AS_NAMES_FLAG.name) : undefined;
      const table = file === undefined
        ? await loadSymbols(kind, args.value("symbols"))
        : SymbolTable.parse(await Deno.readTextFile(file), file);
      tables.set(kind, table);
    }
    return new FlowNames(tables, wanted.dns ? new ReverseDns() : undefined);
  }

  /** Whether there are names that are to be looked up before they are shown. */
  get areLookedUp(): boolean {
    return this.#dns !== undefined;
  }

  /**
   * Looks up the names of addresses of flows.
   *
   * @param flows The flows
   * @param shown The attributes that are shown of flows of a shape; nothing for all
   */
  async lookUp(
    flows: readonly LabelledFlow[],
    shown: (schema: FlowSchema) => readonly string[] | undefined,
  ): Promise<void> {
    const addresses = flows.flatMap((flow) => {
      const attributes = shown(flow.schema) ?? ADDRESSES;
      return ADDRESSES.filter((name) => attributes.includes(name)).map((name) => flow.value(name));
    });
    await this.#dns?.lookUp(addresses.filter((address) => typeof address === "string"));
  }

  /** The name of a value; of an address as soon as it was looked up. */
  name(attribute: string, value: unknown): string | undefined {
    if (typeof value === "string") {
      return ADDRESSES.includes(attribute) ? this.#dns?.name(value) : undefined;
    }
    const kind = NAMED[attribute];
    return kind === undefined || typeof value !== "number"
      ? undefined
      : this.#tables.get(kind)?.name(value);
  }

  /** The names of some attributes of a flow, where they have one. */
  of(flow: LabelledFlow, attributes: readonly string[]): Record<string, string> {
    const names: Record<string, string> = {};
    for (const attribute of attributes) {
      if (!this.attributes.includes(attribute)) continue;
      const name = this.name(attribute, flow.value(attribute));
      if (name !== undefined) names[attribute] = name;
    }
    return names;
  }

  /** Says on standard error, when all are shown, why some addresses have no names. */
  finish(): void {
    noteDns(this.#dns);
  }
}
