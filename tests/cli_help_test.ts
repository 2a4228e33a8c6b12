/** Help, man pages, first steps, messages and exit codes, as people and shells have them. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMON_FLAGS, parseFlags } from "@flowtools/common/flags";
import { flagSections, PLAIN_STYLE } from "@flowtools/common/command_text";
import type { Command } from "../apps/cli/command.ts";
import { COMMAND_GROUPS, COMMAND_NAMES } from "../apps/cli/command_modules.ts";
import { COMMANDS } from "../apps/cli/commands.ts";
import { FIRST_CALLS, firstText, helpText, overviewText } from "../apps/cli/help.ts";
import { commandManPage, ENVIRONMENT, programManPage } from "../apps/cli/man_page.ts";
import { terminalInputs } from "../apps/cli/waiting_note.ts";
import { listFiles, readText, ROOT } from "./files.ts";
import {
  bash,
  flowtools,
  lines,
  namesOf,
  ROOT_PATH,
  taskArguments,
  temporaryDirectory,
} from "./programs.ts";
import { isInstalled, Terminal } from "./terminal.ts";

/** Text as it was before it was broken into lines, those of long calls too. */
function unwrapped(text: string): string {
  return text.replace(/ \\\n/g, " ").replace(/\n {2}# (?=[a-z(])/g, " ").replace(/\s+/g, " ");
}

/** The names of flags that a text begins lines with, in their order. */
function flagsListed(text: string): string[] {
  return [...text.matchAll(/^ {2}(?:-\w, | {4})--([a-z0-9-]+)/gm)].map(([, name]) => name);
}

// Layout

Deno.test("help has no line of more than its columns", () => {
  for (const columns of [80, 100, 120]) {
    const style = { columns, color: false };
    for (
      const text of [
        firstText(style),
        overviewText(style),
        ...COMMANDS.map((command) => helpText(command, style)),
      ]
    ) {
      for (const line of lines(text)) assert(line.length <= columns, `${columns}: ${line}`);
    }
  }
});

Deno.test("help has the same words at any width", () => {
  for (const command of COMMANDS) {
    const text = unwrapped(helpText(command));
    for (const columns of [50, 200]) {
      assertEquals(unwrapped(helpText(command, { columns, color: false })), text);
    }
  }
});

Deno.test("help lists every flag once, those of a group together", () => {
  for (const command of COMMANDS) {
    const text = helpText(command);
    const expected = [...command.flags, ...COMMON_FLAGS].map(({ name }) => name);
    assertEquals(flagsListed(text).toSorted(), expected.toSorted(), command.name);
    const titles = flagSections(command).map(({ title }) => `${title}:`);
    assertEquals(lines(text).filter((line) => titles.includes(line)), titles, command.name);
    for (const { title, flags } of flagSections(command)) {
      const [, below] = text.split(`\n${title}:\n`);
      assertEquals(flagsListed(below.split("\n\n")[0]), flags.map(({ name }) => name));
    }
  }
});

Deno.test("help shows what comes in, what goes out and what is classic apart from each other", () => {
  const print = COMMANDS.find(({ name }) => name === "print")!;
  const sections = new Map(
    flagSections(print).map(({ title, flags }) => [title, flags.map(({ name }) => name)]),
  );
  assert(sections.get("Selection of flows and files")!.includes("all"));
  for (const name of ["format", "fields", "output"]) {
    assert(sections.get("Output")!.includes(name), name);
  }
  for (const name of ["wide", "comment-char", "debug", "strict-compat"]) {
    assert(sections.get("Classic formats and scripts")!.includes(name), name);
  }
  assert(sections.get("Flags")!.includes("help"));
});

Deno.test("help explains values, those with one meaning together", () => {
  const text = helpText(COMMANDS.find(({ name }) => name === "export")!);
  assertMatch(text, /^ +2, csv {2,}Lines of values with commas/m);
  const stat = helpText(COMMANDS.find(({ name }) => name === "stat")!);
  assertMatch(stat, /^ +10 {2}Source\/Destination IP$/m);
});

Deno.test("every command is in one group of the help", () => {
  const grouped = COMMAND_GROUPS.flatMap(({ commands }) => Object.keys(commands));
  assertEquals(grouped, [...new Set(grouped)]);
  assertEquals(COMMANDS.map(({ name }) => name), grouped);
  const titles = COMMAND_GROUPS.map(({ title }) => `${title}:`);
  const text = overviewText();
  assertEquals(lines(text).filter((line) => titles.includes(line)), titles);
  for (const { name, summary } of COMMANDS) {
    assertMatch(unwrapped(text), new RegExp(`\\b${name} ${RegExp.escape(summary)}`));
  }
});

Deno.test("every file of a command is a row of the table", () => {
  const files = listFiles("apps/cli/commands", ".ts")
    .filter((path) => /^export const \w+Command: CommandBody\b/m.test(readText(path)))
    .map((path) => path.split("/").at(-1)!.replace(".ts", ""));
  assertEquals(files.toSorted(), COMMAND_NAMES.toSorted());
});

Deno.test("the list of commands is shown without loading them, and one without the others", async () => {
  const loaded = async (...args: string[]) => {
    await using folder = temporaryDirectory();
    const { code } = await flowtools(args, { env: { DENO_COVERAGE_DIR: folder.path } });
    assertEquals(code, 0);
    return [...Deno.readDirSync(folder.path)]
      .map(({ name }): string => JSON.parse(Deno.readTextFileSync(`${folder.path}/${name}`)).url)
      .flatMap((url) => url.split("/apps/cli/commands/")[1] ?? [])
      .toSorted();
  };
  assertEquals(await loaded("help"), ["help.ts"]);
  assertEquals(await loaded("man"), ["man.ts"]);
  assertEquals(await loaded("help", "rptfmt"), ["help.ts", "rptfmt.ts"]);
  assertEquals(await loaded("--version"), []);
});

// The first call

Deno.test("the first calls are calls of commands that there are, and run", async () => {
  await using folder = temporaryDirectory();
  Deno.mkdirSync(`${folder.path}/flows`);
  Deno.copyFileSync(new URL("fixtures/cli/in-v5.ft", ROOT), `${folder.path}/flows/v5.ft`);
  assertEquals(FIRST_CALLS.length, 3);
  for (const [call] of FIRST_CALLS) {
    const [program, name, ...args] = [...call.matchAll(/'([^']*)'|[^ ]+/g)]
      .map(([word, quoted]) => quoted ?? word);
    assertEquals(program, "flowtools");
    const command = COMMANDS.find((candidate) => candidate.name === name)!;
    parseFlags(args, [...command.flags, ...COMMON_FLAGS]);
    const { code, stdout, stderr } = await flowtoolsIn(folder.path, call.slice(program.length));
    assertEquals([code, stderr], [0, ""], call);
    assert(lines(stdout).length > 1, call);
  }
});

/** Runs a line of arguments with a shell. */
function flowtoolsIn(cwd: string, args: string): ReturnType<typeof bash> {
  const words = [Deno.execPath(), ...taskArguments("flowtools")];
  return bash(`${words.map((word) => `'${word}'`).join(" ")} ${args}`, { cwd });
}

Deno.test("flowtools alone says how to begin; what it says fits on a small screen", async () => {
  const { code, stdout } = await flowtools([]);
  assertEquals([code, stdout], [2, firstText(PLAIN_STYLE)]);
  assert(lines(stdout).length <= 14, stdout);
});

/** What a file imports as it is loaded; what it loads later is not counted. */
async function importsOf(path: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", `${ROOT_PATH}/${path}`],
    cwd: ROOT_PATH,
  }).output();
  const { modules }: {
    modules: {
      specifier: string;
      dependencies?: { isDynamic?: boolean; code?: { specifier?: string } }[];
    }[];
  } = JSON.parse(new TextDecoder().decode(stdout));
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const found = new Set<string>();
  const pending = [new URL(path, ROOT).href];
  for (let specifier = pending.pop(); specifier !== undefined; specifier = pending.pop()) {
    if (found.has(specifier)) continue;
    found.add(specifier);
    for (const { isDynamic, code } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (!isDynamic && code?.specifier !== undefined) pending.push(code.specifier);
    }
  }
  return [...found];
}

Deno.test("what answers at once loads no command and no engine", async () => {
  const imports = await importsOf("apps/cli/main.ts");
  assert(imports.length >= 5, `${imports}`);
  assert(imports.length <= 20, `main.ts loads ${imports.length} files:\n${imports.join("\n")}`);
  assertEquals(imports.filter((path) => path.includes("/commands")), []);
});

// Man pages

Deno.test("a man page has the command, all its flags, examples, variables and exit codes", () => {
  for (const command of COMMANDS) {
    const page = commandManPage(command);
    const titles = [...page.matchAll(/^\.SH "(.*)"$/gm)].map(([, title]) => title);
    assertEquals(
      titles.join(),
      "NAME,SYNOPSIS,DESCRIPTION,OPTIONS,EXIT STATUS,ENVIRONMENT,EXAMPLES,SEE ALSO",
    );
    const names = [...page.matchAll(/\\fB\\-\\-([a-z0-9\\-]+)\\fR/g)]
      .map(([, name]) => name.replaceAll("\\-", "-"));
    const expected = [...command.flags, ...COMMON_FLAGS].map(({ name }) => name);
    assertEquals(names.toSorted(), expected.toSorted(), command.name);
    assert(!/[^ -~\n]/.test(page), "pages are ASCII, for every locale");
  }
});

Deno.test("man pages tell of every variable that the programs look at", () => {
  const sources = ["apps/cli", "apps/common"].flatMap((folder) => listFiles(folder, ".ts"))
    .filter((path) => !path.endsWith("_test.ts"));
  const named = new Set(sources.flatMap((path) => readText(path).match(/\bFLOWTOOLS_[A-Z_]+/g)));
  const told = ENVIRONMENT.map(([name]) => name);
  assertEquals([...named].filter((name) => name !== null && !told.includes(name)), []);
});

/** The text of a man page, or all of its fields, as programs that read them show it. */
async function runOn(program: string, args: readonly string[], page: string): Promise<string> {
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { LC_ALL: "C.UTF-8", MANWIDTH: "80" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(page));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

/** Every man page, with the day that lint asks for. */
const PAGES = [
  programManPage({ date: "2024-05-01" }),
  ...COMMANDS.map((command) => commandManPage(command, { date: "2024-05-01" })),
];

const MANDOC = isInstalled("mandoc");

Deno.test({
  name: `mandoc finds no fault with the man pages${MANDOC ? "" : " (skipped: no mandoc)"}`,
  ignore: !MANDOC,
  fn: async () => {
    for (const page of PAGES) {
      assertEquals(await runOn("mandoc", ["-Tlint", "-Wstyle"], page), "", page.split("\n")[0]);
    }
    // It does find faults.
    assertMatch(await runOn("mandoc", ["-Tlint", "-Wstyle"], ".TH X 1\n.SH\n"), /WARNING/);
  },
});

Deno.test({
  name: `a man page shows what means something to roff as it is${MANDOC ? "" : " (no mandoc)"}`,
  ignore: !MANDOC,
  fn: async () => {
    const doc = ".SH 'it' is a \\fB \\n[x] --dash ~ ^ `tick` \"quote\" % …";
    const page = commandManPage({
      name: "nasty",
      summary: doc,
      operands: "",
      flags: [{ name: "flag", doc }],
      examples: [[`.SH 'quoted' \\n "$HOME" | cat`, doc]],
      run: () => Promise.resolve(0),
    }, { date: "2024-05-01" });
    assertEquals(await runOn("mandoc", ["-Tlint", "-Wstyle"], page), "");
    const shown = await runOn("mandoc", ["-Tutf8", "-Owidth=400"], page);
    // What is bold is struck twice.
    const text = unwrapped(shown.replace(/.[\b]/g, ""));
    assertEquals(text.split(doc).length - 1, 4, text);
    assertStringIncludes(text, `.SH 'quoted' \\n "$HOME" | cat`);
  },
});

const MAN = isInstalled("man") && isInstalled("groff");

Deno.test({
  name: `man shows the pages without a warning${MAN ? "" : " (skipped: no man)"}`,
  ignore: !MAN,
  fn: async () => {
    const show = (page: string) => runOn("man", ["--warnings", "-l", "-"], page);
    for (const page of PAGES) assert(!(await show(page)).includes("warning"), page.split("\n")[0]);
    const text = await show(commandManPage(COMMANDS.find(({ name }) => name === "print")!));
    assertStringIncludes(unwrapped(text), "flowtools-print - print flows as text");
    assertStringIncludes(text, "flowtools print [FLAGS] [FILE…]");
    assertMatch(text, /^ +-f, --format NAME$/m);
    assertMatch(text, /^ {11}flowtools print --format ndjson flows\/ \| jq \.srcaddr$/m);
  },
});

Deno.test("man prints a page, or writes all of them", async () => {
  await using folder = temporaryDirectory();
  const env = { SOURCE_DATE_EPOCH: "1714521600" };
  const one = await flowtools(["man", "stat"], { env });
  const stat = COMMANDS.find(({ name }) => name === "stat")!;
  assertEquals([one.code, one.stdout], [0, commandManPage(stat, { date: "2024-05-01" })]);
  const whole = await flowtools(["man"]);
  assertEquals([whole.code, whole.stdout], [0, programManPage()]);
  const directory = `${folder.path}/share/man/man1`;
  const all = await flowtools(["man", "--directory", directory], { env });
  assertEquals([all.code, all.stdout, all.stderr], [0, "", ""]);
  const files = [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();
  const expected = ["flowtools.1", ...COMMAND_NAMES.map((name) => `flowtools-${name}.1`)];
  assertEquals(files, expected.toSorted());
  assertEquals(Deno.readTextFileSync(`${directory}/flowtools-stat.1`), one.stdout);
});

// Terminals

const TMUX = isInstalled("tmux");
const SKIPPED = TMUX ? "" : " (skipped: tmux is not installed)";

/** Runs a line of arguments in a terminal. */
function inTerminal(
  args: string,
  columns: number,
  env: Readonly<Record<string, string>> = {},
  rows = 200,
): Promise<Terminal> {
  const words = [Deno.execPath(), ...taskArguments("flowtools")];
  const command = `${words.map((word) => `'${word}'`).join(" ")} ${args}`;
  return Terminal.start(command, { columns, rows, cwd: ROOT_PATH, env });
}

Deno.test({
  name: `help fits terminals of 80 and of 200 columns${SKIPPED}`,
  ignore: !TMUX,
  fn: async () => {
    for (const [columns, used] of [[80, 80], [200, 100]]) {
      await using terminal = await inTerminal("help stat", columns);
      const screen = await terminal.shows(/\[0\]$/);
      const stat = COMMANDS.find(({ name }) => name === "stat")!;
      assertEquals(screen, `${helpText(stat, { columns: used, color: false })}[0]`);
    }
  },
});

Deno.test({
  name: `headings are coloured on terminals that may have colours${SKIPPED}`,
  ignore: !TMUX,
  fn: async () => {
    const colored = async (args: string, env: Readonly<Record<string, string>>) => {
      await using terminal = await inTerminal(args, 80, env);
      await terminal.shows(/\[[02]\]$/);
      // deno-lint-ignore no-control-regex
      return [...(await terminal.coloredScreen()).matchAll(/\x1b\[1m\x1b\[36m([^\x1b]*)/g)]
        .map(([, text]) => text.trim());
    };
    const print = COMMANDS.find(({ name }) => name === "print")!;
    const titles = flagSections(print).map(({ title }) => `${title}:`);
    assertEquals(await colored("help print", {}), ["Usage:", ...titles, "Examples:"]);
    assertEquals(await colored("print --help", {}), ["Usage:", ...titles, "Examples:"]);
    const groups = COMMAND_GROUPS.map(({ title }) => `${title}:`);
    assertEquals(await colored("help", {}), ["Usage:", ...groups, "Topics:"]);
    assertEquals((await colored("", {})).length, 2);
    assertEquals(await colored("help print", { NO_COLOR: "1" }), []);
    assertEquals(await colored("help print | cat", {}), []);
  },
});

Deno.test({
  name: `a command that waits for a terminal says so${SKIPPED}`,
  ignore: !TMUX,
  fn: async () => {
    await using terminal = await inTerminal("print", 80);
    const screen = await terminal.shows(/help print\)/);
    assertStringIncludes(
      unwrapped(screen),
      "flowtools: print waits for FILE on standard input, which is this terminal: name a file, " +
        "or press Ctrl-D to end (see flowtools help print)",
    );
    await terminal.press("C-d");
    await terminal.shows(/\[1\]$/);
  },
});

Deno.test({
  name: `a command that reads a file on a terminal, or nothing, does not wait${SKIPPED}`,
  ignore: !TMUX,
  fn: async () => {
    for (const args of ["print -f5 fixtures/ft/v5-le.ft", "report --types"]) {
      await using terminal = await inTerminal(args, 200, {}, 200);
      assert(!(await terminal.shows(/\[0\]$/)).includes("waits"), args);
    }
  },
});

Deno.test("which inputs a call reads from standard input", () => {
  const call = (name: string, ...operands: string[]) =>
    terminalInputs(COMMANDS.find((command) => command.name === name)!, operands);
  assertEquals(call("print"), "FILE");
  assertEquals(call("print", "-"), "FILE");
  assertEquals(call("print", "file", "-"), "FILE");
  assertEquals(call("print", "file"), undefined);
  assertEquals(call("rptfmt"), "REPORT");
  assertEquals(call("send", "0/127.0.0.1/9995"), "FILE");
  assertEquals(call("send", "0/127.0.0.1/9995", "file"), undefined);
  for (const name of ["gen", "expire", "capture", "receive", "fanout", "help", "man"]) {
    assertEquals(call(name), undefined, name);
  }
});

// Inputs and exit codes

/** How each command that reads files is called, and a file that it reads. */
const READERS: Readonly<Record<string, readonly [args: string, good: string]>> = {
  print: ["", "good.ft"],
  top: ["--by srcaddr", "good.ft"],
  series: ["", "good.ft"],
  hist: ["--of octets", "good.ft"],
  plot: ["", "good.ft"],
  stat: ["-f9", "good.ft"],
  report: ["-s stat.cfg -S talkers", "good.ft"],
  rptfmt: ["", "day.csv"],
  header: ["", "good.ft"],
  decode: ["", "packet.dat"],
  dscan: ["-b -s state", "good.ft"],
  nfilter: ["-f nf.cfg -F web-out", "day.ft"],
  filter: ["-p 0-65535", "good.ft"],
  tag: ["-t tag.cfg -T customers", "good.ft"],
  xlate: ["-x x.cfg -X anon", "good.ft"],
  mask: ["-m mask.cfg -M customers", "good.ft"],
  cat: ["", "good.ft"],
  merge: ["", "good.ft"],
  split: ["-N 1000 -o part", "good.ft"],
  export: ["-f2", "good.ft"],
  import: ["-f2 -V5", "flows.csv"],
  log2rrd: ["--format csv", "netflow.log"],
  rpt2rrd: ["--format csv -k 80", "ports.csv"],
  send: ["0/127.0.0.1/9", "good.ft"],
};

/** Whether a command reads files that operands name. */
function readsFiles({ operands }: Command): boolean {
  return /(FILE|LOG|REPORT)…/.test(operands);
}

/** A folder with a file of each kind that commands read, and a link that leads nowhere. */
function inputFolder(): { path: string } & AsyncDisposable {
  const folder = temporaryDirectory();
  const copy = (from: string, to: string) =>
    Deno.copyFileSync(new URL(`fixtures/${from}`, ROOT), `${folder.path}/${to}`);
  for (const name of namesOf("fixtures/cli/examples")) copy(`cli/examples/${name}`, name);
  copy("ft/v5-le.ft", "good.ft");
  copy("cli/in-v5.ft", "day.ft");
  copy("pdu/v5-2.dat", "packet.dat");
  copy("cli/misc/export-v5-f2.csv", "flows.csv");
  Deno.symlinkSync("nowhere", `${folder.path}/dangling`);
  return folder;
}

for (const { name } of COMMANDS.filter(readsFiles)) {
  Deno.test(`${name} tells of each input that it cannot read once, and answers the others`, async () => {
    const [args, good] = READERS[name];
    const bad = ["missing", "dangling", `${good}/below`];
    const [whole, faulty] = await Promise.all([[good], [good, ...bad]].map(async (inputs) => {
      await using folder = inputFolder();
      return await flowtoolsIn(folder.path, `${name} ${args} ${inputs.join(" ")}`);
    }));
    const faults = lines(faulty.stderr).filter((line) => line.startsWith("flowtools: "));
    assertEquals(faults.length, bad.length, faulty.stderr);
    for (const [index, path] of bad.entries()) assertStringIncludes(faults[index], path);
    assertEquals([whole.code, faulty.code], [0, 1], whole.stderr);
    // What the good input alone gives is given too; some commands write nothing but files.
    assertEquals(lines(faulty.stdout).length, lines(whole.stdout).length);
    assertEquals(whole.stdout === "", ["dscan", "split", "send"].includes(name), whole.stdout);
  });
}

Deno.test("a file of another program is told what it may be, and what reads it", async () => {
  await using folder = temporaryDirectory();
  const flows = Deno.readFileSync(new URL("fixtures/ft/v5-le.ft", ROOT));
  const zipped = new Blob([flows]).stream().pipeThrough(new CompressionStream("gzip"));
  /** The first bytes of formats, as their specifications have them. */
  const files: Readonly<Record<string, readonly [bytes: Uint8Array, hint: string]>> = {
    "e.nfcapd": [
      Uint8Array.of(0x0c, 0xa5, 0x02, 0x00),
      "; it looks like a file of nfcapd: nfdump -o csv reads it",
    ],
    "f.gz": [
      new Uint8Array(await new Response(zipped).arrayBuffer()),
      "; if it is another file that gzip packed, pipe it from gunzip -c",
    ],
    "g.csv": [
      new TextEncoder().encode("#:unix_secs,unix_nsecs\n"),
      "; it looks like text: flowtools import reads CSV",
    ],
    "g.json": [
      new TextEncoder().encode("{\n}\n"),
      "; it looks like text: flowtools import reads CSV",
    ],
    "g.v5": [
      Deno.readFileSync(new URL("fixtures/pdu/v5-1.dat", ROOT)),
      "; it looks like packets of NetFlow v5: flowtools decode reads them",
    ],
    "h.random": [Uint8Array.of(0x80, 0x81, 0x82, 0x83), ""],
  };
  for (const [name, [bytes]] of Object.entries(files)) {
    Deno.writeFileSync(`${folder.path}/${name}`, bytes);
  }
  const { code, stdout, stderr } = await flowtools(["print", folder.path]);
  assertEquals([code, stdout], [1, ""]);
  for (const [index, [name, [, hint]]] of Object.entries(files).entries()) {
    const [state, rest] = lines(stderr)[index].split(/expected cf 10|no IPFIX messages/);
    assertStringIncludes(state, `${folder.path}/${name}`);
    assertEquals(rest, hint);
  }
});

Deno.test("every call that is wrong ends with 2 and writes nothing to standard output", async () => {
  const calls = COMMANDS.map(({ name }) => [name, "--no-such-flag"]);
  const others = [["print", "-?"], ["no-such-command"], ["--no-such-flag"]];
  await Promise.all([...calls, ...others].map(async (args) => {
    const { code, stdout, stderr } = await flowtools(args, { stdin: "" });
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^flowtools: unknown (flag|command) /);
    assertMatch(stderr, /^Try "flowtools help( \w+)?"\.$/m);
  }));
});

Deno.test("exit codes say whether there was an answer", async () => {
  await using folder = inputFolder();
  const cases: readonly (readonly [code: number, args: string])[] = [
    [0, "print good.ft"],
    [0, "filter -p 0-65535 good.ft"],
    [0, "top good.ft"],
    // Nothing found.
    [1, "filter -r 250 good.ft"],
    [1, "nfilter -f nf.cfg -F web-out good.ft"],
    [1, "print --where 'proto 250' good.ft"],
    [1, "top --where 'proto 250' good.ft"],
    // An input that cannot be read, before or behind one that can.
    [1, "print missing"],
    [1, "print missing good.ft"],
    [1, "cat good.ft missing"],
    // Wrong calls.
    [2, "print --limit none good.ft"],
    [2, "print --where 'proto' good.ft"],
    [2, "print --fields nothing good.ft"],
    [2, "top --by nothing good.ft"],
    [2, "nfilter -f missing.cfg good.ft"],
    [2, "nfilter -f nf.cfg -F nothing good.ft"],
    // What ends the work.
    [2, "cat -o good.ft/below good.ft"],
    [2, "print -o /dev/full good.ft"],
  ];
  await Promise.all(cases.map(async ([expected, args]) => {
    const { code, stderr } = await flowtoolsIn(folder.path, args);
    assertEquals(code, expected, `${args}\n${stderr}`);
    assertEquals(
      stderr === "",
      expected === 0 || !args.includes("missing") && expected === 1,
      args,
    );
  }));
});

Deno.test("every call for help or the version ends with 0", async () => {
  const calls = [["--version"], ["-V"], ["version"], ["--help"], ["-h"], ["help"], [
    "help",
    "help",
  ]];
  await Promise.all(calls.map(async (args) => {
    const { code, stdout, stderr } = await flowtools(args);
    assertEquals([code, stderr], [0, ""], args.join(" "));
    assert(stdout !== "");
  }));
});
