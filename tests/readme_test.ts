/** What README.md and the other documents show really runs, and what they link to is there. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { listFiles, readText } from "./files.ts";
import { bash, namesOf, ROOT_PATH, temporaryDirectory } from "./programs.ts";

/** The code blocks of a document, by language. */
function codeBlocks(document: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms");
  return [...readText(document).matchAll(fence)].map((match) => match[1]);
}

/** The commands of README.md, a line each. */
const COMMANDS = codeBlocks("README.md", "sh")
  .flatMap((block) => block.trim().split("\n"))
  .filter((line) => line !== "" && !line.startsWith("#"));

/** This one runs all tests, of which this is one. */
const TESTED_BY_RUNNING = "npx -y deno@2.9.6 task ok";

/** Where README.md's commands leave files; entries of the repository that a checkout lacks. */
const NOT_CHECKED_OUT = new Set([".git", "flows", "dist", "node_modules", "test.ft"]);

/**
 * A checkout that is the repository by links, so that what commands make does not stay; with the
 * programs that README.md takes for granted: `deno`, and `npx` that gets it.
 */
async function makeCheckout(folder: string): Promise<{ cwd: string; path: string }> {
  const cwd = `${folder}/checkout`;
  const programs = `${folder}/programs`;
  const installed = `${folder}/installed`;
  for (const directory of [cwd, programs, installed]) await Deno.mkdir(directory);
  for (const name of namesOf(".").filter((name) => !NOT_CHECKED_OUT.has(name))) {
    // Deno may write its lock file.
    if (name === "deno.lock") await Deno.copyFile(`${ROOT_PATH}/${name}`, `${cwd}/${name}`);
    else await Deno.symlink(`${ROOT_PATH}/${name}`, `${cwd}/${name}`);
  }
  await writeProgram(`${programs}/deno`, `exec "${Deno.execPath()}" "$@"`);
  await writeProgram(
    `${programs}/npx`,
    `[ "$1 $2" = "-y deno@2.9.6" ] || exit 64
     shift 2
     exec "${Deno.execPath()}" "$@"`,
  );
  return { cwd, path: `${programs}:${installed}/bin:${Deno.env.get("PATH")}` };
}

async function writeProgram(path: string, script: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`);
  await Deno.chmod(path, 0o755);
}

Deno.test({
  name: "the commands of README.md run, in their order",
  ignore: Deno.build.os === "windows",
  fn: async (t) => {
    await using folder = temporaryDirectory();
    const { cwd, path } = await makeCheckout(folder.path);
    const env = { PATH: path, DENO_INSTALL_ROOT: `${folder.path}/installed` };
    assert(COMMANDS.length >= 10, `${COMMANDS.length} commands`);
    assertEquals(COMMANDS.filter((line) => line === TESTED_BY_RUNNING).length, 1);
    for (const line of COMMANDS) {
      if (line === TESTED_BY_RUNNING) {
        console.log(`skipped: "${line}" runs all tests, this one too`);
        continue;
      }
      await t.step(line, async () => {
        const { code, stdout, stderr } = await bash(line, { cwd, env });
        assertEquals(code, 0, `${stdout}${stderr}`);
        assert(stdout + stderr !== "" || /\s-o\s/.test(line), "it says something");
      });
    }
    await t.step("they leave what README.md says they leave", () => {
      const [flows] = [...Deno.readDirSync(`${cwd}/flows`)].map(({ name }) => name);
      assertEquals(/^ft-v05\.\d{4}-\d\d-\d\d\.\d{6}[+-]\d{4}$/.test(flows), true, flows);
      assertEquals(Deno.statSync(`${cwd}/test.ft`).isFile, true);
    });
  },
});

Deno.test("the TypeScript of README.md and the documents is run by deno task test", () => {
  const { tasks } = JSON.parse(readText("deno.json"));
  const words: string[] = tasks.test.command.split(" ");
  assertEquals(words.slice(0, 2), ["deno", "test"]);
  assert(words.includes("--doc"), "doc tests are on");
  assertEquals(words.slice(2).filter((word) => !word.startsWith("--")), [], "of every file");
  assert(codeBlocks("README.md", "ts").length >= 3);
  assert(codeBlocks("docs/MIGRATING.md", "ts").length >= 9);
});

Deno.test("the demo and ok are the commands that CI runs", () => {
  const { tasks } = JSON.parse(readText("deno.json"));
  for (const line of COMMANDS) {
    const [, task] = line.match(/\btask (\S+)/) ?? [];
    if (task !== undefined) assert(task in tasks, `deno.json has no task ${task}`);
  }
  assertStringIncludes(readText(".ci/run"), "task ok");
});

const DOCUMENTS = [
  ...namesOf(".").filter((name) => name.endsWith(".md")),
  ...listFiles("docs", ".md"),
  ...listFiles("fixtures", ".md"),
];

for (const document of DOCUMENTS) {
  Deno.test(`links of ${document} lead somewhere`, () => {
    const links = [...readText(document).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
      .map((match) => match[1]).filter((link) => !/^[a-z]+:/.test(link));
    const missing = links.filter((link) =>
      !exists(new URL(link, `file://${ROOT_PATH}/${document}`))
    );
    assertEquals(missing, []);
  });
}

function exists(url: URL): boolean {
  try {
    Deno.statSync(url);
    return true;
  } catch {
    return false;
  }
}
