import { oneOf } from "../config/one_of.ts";
import { ConfigError } from "../config/error.ts";
import type { ConfigLine, ConfigWord } from "../config/lexer.ts";
import { scanUnsigned, type SymbolLookup } from "../config/numbers.ts";
import { type Keyword, NamedEntries, readSections } from "../config/sections.ts";
import type { ConfigVariables } from "../config/variables.ts";
import { FlowFilter } from "./flow_filter.ts";
import { MATCH_TYPES, type MatchType } from "./matches.ts";
import {
  newPrimitive,
  type Primitive,
  PRIMITIVE_TYPES,
  type PrimitiveContext,
  type PrimitiveType,
} from "./primitive.ts";
import { seededRandom } from "./narrow_sample.ts";

/** Names that a filter configuration may use for numbers. */
export interface FilterSymbols {
  /** Protocols, such as `tcp`. */
  readonly protocol?: SymbolLookup;
  /** Ports, such as `smtp`. */
  readonly port?: SymbolLookup;
  /** AS numbers. */
  readonly as?: SymbolLookup;
  /** Tags. */
  readonly tag?: SymbolLookup;
}

/** How to read a filter configuration. */
export interface FilterConfigOptions {
  /** Name of the file, for messages; default `filter configuration`. */
  readonly file?: string;
  /** What `@NAME` stands for. */
  readonly variables?: ConfigVariables;
  /** Names of numbers; default none. */
  readonly symbols?: FilterSymbols;
  /** Unix time that dates such as `2 hours ago` start from; default now. */
  readonly nowSecs?: number;
  /** Seed of `random-sample`; default another one each time. */
  readonly seed?: number;
  /** Told what is legal, but probably not meant: lines that override others. */
  readonly warn?: (message: string) => void;
}

/** One `match` line. */
interface Match {
  readonly type: ConfigWord;
  readonly primitive: ConfigWord;
}

interface Definition {
  readonly name: ConfigWord;
  readonly groups: Match[][];
  inverted: boolean;
  /** The next match begins a group. */
  atGroup: boolean;
}

/** What has been read so far. */
interface State {
  readonly primitives: NamedEntries<Primitive>;
  readonly definitions: NamedEntries<Definition>;
  readonly context: PrimitiveContext;
  primitive?: Primitive;
  definition?: Definition;
}

const PRIMITIVE = "primitive";
const DEFINITION = "definition";

const TYPES: Readonly<Record<string, PrimitiveType>> = Object.fromEntries(
  PRIMITIVE_TYPES.map((type) => [type.name, type]),
);

const MODES: Readonly<Record<string, boolean>> = { permit: true, deny: false };

const MATCHES: ReadonlyMap<string, MatchType> = new Map(
  MATCH_TYPES.flatMap((type) => [type.name, type.alias ?? type.name].map((name) => [name, type])),
);

/** The type of the current primitive, which has to be known by now. */
function typeOf(line: ConfigLine, primitive: Primitive): PrimitiveType {
  if (primitive.type !== undefined) return primitive.type;
  const state = `primitive "${primitive.name.text}" has no type yet`;
  return line.fail(line.position(), state, 'a line "type" before this');
}

function readEntry(line: ConfigLine, { primitive, context }: State, passes: boolean): void {
  const type = typeOf(line, primitive!);
  type.read(line, primitive!, passes, { context, type });
}

/** The language. */
const KEYWORDS: readonly Keyword<State>[] = [
  {
    name: "filter-primitive",
    opens: PRIMITIVE,
    read: (line, state) => {
      const name = line.expect("a name");
      state.primitive = state.primitives.define(name, newPrimitive(name));
    },
  },
  {
    name: "type",
    within: [PRIMITIVE],
    read: (line, { primitive }) => {
      const position = line.position();
      const type = line.expectOneOf("type", TYPES);
      if (primitive!.type !== undefined) line.fail(position, "the type is set before", "one type");
      primitive!.type = type;
      primitive!.contents.table = new Uint8Array(type.size ?? 0);
    },
  },
  { name: "permit", within: [PRIMITIVE], read: (line, state) => readEntry(line, state, true) },
  { name: "deny", within: [PRIMITIVE], read: (line, state) => readEntry(line, state, false) },
  {
    name: "default",
    within: [PRIMITIVE],
    read: (line, { primitive, context }) => {
      const type = typeOf(line, primitive!);
      const others = line.expectOneOf("default", MODES);
      if (type.noDefault === true) context.warn(`primitive of type ${type.name} has no default`);
      primitive!.contents.others = others;
    },
  },
  {
    name: "mask",
    within: [PRIMITIVE],
    read: (line, { primitive }) => {
      const type = typeOf(line, primitive!);
      const word = line.expect("a mask");
      if (type.maskable !== true) {
        const maskable = PRIMITIVE_TYPES.filter((row) => row.maskable).map(({ name }) => name);
        line.fail(word, `type ${type.name} has no mask`, `type ${maskable.join(" or ")}`);
      }
      primitive!.contents.mask = scanUnsigned(word.text) & 0xff;
    },
  },
  {
    name: "filter-definition",
    opens: DEFINITION,
    read: (line, state) => {
      const name = line.expect("a name");
      const definition = { name, groups: [], inverted: false, atGroup: true };
      state.definition = state.definitions.define(name, definition);
    },
  },
  {
    name: "match",
    within: [DEFINITION],
    read: (line, { definition }) => {
      const type = line.expect("what to match");
      const primitive = line.expect("the name of a primitive");
      if (definition!.atGroup) definition!.groups.push([]);
      definition!.atGroup = false;
      definition!.groups.at(-1)!.push({ type, primitive });
    },
  },
  {
    name: "or",
    within: [DEFINITION],
    read: (_line, { definition }) => {
      definition!.atGroup = true;
    },
  },
  {
    name: "invert",
    within: [DEFINITION],
    read: (_line, { definition }) => {
      definition!.inverted = true;
    },
  },
];

/** The filters that a configuration defines; {@linkcode parseFilterConfig} makes it. */
export class FilterConfig {
  readonly #file: string;
  readonly #filters: NamedEntries<() => FlowFilter>;

  /**
   * Makes a configuration.
   *
   * @param file Its name, for messages
   * @param filters How to make each filter
   * @ignore
   */
  constructor(file: string, filters: NamedEntries<() => FlowFilter>) {
    this.#file = file;
    this.#filters = filters;
  }

  /** The names of the definitions, in order. */
  get names(): readonly string[] {
    return this.#filters.names;
  }

  /**
   * Makes the filter of a definition.
   *
   * @param name The definition, in upper or lower case
   * @returns A filter with memory of its own
   * @throws {ConfigError} There is no such definition
   */
  filter(name: string): FlowFilter {
    return this.#filters.resolve({ text: name, file: this.#file, line: 1, column: 1 })();
  }
}

/**
 * Reads a filter configuration as `flow-nfilter` does: primitives say which values pass,
 * definitions which fields have to pass which primitives.
 *
 * Source: flow-tools `ftfil.c`.
 *
 * @param text What the file says
 * @param options Name, variables, symbols
 * @returns The filters, checked whole
 * @throws {ConfigError} The text is no filter configuration, with place and what was expected
 *
 * @example
 * ```ts
 * import { parseFilterConfig } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseFilterConfig(`
 * filter-primitive WEB
 *   type ip-port
 *   permit @{PORT:-80},443
 * filter-definition web
 *   match ip-source-port WEB
 *   or
 *   match ip-destination-port WEB
 * `, { variables: new Map([["PORT", "8080"]]) });
 * assertEquals(config.names, ["web"]);
 * assertEquals(config.filter("web").columns, ["srcport", "dstport"]);
 * ```
 */
export function parseFilterConfig(text: string, options: FilterConfigOptions = {}): FilterConfig {
  const { file = "filter configuration", variables = new Map(), symbols = {} } = options;
  const none = () => undefined;
  const tag = symbols.tag ?? none;
  const state: State = {
    primitives: new NamedEntries("filter-primitive"),
    definitions: new NamedEntries("filter-definition"),
    context: {
      symbols: {
        protocol: symbols.protocol ?? none,
        port: symbols.port ?? none,
        as: (name) => tag(name) ?? symbols.as?.(name),
        tag,
      },
      nowSecs: options.nowSecs,
      warn: options.warn ?? (() => {}),
    },
  };
  readSections({ file, text, variables }, KEYWORDS, state);
  const random = options.seed === undefined ? Math.random : seededRandom(options.seed);
  const filters = new NamedEntries<() => FlowFilter>("filter-definition");
  for (const { name, groups, inverted } of state.definitions.values) {
    const makers = groups.map((group) => group.map((match) => resolveMatch(match, state)));
    const make = () =>
      new FlowFilter(makers.map((group) => group.map((test) => test(random))), inverted);
    filters.define(name, make);
  }
  return new FilterConfig(file, filters);
}

/** Finds what a match names, and makes sure that it fits. */
function resolveMatch({ type, primitive }: Match, { primitives }: State) {
  const match = MATCHES.get(type.text.toLowerCase());
  if (match === undefined) {
    const names = MATCH_TYPES.map(({ name }) => name);
    throw new ConfigError(type, `unknown match "${type.text}"`, oneOf(type.text, names));
  }
  const found = primitives.resolve(primitive);
  const name = found.type?.name ?? "unset";
  if (!Object.hasOwn(match.tests, name)) {
    const types = Object.keys(match.tests).join(", ");
    const state = `primitive "${primitive.text}" of type ${name} does not fit ${match.name}`;
    throw new ConfigError(primitive, state, `one of type ${types}`);
  }
  if (name === "rate" && found.contents.rate === 0) {
    throw new ConfigError(primitive, `primitive "${primitive.text}" has no rate`, '"permit RATE"');
  }
  return (random: () => number) => match.tests[name](found, random);
}
