import {
  compileWhere,
  type FilterConfig,
  type SymbolKind,
  type SymbolTable,
  type Where,
  type WhereNames,
  type WhereSymbols,
} from "@flowtools/flowset/select";
import type { WhereElementNames } from "@flowtools/flowset";
import { readConfigFile } from "./config_file.ts";
import { loadFilterConfig } from "./load_filter.ts";
import { loadSymbols } from "./load_symbols.ts";

/** An expression and what it is read with: plain data, so that other threads can be told. */
export interface WhereInit {
  /** The expression. */
  readonly expression: string;
  /** The filter configuration that `filter NAME` looks in; default that of nfilter. */
  readonly filterFile?: string;
  /** What `@NAME` stands for in it. */
  readonly variables?: ReadonlyMap<string, string>;
  /** The directory of symbol files. */
  readonly symbols?: string;
  /** The time zone of times without one; default local. */
  readonly timeZone?: string;
  /** Unix time in ms that `-1h` starts from, the same in all threads. */
  readonly nowMs: number;
  /** Whether names of interfaces hold for flows that tell no more than their exporter's address. */
  readonly namesByAddress?: boolean;
  /**
   * Only fields of flow-tools records can be asked for: neither further elements nor names that
   * exporters told, for who cannot look these up.
   */
  readonly fieldsOnly?: boolean;
}

/** The symbol file of each kind of name. */
const SYMBOL_FILES: readonly (readonly [keyof WhereSymbols, SymbolKind])[] = [
  ["protocol", "ip-prot"],
  ["port", "tcp-port"],
  ["as", "asn"],
  ["tag", "tag"],
];

/** Something was named whose file is not loaded. */
class FileNeeded extends Error {
  readonly file: SymbolKind | "filter" | "elements";

  constructor(file: SymbolKind | "filter" | "elements") {
    super(`The file of ${file} is needed`);
    this.file = file;
  }
}

/**
 * Compiles an expression with the names and filter definitions that it uses. Only the files that
 * it needs are loaded: reading begins again when one is missing.
 *
 * @param init The expression, and what it is read with
 * @param warn Told what is odd in the filter configuration
 * @throws {WhereError} The text is no expression
 * @throws {ConfigError} The filter configuration is none
 * @throws {UsageError} There is no filter configuration
 */
export async function loadWhere(
  init: WhereInit,
  warn: (message: string) => void = (message) => console.error(`flowtools: ${message}`),
): Promise<Where> {
  const { expression, timeZone, nowMs, namesByAddress, fieldsOnly = false } = init;
  const tables = new Map<SymbolKind, SymbolTable>();
  let filters: FilterConfig | undefined;
  let elements: WhereElementNames | undefined;
  const names = (kind: SymbolKind): WhereNames => {
    const table = () => {
      const loaded = tables.get(kind);
      if (loaded === undefined) throw new FileNeeded(kind);
      return loaded;
    };
    return { value: (name) => table().value(name), entries: () => table().entries() };
  };
  const symbols: WhereSymbols = Object.fromEntries(
    SYMBOL_FILES.map(([name, kind]) => [name, names(kind)]),
  );
  const lookup = {
    get names() {
      if (filters === undefined) throw new FileNeeded("filter");
      return filters.names;
    },
    filter: (name: string) => filters!.filter(name),
  };
  const registry: WhereElementNames = {
    findNames: (name) => {
      if (elements === undefined) throw new FileNeeded("elements");
      return elements.findNames(name);
    },
    [Symbol.iterator]: () => (elements ?? [])[Symbol.iterator](),
  };
  const options = {
    symbols,
    filters: lookup,
    ...(fieldsOnly
      ? {}
      : { registry, exporterNames: namesByAddress === true ? "by-address" as const : true }),
    timeZone,
    nowMs,
  };
  while (true) {
    try {
      return compileWhere(expression, options);
    } catch (error) {
      if (!(error instanceof FileNeeded)) throw error;
      if (error.file === "elements") {
        // Thousands of names: who asks for none of them need not wait for them.
        const { createElementRegistry } = await import("@flowtools/netflow-pdu");
        elements = createElementRegistry();
      } else if (error.file === "filter") filters = await loadFilters(init, warn);
      else tables.set(error.file, await loadSymbols(error.file, init.symbols));
    }
  }
}

async function loadFilters(
  { filterFile, variables, symbols, nowMs }: WhereInit,
  warn: (message: string) => void,
): Promise<FilterConfig> {
  const file = await readConfigFile(filterFile, "filter");
  return await loadFilterConfig(file, {
    variables,
    nowSecs: Math.floor(nowMs / 1000),
    warn,
  }, symbols);
}
