/** The one executable: made as `deno task compile` makes it, tried as somebody has it who has nothing else. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { bash, lines, ROOT_PATH, taskArguments, temporaryDirectory } from "./programs.ts";

/**
 * `deno compile` downloads its base binary unless it is told where one is; a test must not depend
 * on the network.
 */
const BASE = Deno.env.get("DENORT_BIN");
const BACK_END = BASE === undefined ? "carried-runtime" : "deno-compile";
const SAMPLE = `${ROOT_PATH}/fixtures/ft/v5-le-z.ft`;

Deno.test({
  name: `one executable does it all (back end ${BACK_END})`,
  // The launcher that carries the runtime is a shell script.
  ignore: Deno.build.os !== "linux",
  fn: async (t) => {
    await using folder = temporaryDirectory();
    const executable = `${folder.path}/dist/flowtools`;
    const env = { TMPDIR: folder.path };

    await t.step("it is made, and does the main job", async () => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...taskArguments("compile"), "--back-end", BACK_END, "-o", executable],
        cwd: ROOT_PATH,
        env: { NO_COLOR: "1" },
        stdin: "null",
      }).output();
      const text = new TextDecoder().decode(stdout);
      assertEquals(code, 0, text + new TextDecoder().decode(stderr));
      console.log(text);
      assertStringIncludes(text, `Back end: ${BACK_END}\n`);
      assertMatch(text, /^Tried: help, a man page, and completions of 3 shells$/m);
      assertMatch(text, /^Tried: top of 106 flows on 2 threads, a chart of \d+ bytes$/m);
      assertMatch(text, /^Tried: the page was read, and metrics of 150 flows$/m);
      assertMatch(text, /^Tried: .* and a query found the flows in the file$/m);
      assertMatch(text, /^Tried: SIGTERM ended it, and 150 flows were read back/m);
      assertEquals(namesIn(`${folder.path}/dist`), ["flowtools"]);
    });

    await t.step("streams and exit codes pass through", async () => {
      const piped = await bash(`"${executable}" cat "${SAMPLE}" | "${executable}" print -f5`, {
        env,
        cwd: folder.path,
      });
      assertEquals(piped.code, 0, piped.stderr);
      const classic = await bash(`deno task flowtools print -f5 "${SAMPLE}" 2>/dev/null`, {
        env: { PATH: `${directoryOf(Deno.execPath())}:${Deno.env.get("PATH")}` },
      });
      assertEquals(lines(piped.stdout), lines(classic.stdout));
      assert(lines(piped.stdout).length > 10);
      const wrong = await bash(`"${executable}" print --no-such-flag`, { env, cwd: folder.path });
      assertEquals([wrong.code, wrong.stdout], [2, ""]);
      assertStringIncludes(wrong.stderr, "flowtools: unknown flag --no-such-flag");
    });

    await t.step("links make it the classic programs", async () => {
      for (const name of ["flow-capture", "flow-fanout", "flow-receive", "flow-stat"]) {
        await Deno.symlink(executable, `${folder.path}/${name}`);
        const { code, stdout } = await bash(`"${folder.path}/${name}" --help`, { env });
        assertEquals(code, 0);
        assertMatch(stdout, new RegExp(`^flowtools ${name.slice("flow-".length)}: `));
      }
    });

    await t.step("it unpacks to a folder of the user's alone", async () => {
      if (BASE !== undefined) return console.log("skipped: this executable unpacks nothing");
      const { uid } = Deno.statSync(folder.path);
      for (const unsafe of ["open", "link"]) {
        const cache = `${folder.path}/${unsafe}`;
        const home = `${cache}/flowtools-${uid}`;
        const elsewhere = `${folder.path}/elsewhere-${unsafe}`;
        const good = `${folder.path}/good-${unsafe}`;
        for (const path of [cache, elsewhere, good]) Deno.mkdirSync(path);
        if (unsafe === "link") Deno.symlinkSync(elsewhere, home);
        else Deno.mkdirSync(home);
        if (unsafe === "open") Deno.chmodSync(home, 0o777);
        const { code, stdout } = await bash(`"${executable}" --version`, {
          env: { FLOWTOOLS_CACHE_DIR: cache, CACHE_DIRECTORY: good },
        });
        assertEquals(code, 0);
        assertMatch(stdout, /^flowtools \d/);
        assertEquals([namesIn(home), namesIn(elsewhere)], [[], []], unsafe);
        const [own] = namesIn(good);
        assertEquals(own, `flowtools-${uid}`);
        assertEquals(Deno.statSync(`${good}/${own}`).mode! & 0o777, 0o700);
        // One folder named for its contents, and nothing half done.
        const [contents, ...others] = namesIn(`${good}/${own}`);
        assertEquals(others, []);
        const notice = await Deno.readTextFile(`${good}/${own}/${contents}/NOTICE`);
        for (const carried of ["Deno ", "deno-std ", "pako ", "smol-toml ", "uplot "]) {
          assertMatch(notice, new RegExp(`^${carried}\\d+\\.\\d+\\.\\d+, https:`, "m"));
        }
      }
    });
  },
});

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
