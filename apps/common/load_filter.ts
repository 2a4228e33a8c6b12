import {
  type FilterConfig,
  type FilterConfigOptions,
  type FilterSymbols,
  parseFilterConfig,
  type SymbolKind,
  type SymbolLookup,
  type SymbolTable,
} from "@flowtools/flowset/select";
import type { ConfigFile } from "./config_file.ts";
import { loadSymbols } from "./load_symbols.ts";

/** The symbol file of each kind of name. */
const SYMBOL_FILES: readonly (readonly [keyof FilterSymbols, SymbolKind])[] = [
  ["protocol", "ip-prot"],
  ["port", "tcp-port"],
  ["as", "asn"],
  ["tag", "tag"],
];

/** A name was met whose table is not loaded. */
class TableNeeded extends Error {
  readonly kind: SymbolKind;

  constructor(kind: SymbolKind) {
    super(`The names of ${kind} are needed`);
    this.kind = kind;
  }
}

/**
 * Reads a filter configuration with the names of protocols, ports, AS numbers and tags, of which
 * only the tables that it uses are loaded: reading begins again when one is missing.
 *
 * @param symbols The directory of symbol files, where a flag names one
 */
export async function loadFilterConfig(
  { path, text }: ConfigFile,
  options: Omit<FilterConfigOptions, "file" | "symbols">,
  symbols?: string,
): Promise<FilterConfig> {
  const loaded = new Map<SymbolKind, SymbolTable>();
  const lookup = (kind: SymbolKind): SymbolLookup => (name) => {
    const table = loaded.get(kind);
    if (table === undefined) throw new TableNeeded(kind);
    return table.value(name);
  };
  const lookups = SYMBOL_FILES.map(([name, kind]) => [name, lookup(kind)]);
  const warnings: string[] = [];
  while (true) {
    warnings.length = 0;
    try {
      const config = parseFilterConfig(text, {
        ...options,
        file: path,
        symbols: Object.fromEntries(lookups),
        warn: (message) => warnings.push(message),
      });
      for (const warning of warnings) options.warn?.(warning);
      return config;
    } catch (error) {
      if (!(error instanceof TableNeeded)) throw error;
      loaded.set(error.kind, await loadSymbols(error.kind, symbols));
    }
  }
}
