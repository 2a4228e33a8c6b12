/** Completions in the shells themselves: bash, zsh and fish, with real lines. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMON_FLAGS } from "@flowtools/common/flags";
import type { Command } from "../apps/cli/command.ts";
import { COMMANDS } from "../apps/cli/commands.ts";
import { completionModel } from "../apps/cli/completion_model.ts";
import { bashCompletions } from "../apps/cli/completions_bash.ts";
import { fishCompletions } from "../apps/cli/completions_fish.ts";
import { zshCompletions } from "../apps/cli/completions_zsh.ts";
import {
  bash,
  flowtools,
  lines,
  ROOT_PATH,
  taskArguments,
  temporaryDirectory,
} from "./programs.ts";
import { isInstalled, Terminal } from "./terminal.ts";

/** What is completed, and what the shell offers. */
type Case = readonly [line: string, offered: readonly string[]];

const NAMES = COMMANDS.map(({ name }) => name);

/** What all shells offer, in a folder with two files and a folder. */
const CASES: readonly Case[] = [
  ["flowtools pr", ["print"]],
  ["flowtools ", NAMES],
  ["flowtools nothing ", []],
  ["flowtools print --format n", ["ndjson"]],
  ["flowtools print -f nd", ["ndjson"]],
  ["flowtools print --form", ["--format"]],
  ["flowtools print --fields src_", ["src_as", "src_mask", "src_tag"]],
  ["flowtools print --fields srcaddr,dst_", [
    "srcaddr,dst_as",
    "srcaddr,dst_mask",
    "srcaddr,dst_tag",
  ]],
  ["flowtools print fl", ["flows.ft"]],
  ["flowtools print -n fl", ["flows.ft"]],
  ["flowtools cat -o f", ["flows.ft"]],
  ["flowtools print --symbols ", ["captures/"]],
  ["flowtools gen ", []],
  ["flowtools gen -V 8.1", ["8.1", "8.10", "8.11", "8.12", "8.13", "8.14"]],
  ["flowtools cat -z ", ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]],
  ["flowtools stat -f 3", ["3", "30", "31", "32"]],
  ["flowtools export -f p", ["pcap", "pdu", "postgresql"]],
  ["flowtools top --by srcaddr,dst_m", ["srcaddr,dst_mask"]],
  ["flowtools print --sort oct", ["octets"]],
  ["flowtools import -m srcp", ["srcport"]],
  ["flowtools help xl", ["xlate"]],
  ["flowtools completions ", ["bash", "fish", "zsh"]],
  ["flow-print --format nd", ["ndjson"]],
  ["flow-stat --desce", ["--descending"]],
];

/** Every value that can be listed, of every flag, by both of its names. */
function* choiceCases(): Generator<Case, void, undefined> {
  for (const { name, flags } of COMMANDS) {
    for (const { name: long, letter, choices, list } of flags) {
      if (choices === undefined || list) continue;
      yield [`flowtools ${name} --${long} `, choices];
      if (letter !== undefined) yield [`flowtools ${name} -${letter} `, choices];
    }
  }
}

/** A folder to complete the names of, with the script of a shell. */
async function shellFolder(shell: string): Promise<{ path: string } & AsyncDisposable> {
  const folder = temporaryDirectory();
  const { code, stdout, stderr } = await flowtools(["completions", shell]);
  assertEquals([code, stderr], [0, ""]);
  Deno.mkdirSync(`${folder.path}/here/captures`, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/script`, stdout);
  Deno.writeTextFileSync(`${folder.path}/here/flows.ft`, "");
  Deno.writeTextFileSync(`${folder.path}/here/a file.ft`, "");
  return folder;
}

function ignoredWithout(program: string): { name: string; ignore: boolean } {
  const ignore = !isInstalled(program);
  return { name: ignore ? ` (skipped: ${program} is not installed)` : "", ignore };
}

/** Compares what a shell offers, in whatever order it does. */
function assertOffers(cases: readonly Case[], offers: readonly string[][]): void {
  assertEquals(offers.length, cases.length);
  for (const [index, [line, expected]] of cases.entries()) {
    // Shells add the slash of a folder as they show it.
    const plain = (word: string) => word.replace(/\/$/, "");
    assertEquals(offers[index].map(plain).toSorted(), expected.map(plain).toSorted(), line);
  }
}

/** What bash offers for lines: the words as it breaks them are given to the function it calls. */
async function bashOffers(path: string, typed: readonly string[]): Promise<string[][]> {
  await Deno.writeTextFile(`${path}/lines`, typed.map((line) => `${line}\n`).join(""));
  const script = `source ../script
while IFS= read -r line; do
  read -ra COMP_WORDS <<<"\${line//=/ = }"
  [[ $line == *" " || $line == *= ]] && COMP_WORDS+=("")
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)) COMPREPLY=()
  _flowtools || true
  printf '%s\\x1f' "\${COMPREPLY[@]}"
  echo
done <../lines`;
  const { code, stdout, stderr } = await bash(script, { cwd: `${path}/here` });
  assertEquals([code, stderr], [0, ""]);
  return lines(stdout).map((line) => line.split("\x1f").filter((word) => word !== ""));
}

const BASH = ignoredWithout("bash");

Deno.test({
  name: `bash completes commands, flags, values, fields and files${BASH.name}`,
  ignore: BASH.ignore,
  fn: async () => {
    await using folder = await shellFolder("bash");
    const cases: Case[] = [
      ...CASES,
      ...choiceCases(),
      ["flowtools print --format=nd", ["ndjson"]],
      ["flowtools print --output=fl", ["flows.ft"]],
      ["flowtools print -", flagNames("print")],
      ["flowtools cat -- -", []],
      // A value may begin like a flag.
      ["flowtools print --sort -oct", ["-octets"]],
      // A value that need not be there: it may be, but so may what comes after it.
      ["flowtools top --names loc", ["local"]],
      ["flowtools top --names local,d", ["local,dns"]],
      ["flowtools top --names --lim", ["--limit"]],
      ["flowtools top --names fl", ["flows.ft"]],
      ["flowtools top -N loc", []],
      // A name with a space stays one name.
      ["flowtools print a", ["a file.ft"]],
    ];
    assertOffers(cases, await bashOffers(folder.path, cases.map(([line]) => line)));
  },
});

/** The flags of a command by both of their names. */
function flagNames(command: string): string[] {
  const { flags } = COMMANDS.find(({ name }) => name === command)!;
  return [...flags, ...COMMON_FLAGS].flatMap(({ name, letter }) =>
    letter === undefined ? [`--${name}`] : [`-${letter}`, `--${name}`]
  );
}

Deno.test({
  name: `bash knows every flag of every command${BASH.name}`,
  ignore: BASH.ignore,
  fn: async () => {
    await using folder = await shellFolder("bash");
    const cases = NAMES.map((name): Case => [`flowtools ${name} -`, flagNames(name)]);
    assertOffers(cases, await bashOffers(folder.path, cases.map(([line]) => line)));
  },
});

const FISH = ignoredWithout("fish");

Deno.test({
  name: `fish completes commands, flags, values, fields and files${FISH.name}`,
  ignore: FISH.ignore,
  fn: async () => {
    await using folder = await shellFolder("fish");
    const cases: Case[] = [
      ...CASES,
      ...choiceCases(),
      ["flowtools print --format=nd", ["--format=ndjson"]],
      ["flowtools print a", ["a file.ft"]],
    ];
    const { code, stdout, stderr } = await new Deno.Command("fish", {
      args: [
        "--no-config",
        "--command",
        "source ../script; for line in $argv; echo =; complete --do-complete $line; end",
        ...cases.map(([line]) => line),
      ],
      cwd: `${folder.path}/here`,
      env: { HOME: folder.path },
    }).output();
    const decoder = new TextDecoder();
    assertEquals([code, decoder.decode(stderr)], [0, ""]);
    // What is behind a tab says what a word means.
    const offers = decoder.decode(stdout).split(/^=\n/m).slice(1)
      .map((text) => lines(text).map((line) => line.split("\t")[0]));
    assertOffers(cases, offers);
    assertStringIncludes(decoder.decode(stdout), "print\tPrint flows as text\n");
    assertStringIncludes(decoder.decode(stdout), "3\tOctets per flow distribution\n");
  },
});

/** A shell in a terminal, with its completions, ready to be typed into. */
async function startShell(command: string, path: string, setUp: string): Promise<Terminal> {
  const bin = `${path}/bin`;
  await Deno.mkdir(bin);
  const call = [Deno.execPath(), ...taskArguments("flowtools")].map((word) => `'${word}'`).join(
    " ",
  );
  await Deno.writeTextFile(
    `${bin}/flowtools`,
    `#!/bin/sh\nHOME='${Deno.env.get("HOME")}'\ncd '${ROOT_PATH}' && exec ${call} "$@"\n`,
  );
  await Deno.chmod(`${bin}/flowtools`, 0o755);
  const terminal = await Terminal.start(command, {
    columns: 100,
    cwd: `${path}/here`,
    // A history would be written when the folder is being removed.
    env: { HOME: path, HISTFILE: "/dev/null", PATH: `${bin}:${Deno.env.get("PATH")}` },
  });
  await terminal.type(`PS1='> '; ${setUp}; clear; echo rea''dy`);
  await terminal.press("Enter");
  await terminal.shows(/^ready$/m);
  return terminal;
}

/** Presses Tab in a new line, and waits for the line that it makes. */
async function assertTyped(terminal: Terminal, typed: string, completed: string): Promise<void> {
  await terminal.type(typed);
  await terminal.press("Tab");
  // A list may go on, which zsh shows by a comma.
  await terminal.shows(new RegExp(`^> ${RegExp.escape(completed)},?$`, "m"));
  await terminal.press("C-u");
}

const BASH_TERMINAL = BASH.ignore ? BASH : ignoredWithout("tmux");

Deno.test({
  name: `bash completes what is typed into a terminal${BASH_TERMINAL.name}`,
  ignore: BASH_TERMINAL.ignore,
  fn: async () => {
    await using folder = await shellFolder("bash");
    await using terminal = await startShell(
      "bash --norc --noprofile -i",
      folder.path,
      "source <(flowtools completions bash)",
    );
    await assertTyped(terminal, "flowtools pri", "flowtools print");
    await assertTyped(terminal, "flowtools print --format=nd", "flowtools print --format=ndjson");
    await assertTyped(
      terminal,
      "flowtools print --fields srcaddr,dstp",
      "flowtools print --fields srcaddr,dstport",
    );
    await assertTyped(terminal, "flowtools print a", "flowtools print a\\ file.ft");
    await assertTyped(terminal, "flowtools cat cap", "flowtools cat captures/");
  },
});

const ZSH = isInstalled("zsh") ? ignoredWithout("tmux") : ignoredWithout("zsh");

Deno.test({
  name: `zsh completes what is typed into a terminal${ZSH.name}`,
  ignore: ZSH.ignore,
  fn: async () => {
    await using folder = await shellFolder("zsh");
    await using terminal = await startShell(
      "zsh -f",
      folder.path,
      "autoload -U compinit; compinit -u -D; source ../script",
    );
    await assertTyped(terminal, "flowtools pri", "flowtools print");
    await assertTyped(terminal, "flowtools print --format nd", "flowtools print --format ndjson");
    await assertTyped(terminal, "flowtools print --form", "flowtools print --format=");
    await assertTyped(
      terminal,
      "flowtools print --fields srcaddr,dstp",
      "flowtools print --fields srcaddr,dstport",
    );
    await assertTyped(terminal, "flowtools print a", "flowtools print a\\ file.ft");
    await assertTyped(terminal, "flow-stat --desce", "flow-stat --descending=");
    await assertTyped(terminal, "flowtools help xl", "flowtools help xlate");
    // What a value means stands beside it.
    await terminal.type("flowtools stat -f ");
    await terminal.press("Tab");
    await terminal.shows(/^10 +-- Source\/Destination IP$/m);
  },
});

/** A command whose words mean something to shells. */
const NASTY: Command = {
  name: "nasty",
  summary: `It's "so": $HOME \`id\` [x] \\ (y) {z} %s`,
  operands: "[FILE…]",
  flags: [
    { name: "quoted", letter: "q", doc: `It's "so": $(id) \`id\` [a-z]: \\n 100% #` },
    {
      name: "chosen",
      value: "NAME",
      choices: ["one", "two"],
      meanings: [["one", `It's "one": $HOME \`id\` [x] \\`]],
      doc: "Chosen",
    },
  ],
  examples: [["flowtools nasty", "Nothing"]],
  run: () => Promise.resolve(0),
};

const NASTY_MODEL = completionModel([NASTY]);

Deno.test({
  name: `fish shows what means something to shells as it is${FISH.name}`,
  ignore: FISH.ignore,
  fn: async () => {
    const { code, stdout, stderr } = await new Deno.Command("fish", {
      args: [
        "--no-config",
        "--command",
        `${fishCompletions(NASTY_MODEL)}
         for line in "flowtools " "flowtools nasty --q" "flowtools nasty --chosen o"
           complete --do-complete $line
         end`,
      ],
    }).output();
    const decoder = new TextDecoder();
    assertEquals([code, decoder.decode(stderr)], [0, ""]);
    assertEquals(lines(decoder.decode(stdout)), [
      `nasty\t${NASTY.summary}`,
      `--quoted\t${NASTY.flags[0].doc}`,
      `one\t${NASTY.flags[1].meanings![0][1]}`,
    ]);
  },
});

Deno.test({
  name: `zsh shows what means something to shells as it is${ZSH.name}`,
  ignore: ZSH.ignore,
  fn: async () => {
    await using folder = temporaryDirectory();
    Deno.mkdirSync(`${folder.path}/here`);
    Deno.writeTextFileSync(`${folder.path}/script`, zshCompletions(NASTY_MODEL));
    await using terminal = await startShell(
      "zsh -f",
      folder.path,
      "autoload -U compinit; compinit -u -D; source ../script",
    );
    await assertTyped(terminal, "flowtools na", "flowtools nasty");
    await terminal.type("flowtools nasty -");
    await terminal.press("Tab");
    await terminal.shows(new RegExp(RegExp.escape(NASTY.flags[0].doc)));
    await terminal.press("C-u");
    await terminal.type("flowtools nasty --chosen ");
    await terminal.press("Tab");
    await terminal.shows(new RegExp(RegExp.escape(NASTY.flags[1].meanings![0][1])));
  },
});

Deno.test({
  name: `bash runs nothing of what means something to shells${BASH.name}`,
  ignore: BASH.ignore,
  fn: async () => {
    const script = `${bashCompletions(NASTY_MODEL)}
COMP_WORDS=(flowtools nasty --chosen "") COMP_CWORD=3
_flowtools || true
printf '%s,' "\${COMPREPLY[@]}"`;
    const { code, stdout, stderr } = await bash(script);
    assertEquals([code, stdout, stderr], [0, "one,two,", ""]);
  },
});

for (const shell of ["bash", "zsh", "fish"]) {
  const { name, ignore } = ignoredWithout(shell);
  Deno.test({
    name: `${shell} finds no fault with its script${name}`,
    ignore,
    fn: async () => {
      await using folder = await shellFolder(shell);
      const { code, stderr } = await new Deno.Command(shell, {
        args: ["-n", `${folder.path}/script`],
      }).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    },
  });
}

Deno.test("the shells that there are scripts for are told where a word is none of them", async () => {
  const { code, stderr } = await flowtools(["completions", "tcsh"]);
  assertEquals(code, 2);
  assert(stderr.startsWith('flowtools: unknown shell "tcsh", '), stderr);
});
