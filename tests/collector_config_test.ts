/** Settings of the collector: where they come from, which is stronger, and what is said of faults. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Flag, parseFlags } from "@flowtools/common/flags";
import { parse } from "smol-toml";
import {
  type Configuration,
  configurationText,
  readConfiguration,
} from "../apps/collector/config.ts";
import { SettingsError } from "../apps/collector/settings_error.ts";
import { OPERATION_OPTIONS } from "../apps/collector/operation_options.ts";
import { temporaryDirectory } from "./programs.ts";

const FLAGS: readonly Flag[] = [
  ...OPERATION_OPTIONS,
  { name: "listen", value: "ADDRESS", repeated: true, doc: "Where to listen" },
  { name: "directory", letter: "w", value: "DIR", doc: "Where files go" },
  {
    name: "compress",
    letter: "z",
    value: "LEVEL",
    range: [0, 9],
    doc: "zlib level (default: 6)",
  },
  { name: "byte-order", letter: "b", value: "ORDER", choices: ["little", "big"], doc: "Order" },
  { name: "allow", value: "CIDR", repeated: true, doc: "Who is let in" },
  { name: "reuse-port", doc: "Share the port" },
];
const SISTERS: readonly Flag[] = [{ name: "output", value: "FILE", doc: "Of another program" }];
const TABLE = { flags: FLAGS, operandsFlag: "listen" };

/** Reads settings from a call, a file's text, and variables without their prefix. */
async function configure(
  { call = [], toml, variables = {} }: {
    call?: string[];
    toml?: string;
    variables?: Record<string, string>;
  },
): Promise<Configuration & { path: string }> {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/c.toml`;
  if (toml !== undefined) Deno.writeTextFileSync(path, toml);
  const names = Object.keys(variables).map((name) => `FLOWTOOLS_COLLECTOR_${name}`);
  Object.values(variables).forEach((value, at) => Deno.env.set(names[at], value));
  try {
    const args = parseFlags([...call, ...toml === undefined ? [] : ["--config", path]], FLAGS);
    return { ...readConfiguration(args, TABLE, SISTERS), path };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new SettingsError(error.faults.map((fault) => fault.replaceAll(path, "c.toml")));
  } finally {
    for (const name of names) Deno.env.delete(name);
  }
}

async function faults(input: Parameters<typeof configure>[0]): Promise<readonly string[]> {
  try {
    await configure(input);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  throw new Error("no fault was found");
}

Deno.test("settings: flags are stronger than variables, these than the file", async () => {
  const { settings, set } = await configure({
    call: ["-z", "1"],
    variables: { COMPRESS: "2", BYTE_ORDER: "big" },
    toml: 'compress = 3\nbyte-order = "little"\ndirectory = "/var/flows"\n',
  });
  assertEquals(settings.number("compress"), 1);
  assertEquals(settings.value("byte-order"), "big");
  assertEquals(settings.value("directory"), "/var/flows");
  assertEquals(set.get("compress")?.origin, "--compress");
  assertEquals(set.get("byte-order")?.origin, "FLOWTOOLS_COLLECTOR_BYTE_ORDER");
  assertStringIncludes(set.get("directory")!.origin, "c.toml:3");
  assertEquals(settings.value("log-format"), undefined);
});

Deno.test("settings: lists and switches come from every source", async () => {
  const file = await configure({
    toml: 'allow = ["10.0.0.0/8", "192.0.2.1"]\nreuse-port = true\nlisten = ":9991"\n',
  });
  assertEquals(file.settings.values("allow"), ["10.0.0.0/8", "192.0.2.1"]);
  assertEquals(file.settings.on("reuse-port"), true);
  assertEquals(file.settings.operands, [":9991"]);
  const variables = await configure({
    variables: { ALLOW: " 10.0.0.0/8 192.0.2.1 ", REUSE_PORT: "yes", LISTEN: ":1 :2" },
  });
  assertEquals(variables.settings.values("allow"), ["10.0.0.0/8", "192.0.2.1"]);
  assertEquals(variables.settings.on("reuse-port"), true);
  assertEquals(variables.settings.operands, [":1", ":2"]);
  const call = await configure({
    call: ["--allow", "10.0.0.0/8", "--allow", "192.0.2.1", "--listen", ":1", ":2"],
    toml: 'allow = ["172.16.0.0/12"]\nlisten = [":3"]\n',
  });
  assertEquals(call.settings.values("allow"), ["10.0.0.0/8", "192.0.2.1"]);
  assertEquals(call.settings.operands, [":1", ":2"]);
});

Deno.test("settings: a stronger source turns a switch off", async () => {
  const toml = "reuse-port = true\n";
  const variables = { REUSE_PORT: "0" };
  assertEquals((await configure({ toml, variables })).settings.on("reuse-port"), false);
  assertEquals((await configure({ toml })).settings.on("reuse-port"), true);
  // An empty variable is as none.
  const empty = await configure({ toml, variables: { REUSE_PORT: "" } });
  assertEquals(empty.settings.on("reuse-port"), true);
});

Deno.test("settings: a value that looks like a flag or has spaces stays what it is", async () => {
  const { settings } = await configure({ toml: 'directory = "-w a = b"\nlisten = ["--x"]\n' });
  assertEquals(settings.value("directory"), "-w a = b");
  assertEquals(settings.operands, ["--x"]);
});

Deno.test("settings: a variable names the file, the flag is stronger", async () => {
  await using folder = temporaryDirectory();
  const [one, two] = [`${folder.path}/one.toml`, `${folder.path}/two.toml`];
  Deno.writeTextFileSync(one, "compress = 1\n");
  Deno.writeTextFileSync(two, "compress = 2\n");
  assertEquals((await configure({ variables: { CONFIG: one } })).settings.number("compress"), 1);
  const both = await configure({ call: ["--config", two], variables: { CONFIG: one } });
  assertEquals(both.settings.number("compress"), 2);
});

Deno.test("settings: all faults are told at once, each with its place and what is right", async () => {
  const found = await faults({
    variables: {
      COMPRESS: "ten",
      REUSE_PORT: "perhaps",
      DIRECTROY: "/var/flows",
      OUTPUT: "of a sister program: no fault",
    },
    toml: [
      "# the first line",
      "compress = 10",
      "compres = 5",
      "",
      'byte-order = "middle"',
      "directory = true",
      "allow = [1, false]",
      'reuse-port = "yes"',
      "[web]",
      "port = 1",
    ].join("\n"),
  });
  assertEquals(found, [
    'FLOWTOOLS_COLLECTOR_REUSE_PORT is "perhaps", expected true or false',
    "FLOWTOOLS_COLLECTOR_DIRECTROY is no setting, expected FLOWTOOLS_COLLECTOR_DIRECTORY",
    "c.toml:3: compres is no setting, expected compress",
    "c.toml:6: directory is true, expected DIR",
    "c.toml:7: allow is a list, expected a list of CIDR",
    'c.toml:8: reuse-port is "yes", expected true or false',
    "c.toml:9: web is no setting, expected one of " +
    FLAGS.map(({ name }) => name).filter((name) => !["config", "check-config"].includes(name))
      .toSorted().join(", "),
    'FLOWTOOLS_COLLECTOR_COMPRESS: compress is "ten", expected a whole number 0 to 9',
    'c.toml:2: compress is "10", expected a whole number 0 to 9',
    'c.toml:5: byte-order is "middle", expected one of little, big',
  ]);
});

Deno.test("settings: what is no TOML is told with its line", async () => {
  const [twice] = await faults({ toml: "compress = 1\n\ncompress = 2\n" });
  assertStringIncludes(twice, "c.toml:3: no TOML: ");
  const [open] = await faults({ toml: 'directory = "unfinished\n' });
  assertStringIncludes(open, "c.toml:1: no TOML: ");
  const [date] = await faults({ toml: "directory = 2026-11-25\n" });
  assertEquals(date, "c.toml:1: directory is a date, expected DIR");
});

Deno.test("settings: what is asked of a call only is in no file", async () => {
  const [fault] = await faults({ toml: "check-config = true\n" });
  assertStringIncludes(fault, "c.toml:1: check-config is no setting, expected ");
});

Deno.test("settings: a file that is missing or huge is named", async () => {
  const [missing] = await faults({ call: ["--config", "/nowhere/c.toml"] });
  assertStringIncludes(missing, 'cannot read the configuration "/nowhere/c.toml": ');
  const [huge] = await faults({ toml: "#".repeat(1 << 20) + "\n" });
  assertStringIncludes(huge, "it has 1048577 bytes, expected at most 1048576");
});

Deno.test("settings: a wrong call is told flag by flag", () => {
  const error = assertThrows(() => parseFlags(["-z", "10", "-b", "middle"], FLAGS), Error);
  assertEquals(error.message.split("\n"), [
    '--compress is "10", expected a whole number 0 to 9',
    '--byte-order is "middle", expected one of little, big',
  ]);
});

Deno.test("the settings in effect are shown as a file that sets the same", async () => {
  const input = {
    call: ["-z", "1", ":9991"],
    toml: 'directory = "/a \\"b\\"\\n"\nallow = ["10.0.0.0/8"]\nreuse-port = true\n',
  };
  const configuration = await configure(input);
  const text = configurationText("capture", configuration, FLAGS);
  assertStringIncludes(text, "compress = 1  # --compress\n");
  assertStringIncludes(text, 'listen = [":9991"]  # operand\n');
  assertStringIncludes(text, "c.toml:3\n");
  assertStringIncludes(text, "# log-level: default, info\n");
  assertStringIncludes(text, "# byte-order: default, not set\n");
  assert(!text.includes("check-config"));
  assertEquals(parse(text), {
    listen: [":9991"],
    directory: '/a "b"\n',
    compress: 1,
    allow: ["10.0.0.0/8"],
    "reuse-port": true,
  });
  const again = await configure({ toml: text });
  for (const [name, { values }] of configuration.set) {
    assertEquals(again.set.get(name)?.values, values, name);
  }
});
