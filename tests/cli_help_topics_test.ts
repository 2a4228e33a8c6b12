/** `flowtools help where`, `keys` and `fields`: what they show is there, and can be used as shown. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FLOW_FIELDS } from "@flowtools/flow-model";
import {
  builtInSymbols,
  compileWhere,
  GROUP_COUNTERS,
  GROUP_KEYS,
  parseGroupKeys,
  WHERE_FIELDS,
} from "@flowtools/flowset";
import { WHERE_EXAMPLES } from "../apps/cli/help_topic_texts.ts";
import { HELP_TOPICS } from "../apps/cli/help_topics.ts";
import { flowtools, lines } from "./programs.ts";

/** The terms that a text begins lines with, two spaces from the left. */
const terms = (text: string) =>
  lines(text).flatMap((line) => /^ {2}(\S+(?: \S+)*)/.exec(line)?.[1] ?? []);

const textOf = async (name: string, columns = 80) =>
  await HELP_TOPICS.find((topic) => topic.name === name)!.text({ columns, color: false });

Deno.test("topics fit their columns, and are shown by help", async () => {
  const overview = (await flowtools(["help"])).stdout;
  for (const { name } of HELP_TOPICS) {
    for (const columns of [50, 80, 100]) {
      const text = await textOf(name, columns);
      for (const line of lines(text)) assert(line.length <= columns, `${columns}: ${line}`);
    }
    const { code, stdout, stderr } = await flowtools(["help", name]);
    assertEquals([code, stdout, stderr], [0, await textOf(name), ""]);
    assertStringIncludes(overview, `  help ${name} `);
  }
  const wrong = await flowtools(["help", "wher"]);
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, 'did you mean "where"?');
});

Deno.test("help where has expressions that can be used, and all fields", async () => {
  const symbols = { port: await builtInSymbols("tcp-port") };
  for (const [expression] of WHERE_EXAMPLES) compileWhere(expression, { symbols });
  const shown = terms(await textOf("where"));
  for (const { words, sides } of WHERE_FIELDS) {
    const term = [sides.join("|"), words[0]].filter((word) => word !== "").join(" ");
    assert(shown.includes(term), term);
  }
  // What is there for one of two can be asked for both, and alone.
  for (const { words, sides } of WHERE_FIELDS.filter(({ sides }) => sides.includes("src"))) {
    for (const side of ["", ...sides]) {
      const value = words[0] === "ip" ? "10.0.0.1" : "1";
      compileWhere(`${side} ${words[0]} ${value}`.trim());
    }
  }
  const { stderr } = await flowtools(["print", "--where", "prt 80", "fixtures/cli/in-v5.ft"]);
  assertEquals(lines(stderr).at(-1), 'Try "flowtools help where".');
});

Deno.test("help keys has all keys and counters; each of them is one", async () => {
  const shown = terms(await textOf("keys"));
  const keys = GROUP_KEYS.map(({ name }) => name);
  assertEquals(shown, [...keys, ...GROUP_COUNTERS.map(({ name }) => name)]);
  for (const key of keys) parseGroupKeys(key === "time" ? "time/5m" : key);
});

Deno.test("help fields has all fields, and print shows each of them", async () => {
  const shown = terms(await textOf("fields"));
  assertEquals(shown, FLOW_FIELDS.map(({ name }) => name));
  const { code, stdout } = await flowtools([
    ...["print", "--format", "csv", "--limit", "1", "--fields", shown.join(",")],
    "fixtures/cli/in-v5.ft",
  ]);
  assertEquals([code, lines(stdout)[0]], [0, shown.join(",")]);
});
