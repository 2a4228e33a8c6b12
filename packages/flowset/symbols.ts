import { FlowToolsError } from "@flowtools/flow-model";

/** A symbol table cannot be read. */
export class SymbolError extends FlowToolsError {}

/** What has names, and the start of the name of its file: `tcp-port` is read from `tcp-port.sym`. */
export type SymbolKind = "ip-prot" | "ip-type" | "tcp-port" | "asn" | "tag";

/** How many names of one value that a table repeats, in the compact form: `*1024`. */
const REPEAT = "*";
/** Where a run of values starts, in the compact form: `@64512`. */
const RUN = "@";
/** What stands between the words of the compact form. */
const SEPARATOR = "|";

/**
 * Names of numbers: protocols, ports, AS numbers, tags.
 *
 * Source of the file format: flow-tools `ftsym.c`.
 *
 * @example
 * ```ts
 * import { SymbolTable } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const table = SymbolTable.parse("# mine\n6 tcp\n0x11\tudp\n");
 * assertEquals(table.name(17), "udp");
 * assertEquals(table.value("TCP"), 6);
 * assertEquals(table.name(1), undefined);
 * ```
 */
export class SymbolTable {
  readonly #names: ReadonlyMap<number, string>;
  /** Values by name in lower case, made when first asked for. */
  #values: Map<string, number> | undefined;

  /**
   * Makes a table.
   *
   * @param names Name by value
   */
  constructor(names: ReadonlyMap<number, string>) {
    this.#names = names;
  }

  /**
   * Reads the text of a symbol file: a value (decimal, `0x…`, or octal with a leading 0), white
   * space, a name to the end of the line. Lines that begin with `#` are comments. Of several names
   * of a value the last one counts; what follows the digits of a value is not looked at, so that
   * `6.6` is 6, as in the reference.
   *
   * @param text The text
   * @param source What it was read from, for messages
   * @returns The table
   * @throws {SymbolError} A line has no value or no name
   */
  static parse(text: string, source = "symbol table"): SymbolTable {
    const names = new Map<number, string>();
    for (const [index, line] of text.split("\n").entries()) {
      const words = line.trim();
      if (words === "" || words.startsWith("#")) continue;
      const match = /^(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)\S*\s+(.+)$/i.exec(words);
      if (match === null) {
        throw new SymbolError(
          "bad-symbol",
          `Cannot read ${source}: line ${index + 1} is "${words}", expected a value and a name`,
        );
      }
      names.set(parseValue(match[1]), match[2]);
    }
    return new SymbolTable(names);
  }

  /**
   * Reads the compact form of the built-in tables: names of values that follow each other, where
   * `@N` sets the next value and `*N` repeats the name before it N times.
   *
   * @param text The text
   * @returns The table
   */
  static parseCompact(text: string): SymbolTable {
    const names = new Map<number, string>();
    let value = 0;
    let name = "";
    for (const word of text.split(SEPARATOR)) {
      if (word.startsWith(RUN)) {
        value = Number(word.slice(1));
      } else if (word.startsWith(REPEAT)) {
        for (let count = Number(word.slice(1)); count > 0; count--) names.set(value++, name);
      } else {
        name = word;
        names.set(value++, name);
      }
    }
    return new SymbolTable(names);
  }

  /** Values that have a name. */
  get size(): number {
    return this.#names.size;
  }

  /**
   * The name of a value.
   *
   * @param value The value
   * @returns The name, or `undefined` where it has none
   */
  name(value: number): string | undefined {
    return this.#names.get(value);
  }

  /**
   * The value of a name.
   *
   * @param name The name, in upper or lower case
   * @returns The first value of that name, or `undefined` where nothing is called so
   */
  value(name: string): number | undefined {
    if (this.#values === undefined) {
      this.#values = new Map();
      for (const [value, text] of this.#names) {
        const key = text.toLowerCase();
        if (!this.#values.has(key)) this.#values.set(key, value);
      }
    }
    return this.#values.get(name.toLowerCase());
  }

  /**
   * All names, in the order in which they were read.
   *
   * @returns Value and name
   */
  entries(): IterableIterator<[value: number, name: string]> {
    return this.#names.entries();
  }

  /**
   * The compact form, which `parseCompact` reads.
   *
   * @returns The text
   */
  toCompact(): string {
    const words: string[] = [];
    const sorted = [...this.#names].toSorted(([a], [b]) => a - b);
    let next = -1;
    let last: string | undefined;
    let repeats = 0;
    const endRepeats = () => {
      if (repeats > 0) words.push(`${REPEAT}${repeats}`);
      repeats = 0;
    };
    for (const [value, name] of sorted) {
      if (value === next && name === last) {
        repeats++;
      } else {
        endRepeats();
        if (value !== next) words.push(`${RUN}${value}`);
        words.push(name);
      }
      next = value + 1;
      last = name;
    }
    endRepeats();
    return words.join(SEPARATOR);
  }
}

function parseValue(digits: string): number {
  const octal = /^0\d/.test(digits);
  return (octal ? parseInt(digits, 8) : Number(digits)) >>> 0;
}

/** Where each built-in table is: it is loaded when it is first asked for. */
const BUILT_IN: Readonly<Record<SymbolKind, () => Promise<{ default: { names: string } }>>> = {
  "ip-prot": () => import("./data/ip-prot.json", { with: { type: "json" } }),
  "ip-type": () => import("./data/ip-type.json", { with: { type: "json" } }),
  "tcp-port": () => import("./data/tcp-port.json", { with: { type: "json" } }),
  "asn": () => import("./data/asn.json", { with: { type: "json" } }),
  "tag": () => import("./data/tag.json", { with: { type: "json" } }),
};

/** The kinds of symbols, which are also the names of their files, less `.sym`. */
export const SYMBOL_KINDS: readonly SymbolKind[] = Object.keys(BUILT_IN) as SymbolKind[];

const LOADED = new Map<SymbolKind, Promise<SymbolTable>>();

/**
 * The built-in names of one kind: those that flow-tools 0.68 is installed with, so that the same
 * names are printed and understood. AS names are those of ARIN's list of December 2008.
 *
 * @param kind What is named
 * @returns The table, loaded once
 *
 * @example
 * ```ts
 * import { builtInSymbols } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const ports = await builtInSymbols("tcp-port");
 * assertEquals(ports.name(443), "https");
 * assertEquals((await builtInSymbols("ip-prot")).value("UDP"), 17);
 * ```
 */
export function builtInSymbols(kind: SymbolKind): Promise<SymbolTable> {
  let table = LOADED.get(kind);
  if (table === undefined) {
    table = BUILT_IN[kind]().then((module) => SymbolTable.parseCompact(module.default.names));
    LOADED.set(kind, table);
  }
  return table;
}
