import type { Flag, ParsedArguments } from "@flowtools/common/flags";
import { loadSymbols } from "@flowtools/common/load_symbols";
import type { GroupKeySpec, ToldLabels } from "@flowtools/flowset/groups";
import { type SymbolKind, SymbolTable } from "@flowtools/flowset/symbols";
import { wordsOf } from "./modern_flags.ts";
import { ReverseDns } from "./reverse_dns.ts";

/** What has names without the network. */
const LOCAL = "local";
const DNS = "dns";

/** Shows names in place of numbers. */
export const VALUE_NAMES_FLAG: Flag = {
  name: "names",
  letter: "N",
  value: "KINDS",
  group: "output",
  words: [LOCAL, DNS],
  list: true,
  bare: LOCAL,
  doc:
    "Names of protocols, ports, AS and tags, and those that exporters tell of interfaces, VRFs, " +
    "applications and samplers; with dns those of addresses too, asked for in reverse DNS",
};

/** Where names of AS come from. */
export const AS_NAMES_FLAG: Flag = {
  name: "as-names",
  value: "FILE",
  group: "output",
  doc: "Names of AS, as --names: lines of a number and a name (default: what --symbols has)",
};

/** Which names a call asks for. */
export interface NamesWanted {
  /** Those of tables, and those that exporters tell. */
  readonly local: boolean;
  /** Those of addresses, in reverse DNS. */
  readonly dns: boolean;
}

/** Reads which names a call asks for; names of AS that it has a file of are wanted. */
export function namesWanted(args: ParsedArguments): NamesWanted {
  const kinds = wordsOf(args, VALUE_NAMES_FLAG.name, [LOCAL, DNS]) ?? [];
  const file = args.value(AS_NAMES_FLAG.name) !== undefined;
  return { local: kinds.length > 0 || file, dns: kinds.includes(DNS) };
}

/** The protocol names that tables and applications always have. */
export type ProtocolNames = Pick<SymbolTable, "name">;

/** The names of values of keys. */
export class ValueNames {
  /** Names of protocols, which are there whether names were asked for or not. */
  readonly protocols: ProtocolNames;
  /** Whether names were asked for. */
  readonly wanted: boolean;
  readonly #tables: ReadonlyMap<string, SymbolTable>;
  readonly #dns: ReverseDns | undefined;
  readonly #told: ToldLabels | undefined;

  private constructor(
    protocols: SymbolTable,
    tables: ReadonlyMap<string, SymbolTable>,
    wanted: boolean,
    dns: ReverseDns | undefined,
    told: ToldLabels | undefined,
  ) {
    this.protocols = protocols;
    this.wanted = wanted;
    this.#tables = tables;
    this.#dns = dns;
    this.#told = told;
  }

  /**
   * Loads the names that a call asks for, of some keys.
   *
   * @param args The call
   * @param keys The keys that may have names
   * @param told The names that exporters told for values of these keys
   */
  static async load(
    args: ParsedArguments,
    keys: readonly GroupKeySpec[],
    told?: ToldLabels,
  ): Promise<ValueNames> {
    const wanted = namesWanted(args);
    const directory = args.value("symbols");
    const protocols = await loadSymbols("ip-prot", directory);
    const tables = new Map<string, SymbolTable>();
    if (wanted.local) {
      for (const kind of new Set(keys.flatMap(symbolsOf))) {
        const file = kind === "asn" ? args.value(AS_NAMES_FLAG.name) : undefined;
        const table = file === undefined
          ? await loadSymbols(kind, directory)
          : SymbolTable.parse(await Deno.readTextFile(file), file);
        tables.set(kind, table);
      }
    }
    const dns = wanted.dns ? new ReverseDns() : undefined;
    return new ValueNames(protocols, tables, wanted.local, dns, told);
  }

  /** The name of a number. */
  ofNumber(key: GroupKeySpec, value: number): string | undefined {
    const kind = symbolsOf(key)[0];
    return kind === undefined ? undefined : this.#tables.get(kind)?.name(value);
  }

  /** The name of the port of an application. */
  ofPort(port: number): string | undefined {
    return this.#tables.get("tcp-port")?.name(port);
  }

  /**
   * The name that exporters told for the value of a key.
   *
   * @param key The key's label
   * @param exporter The exporter of the group, where there is a key for it
   */
  ofTold(key: string, value: string | number, exporter: string | undefined): string | undefined {
    return this.#told?.name(key, value, exporter);
  }

  /** The name of an address, where it was looked up. */
  ofAddress(address: string): string | undefined {
    return this.#dns?.name(address);
  }

  /** Looks up the names of addresses, where these are wanted. */
  async lookUp(addresses: Iterable<string>): Promise<void> {
    await this.#dns?.lookUp(addresses);
    noteDns(this.#dns);
  }
}

/** Says on standard error why some addresses have no names, where that is not their own fault. */
export function noteDns(dns: ReverseDns | undefined): void {
  if (dns?.note !== undefined) console.error(`flowtools: reverse DNS: ${dns.note}`);
}

/** The names that are in tables. */
const SYMBOL_KEYS = ["ip-prot", "tcp-port", "asn", "tag"] as const satisfies readonly SymbolKind[];

/** The tables of names that the values of a key need. */
function symbolsOf({ kind, names }: GroupKeySpec): SymbolKind[] {
  if (kind === "application") return ["tcp-port"];
  const table = SYMBOL_KEYS.find((known) => known === names);
  return table === undefined ? [] : [table];
}
