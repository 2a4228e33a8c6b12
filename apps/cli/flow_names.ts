import type { ParsedArguments } from "@flowtools/common/flags";
import { loadSymbols } from "@flowtools/common/load_symbols";
import { type SymbolKind, SymbolTable } from "@flowtools/flowset/select";
import type { LabelledFlow } from "./render/labelled_flow.ts";
import { AS_NAMES_FLAG } from "./value_names.ts";

/** The attributes of flows that have names, with what these are. */
const NAMED: Readonly<Record<string, SymbolKind>> = {
  prot: "ip-prot",
  srcport: "tcp-port",
  dstport: "tcp-port",
  src_as: "asn",
  dst_as: "asn",
  src_tag: "tag",
  dst_tag: "tag",
};

/** The names of values of flows. */
export class FlowNames {
  readonly #tables: ReadonlyMap<SymbolKind, SymbolTable>;

  private constructor(tables: ReadonlyMap<SymbolKind, SymbolTable>) {
    this.#tables = tables;
  }

  /** Loads the names, where a call asks for them. */
  static async load(args: ParsedArguments): Promise<FlowNames | undefined> {
    if (!args.on("names")) return undefined;
    const tables = new Map<SymbolKind, SymbolTable>();
    for (const kind of new Set(Object.values(NAMED))) {
      const file = kind === "asn" ? args.value(AS_NAMES_FLAG.name) : undefined;
      const table = file === undefined
        ? await loadSymbols(kind, args.value("symbols"))
        : SymbolTable.parse(await Deno.readTextFile(file), file);
      tables.set(kind, table);
    }
    return new FlowNames(tables);
  }

  /** The name of a value. */
  name(attribute: string, value: unknown): string | undefined {
    const kind = NAMED[attribute];
    return kind === undefined || typeof value !== "number"
      ? undefined
      : this.#tables.get(kind)?.name(value);
  }

  /** The names of some attributes of a flow, where they have one. */
  of(flow: LabelledFlow, attributes: readonly string[]): Record<string, string> {
    const names: Record<string, string> = {};
    for (const attribute of attributes) {
      if (NAMED[attribute] === undefined) continue;
      const name = this.name(attribute, flow.value(attribute));
      if (name !== undefined) names[attribute] = name;
    }
    return names;
  }

  /** The attributes that may have names. */
  static readonly attributes: readonly string[] = Object.keys(NAMED);
}
