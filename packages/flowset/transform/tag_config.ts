import type { FlowFieldName } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import type { ConfigLine, ConfigWord } from "../config/lexer.ts";
import { parseNumberList, scanAddress, scanUnsigned } from "../config/numbers.ts";
import { type Keyword, NamedEntries, readSections } from "../config/sections.ts";
import type { ConfigVariables } from "../config/variables.ts";
import { FlowFilter } from "../filter/flow_filter.ts";
import type { RowTest } from "../filter/narrow.ts";
import { NumberSet, SetTest } from "../filter/narrow_set.ts";
import { TABLE_16, TableTest } from "../filter/narrow_table.ts";
import { FlowTransform, type TransformTerm } from "./flow_transform.ts";
import type { RowAction } from "./row_action.ts";
import { compileTagAction, TAG_TYPES, type TagKey, type TagType } from "./tag_actions.ts";
import { TAG_OPERATIONS, TagEntries } from "./tag_entries.ts";
import { TransformConfig } from "./transform_config.ts";

/** How to read a tag or mask configuration. */
export interface TagConfigOptions {
  /** Name of the file, for messages; default `tag configuration`. */
  readonly file?: string;
  /** What `@NAME` stands for. */
  readonly variables?: ConfigVariables;
}

interface Action {
  readonly name: ConfigWord;
  type?: TagType;
  readonly entries: TagEntries<TagKey>;
}

interface Term {
  readonly actions: ConfigWord[];
  /** What a flow has to be, by the keyword that says it. */
  readonly tests: Map<string, RowTest>;
}

interface Definition {
  readonly name: ConfigWord;
  readonly terms: Term[];
}

interface State {
  readonly actions: NamedEntries<Action>;
  readonly definitions: NamedEntries<Definition>;
  action?: Action;
  definition?: Definition;
}

const ACTION = "action";
const DEFINITION = "definition";

/** The fields that records to be tagged must have, as in the reference: all of version 5. */
const REQUIRED: readonly FlowFieldName[] = findFtLayout(5)!.schema.fields;

const TYPES: Readonly<Record<string, TagType>> = Object.fromEntries(
  TAG_TYPES.flatMap((type) => type.names.map((name) => [name, type])),
);

function termOf(line: ConfigLine, { definition }: State): Term {
  const term = definition!.terms.at(-1);
  return term ?? line.fail(line.position(), "there is no term yet", 'a line "term" before this');
}

function interfaceTest(field: FlowFieldName, line: ConfigLine): RowTest {
  const word = line.expect("a list of interfaces");
  const table = new Uint8Array(TABLE_16);
  try {
    const { inverted, ranges } = parseNumberList(word.text, TABLE_16);
    table.fill(inverted ? 1 : 0);
    for (const { from, to } of ranges) table.fill(inverted ? 0 : 1, from, to + 1);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    line.fail(word, `"${word.text}" is out of range`, "interfaces 0 to 65535, such as 1,5-10");
  }
  return new TableTest(field, table, 0);
}

function exporterTest(line: ConfigLine): RowTest {
  const value = scanAddress(line.expect("the address of an exporter"));
  return new SetTest("exaddr", new NumberSet([{ value, length: 32, passes: true }], false));
}

/** A line that says which flows a term is for. */
function termTest(name: string, read: (line: ConfigLine) => RowTest): Keyword<State> {
  return {
    name,
    within: [DEFINITION],
    read: (line, state) => {
      const { tests } = termOf(line, state);
      if (tests.has(name)) line.fail(line.position(), `the term has an ${name}`, "one for a term");
      tests.set(name, read(line));
    },
  };
}

/** The language. */
const KEYWORDS: readonly Keyword<State>[] = [
  {
    name: "tag-action",
    opens: ACTION,
    read: (line, state) => {
      const name = line.expect("a name");
      state.action = state.actions.define(name, { name, entries: new TagEntries() });
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
  {
    name: "match",
    within: [ACTION],
    read: (line, { action }) => {
      const { name, type, entries } = action!;
      if (type === undefined) {
        const state = `action "${name.text}" has no type yet`;
        return line.fail(line.position(), state, 'a line "type" before this');
      }
      const word = line.expect("what to match");
      const key = type.key.read(line, word);
      const operation = line.expectOneOf("operation", TAG_OPERATIONS);
      const tag = scanUnsigned(line.expect("a tag").text);
      entries.add(`${key.value}/${key.length}`, key, operation, tag, [line, word]);
    },
  },
  {
    name: "tag-definition",
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
      definition!.terms.push({ actions: [], tests: new Map() });
    },
  },
  termTest("exporter", exporterTest),
  termTest("input-filter", (line) => interfaceTest("input", line)),
  termTest("output-filter", (line) => interfaceTest("output", line)),
  {
    name: "action",
    within: [DEFINITION],
    read: (line, state) => {
      termOf(line, state).actions.push(line.expect("the name of an action"));
    },
  },
];

/**
 * Reads a tag configuration as `flow-tag` does: actions say which values get which tags,
 * definitions which actions are for which flows.
 *
 * Source: flow-tools `fttag.c`.
 *
 * @param text What the file says
 * @param options Name and variables
 * @returns The definitions, checked whole; their transforms set `src_tag` and `dst_tag`
 * @throws {ConfigError} The text is no tag configuration, with place and what was expected
 *
 * @example
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { parseTagConfig } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseTagConfig(`
 * tag-action CUSTOMERS
 *   type source-prefix
 *   match 192.0.2/24 set-source 0x100
 *   match 192.0.2.128/25 set-source 0x200
 * tag-definition customers
 *   term
 *     input-filter 1-10
 *     action CUSTOMERS
 * `);
 * const batch = new FlowBatch();
 * const { schema } = findFtLayout(1005)!;
 * batch.append(schema, { srcaddr: "192.0.2.1", input: 1 });
 * batch.append(schema, { srcaddr: "192.0.2.130", input: 1 });
 * batch.append(schema, { srcaddr: "192.0.2.1", input: 11 });
 * config.transform("customers").apply(batch);
 * assertEquals([...batch].map((flow) => flow.src_tag), [0x100, 0x200, 0]);
 * ```
 */
export function parseTagConfig(text: string, options: TagConfigOptions = {}): TransformConfig {
  const { file = "tag configuration", variables = new Map() } = options;
  const state: State = {
    actions: new NamedEntries("tag-action"),
    definitions: new NamedEntries("tag-definition"),
  };
  readSections({ file, text, variables }, KEYWORDS, state);
  const transforms = new NamedEntries<() => FlowTransform>("tag-definition");
  for (const { name, terms } of state.definitions.values) {
    const resolved = terms.map(({ actions, tests }) => ({
      actions: actions.map((word) => state.actions.resolve(word)),
      tests: [...tests.values()],
    }));
    const make = () => new FlowTransform(resolved.map(compileTerm), REQUIRED);
    transforms.define(name, make);
  }
  return new TransformConfig(file, transforms);
}

function compileTerm(
  { actions, tests }: { readonly actions: Action[]; readonly tests: RowTest[] },
): TransformTerm {
  const filter = tests.length === 0 ? undefined : new FlowFilter([tests], false);
  return { filter, actions: actions.flatMap(compileAction) };
}

/** An action without a type has no line that matches, and does nothing. */
function compileAction({ type, entries }: Action): RowAction[] {
  return type === undefined ? [] : compileTagAction(type, entries.keys, entries.changes);
}
