import { FlowToolsError } from "@flowtools/flow-model";
import type { ConfigLine, ConfigWord } from "../config/lexer.ts";
import { scanInteger, scanUnsigned } from "../config/numbers.ts";
import { type Keyword, NamedEntries, readSections } from "../config/sections.ts";
import type { ConfigVariables } from "../config/variables.ts";
import type { FilterConfig } from "../filter/filter_config.ts";
import { FlowTransform } from "./flow_transform.ts";
import type { RowAction } from "./row_action.ts";
import { TransformConfig } from "./transform_config.ts";
import {
  XLATE_TYPES,
  type XlateParameters,
  type XlateSettings,
  type XlateType,
} from "./xlate_actions.ts";
import {
  anonymizerOf,
  type KeyAccess,
  type KeySettings,
  readKey,
  readKeyFile,
  readRefresh,
} from "./xlate_key.ts";

/** How to read a translation configuration. */
export interface XlateConfigOptions {
  /** Name of the file, for messages; default `xlate configuration`. */
  readonly file?: string;
  /** What `@NAME` stands for. */
  readonly variables?: ConfigVariables;
  /**
   * Gives the filters that definitions name: those of the file that `include-filter` names, or the
   * usual ones where the path is not given. Without it no definition can have a filter.
   */
  readonly filters?: (path: string | undefined) => FilterConfig;
  /** Reads a file with a key. Without it no action can have one. */
  readonly readKeyFile?: (path: string) => string;
  /** Unix seconds now, for the refresh of keys; default the clock. */
  readonly now?: () => number;
  /** Told where a key cannot be read again; the old one stays in use. */
  readonly warn?: (message: string) => void;
}

interface Action {
  readonly name: ConfigWord;
  type?: XlateType;
  readonly set: XlateParameters;
  readonly key: KeySettings;
}

interface Term {
  readonly actions: ConfigWord[];
  filter?: { readonly config: FilterConfig; readonly name: string };
  stop: boolean;
}

interface Definition {
  readonly name: ConfigWord;
  readonly terms: Term[];
}

interface State {
  readonly actions: NamedEntries<Action>;
  readonly definitions: NamedEntries<Definition>;
  readonly access: KeyAccess;
  readonly filters: (path: string | undefined) => FilterConfig;
  filterFile?: ConfigWord;
  action?: Action;
  definition?: Definition;
}

const ACTION = "action";
const DEFINITION = "definition";

const TYPES: Readonly<Record<string, XlateType>> = Object.fromEntries(
  XLATE_TYPES.map((type) => [type.name, type]),
);

const ALGORITHMS = { "cryptopan-aes128": "cryptopan-aes128" } as const;

function termOf(line: ConfigLine, { definition }: State): Term {
  const term = definition!.terms.at(-1);
  return term ?? line.fail(line.position(), "there is no term yet", 'a line "term" before this');
}

/** A line that sets something of an action, of a type that has such settings. */
function setting(
  name: string,
  settings: XlateSettings,
  read: (line: ConfigLine, action: Action, access: KeyAccess) => void,
): Keyword<State> {
  return {
    name,
    within: [ACTION],
    read: (line, { action, access }) => {
      const { type } = action!;
      if (type === undefined) {
        const state = `action "${action!.name.text}" has no type yet`;
        return line.fail(line.position(), state, 'a line "type" before this');
      }
      if (type.settings !== settings) {
        const fitting = XLATE_TYPES.filter((row) => row.settings === settings);
        const expected = `type ${fitting.map((row) => row.name).join(" or ")}`;
        line.fail(line.position(), `type ${type.name} has no ${name}`, expected);
      }
      read(line, action!, access);
    },
  };
}

/** The language. */
const KEYWORDS: readonly Keyword<State>[] = [
  {
    name: "include-filter",
    read: (line, state) => {
      const word = line.expect("the path of a filter configuration");
      if (state.filterFile !== undefined) {
        line.fail(word, `the filters are those of "${state.filterFile.text}"`, "one file of them");
      }
      state.filterFile = word;
    },
  },
  {
    name: "xlate-action",
    opens: ACTION,
    read: (line, state) => {
      const name = line.expect("a name");
      const set = { sourceMask: 0, destinationMask: 0, scale: 0, as: 0 };
      state.action = state.actions.define(name, { name, set, key: {} });
    },
  },
  {
    name: "type",
    within: [ACTION],
    read: (line, { action }) => {
      const position = line.position();
      const type = line.expectOneOf("type", TYPES);
      if (action!.type !== undefined) line.fail(position, "the type is set before", "one type");
      action!.type = type;
    },
  },
  setting("mask", "mask", (line, { set }) => {
    set.sourceMask = scanUnsigned(line.expect("a source mask").text);
    set.destinationMask = scanUnsigned(line.expect("a destination mask").text);
  }),
  setting("scale", "scale", (line, { set }) => {
    set.scale = scanInteger(line.expect("a factor").text);
  }),
  setting("as", "as", (line, { set }) => {
    set.as = scanInteger(line.expect("an AS number").text) & 0xffff;
  }),
  setting("algorithm", "key", (line, { key }) => {
    key.algorithm = line.expectOneOf("algorithm", ALGORITHMS);
  }),
  setting("key", "key", (line, { key }) => {
    key.key = readKey(line);
  }),
  setting("key-file", "key", (line, { key }, access) => {
    key.file = line.expect("the path of a key");
    key.key = readKeyFile(key.file, access);
  }),
  setting("key-file-refresh", "key", (line, { key }, access) => {
    key.refresh = readRefresh(line, access);
  }),
  {
    name: "xlate-definition",
    opens: DEFINITION,
    read: (line, state) => {
      const name = line.expect("a name");
      state.definition = state.definitions.define(name, { name, terms: [] });
    },
  },
  {
    name: "term",
    within: [DEFINITION],
    read: (_line, { definition }) => {
      definition!.terms.push({ actions: [], stop: false });
    },
  },
  {
    name: "filter",
    within: [DEFINITION],
    read: (line, state) => {
      const term = termOf(line, state);
      const word = line.expect("the name of a filter");
      if (term.filter !== undefined) line.fail(word, "the term has a filter", "one for a term");
      const config = state.filters(state.filterFile?.text);
      if (!config.names.some((name) => name.toLowerCase() === word.text.toLowerCase())) {
        const expected = `one of ${config.names.join(", ")}`;
        line.fail(word, `there is no filter-definition "${word.text}"`, expected);
      }
      term.filter = { config, name: word.text };
    },
  },
  {
    name: "stop",
    within: [DEFINITION],
    read: (line, state) => {
      termOf(line, state).stop = true;
    },
  },
  {
    name: "action",
    within: [DEFINITION],
    read: (line, state) => {
      termOf(line, state).actions.push(line.expect("the name of an action"));
    },
  },
];

/** What stands for a function that the caller did not give. */
function unavailable(what: string): () => never {
  return () => {
    throw new FlowToolsError("no-access", `Cannot read ${what}: the caller gave no way to do so`);
  };
}

/**
 * Reads a translation configuration as `flow-xlate` does: actions say what to change, definitions
 * which actions are for which flows.
 *
 * Source: flow-tools `ftxlate.c`.
 *
 * @param text What the file says
 * @param options Name, variables, access to filters and keys
 * @returns The definitions, checked whole
 * @throws {ConfigError} The text is no such configuration, with place and what was expected
 *
 * @example
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { parseXlateConfig } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseXlateConfig(`
 * xlate-action SAMPLED
 *   type scale
 *   scale 100
 * xlate-action PRIVACY
 *   type ip-address-privacy-mask
 *   mask 0xFFFFFF00 0xFFFF0000
 * xlate-definition default
 *   term
 *     action SAMPLED
 *     action PRIVACY
 * `);
 * const batch = new FlowBatch();
 * const { schema } = findFtLayout(5)!;
 * batch.append(schema, { srcaddr: "192.0.2.1", dstaddr: "198.51.100.7", dPkts: 3 });
 * config.transform("default").apply(batch);
 * const { srcaddr, dstaddr, dPkts } = batch.flow(0);
 * assertEquals([srcaddr, dstaddr, dPkts], ["192.0.2.0", "198.51.0.0", 300]);
 * ```
 */
export function parseXlateConfig(text: string, options: XlateConfigOptions = {}): TransformConfig {
  const { file = "xlate configuration", variables = new Map() } = options;
  const access: KeyAccess = {
    readKeyFile: options.readKeyFile ?? unavailable("the key of an action"),
    now: options.now ?? (() => Math.floor(Date.now() / 1000)),
    warn: options.warn ?? (() => {}),
  };
  const state: State = {
    actions: new NamedEntries("xlate-action"),
    definitions: new NamedEntries("xlate-definition"),
    access,
    filters: options.filters ?? unavailable("the filter of a definition"),
  };
  readSections({ file, text, variables }, KEYWORDS, state);
  const makers = new Map(
    state.actions.values.map((action) => [action, compileAction(action, access)]),
  );
  const transforms = new NamedEntries<() => FlowTransform>("xlate-definition");
  for (const { name, terms } of state.definitions.values) {
    const resolved = terms.map(({ filter, stop, actions }) => ({
      filter,
      stop,
      makers: actions.map((word) => makers.get(state.actions.resolve(word))!),
    }));
    transforms.define(name, () => compile(resolved));
  }
  return new TransformConfig(file, transforms);
}

/** Checks an action; an action without a type does nothing. */
function compileAction({ name, type, set, key }: Action, access: KeyAccess): () => RowAction[] {
  const anonymizer = type?.settings === "key" ? anonymizerOf(name, key, access) : undefined;
  return () => type?.compile(set, anonymizer?.()) ?? [];
}

/** A term whose actions are checked. */
interface ResolvedTerm extends Omit<Term, "actions"> {
  readonly makers: readonly (() => RowAction[])[];
}

function compile(terms: readonly ResolvedTerm[]): FlowTransform {
  const compiled = terms.map(({ filter, stop, makers }) => ({
    filter: filter?.config.filter(filter.name),
    stop,
    actions: makers.flatMap((make) => make()),
  }));
  const required = compiled.flatMap(({ filter, actions }) => [
    ...(filter?.columns ?? []),
    ...actions.flatMap(({ reads }) => reads),
  ]);
  return new FlowTransform(compiled, [...new Set(required)]);
}
