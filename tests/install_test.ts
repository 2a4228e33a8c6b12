/** The installed command: made as `deno task install` makes it, and called from elsewhere. */
import { assertEquals, assertMatch } from "@std/assert";
import { bash, ROOT_PATH, taskArguments, temporaryDirectory } from "./programs.ts";

const SAMPLE = `${ROOT_PATH}/fixtures/ft/v5-le-z.ft`;

Deno.test({
  name: "the installed command answers as the one of the checkout does",
  // Elsewhere Deno makes a command of another kind.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using root = temporaryDirectory();
    const install = await new Deno.Command(Deno.execPath(), {
      args: [...taskArguments("install"), "--root", root.path, "--name", "ft"],
      cwd: ROOT_PATH,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    assertEquals(install.code, 0, new TextDecoder().decode(install.stderr));
    const runtime = Deno.execPath().slice(0, Deno.execPath().lastIndexOf("/"));
    const env = { PATH: `${root.path}/bin:${runtime}:${Deno.env.get("PATH")}`, NO_COLOR: "1" };

    const version = await bash("ft --version", { env, cwd: root.path });
    assertMatch(version.stdout, /^flowtools \d+\.\d+\.\d+\n$/, version.stderr);
    // One call for each way to a file of its own: a command, a table of names, another thread.
    const calls = [
      `print -f5 "${SAMPLE}"`,
      `top --by dstport --names --threads 2 "${SAMPLE}" "${SAMPLE}"`,
      `cat -z6 --where "dst port > 1000" "${SAMPLE}" | flowtools series --by prot`,
    ];
    for (const call of calls) {
      const installed = await bash(
        `flowtools() { ft "$@"; }; flowtools ${call}`,
        { env, cwd: root.path },
      );
      const checkout = await bash(
        `flowtools() { deno task --quiet flowtools "$@"; }; flowtools ${call}`,
        { env, cwd: ROOT_PATH },
      );
      assertEquals([installed.code, installed.stderr], [0, ""], call);
      assertEquals(installed.stdout, checkout.stdout, call);
    }
  },
});

Deno.test("what is installed has a plain name, since the folder of that name is emptied", async () => {
  await using root = temporaryDirectory();
  Deno.mkdirSync(`${root.path}/share`);
  Deno.writeTextFileSync(`${root.path}/share/kept`, "");
  for (const name of ["", ".", "..", "a/../.."]) {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...taskArguments("install"), "--root", root.path, `--name=${name}`],
      cwd: ROOT_PATH,
      stdin: "null",
    }).output();
    assertEquals(code, 2);
    assertMatch(new TextDecoder().decode(stderr), /^install: --name is ".*", expected letters/);
  }
  assertEquals(Deno.statSync(`${root.path}/share/kept`).isFile, true);
});
