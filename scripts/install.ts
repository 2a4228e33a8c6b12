/**
 * Installs the `flowtools` command: bundles the program, which then starts in half the time that its
 * sources take, and has Deno make the command that runs it. The checkout is not needed any more.
 *
 *     deno task install [--root FOLDER] [--name NAME]
 *
 * @module
 */
import { parseFlags, UsageError } from "../apps/common/flags.ts";
import { writeProgram } from "./compile/bundle_program.ts";
import { RUN_FLAGS } from "./compile/runtime_flags.ts";

const FLAGS = [
  {
    name: "root",
    value: "FOLDER",
    doc: "Folder of bin/ and share/ (default: DENO_INSTALL_ROOT, ~/.deno)",
  },
  { name: "name", value: "NAME", doc: "Name of the command (default: flowtools)" },
] as const;

async function main(): Promise<void> {
  const args = parseFlags(Deno.args, FLAGS);
  const name = args.value("name") ?? "flowtools";
  // The folder of that name is emptied, and must be no other than the command's own.
  if (!/^\w[\w.-]*$/.test(name)) {
    throw new UsageError(`--name is "${name}", expected letters, digits, ".", "_" and "-"`);
  }
  const root = args.value("root") ?? defaultRoot();
  const program = await writeProgram(`${root}/share/${name}`);
  const command = ["install", "--global", "--force", "--root", root, "--name", name];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...command, ...RUN_FLAGS, program],
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("deno install failed");
}

/** Where Deno installs to. */
function defaultRoot(): string {
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  const root = Deno.env.get("DENO_INSTALL_ROOT") ?? (home === undefined ? home : `${home}/.deno`);
  if (root === undefined) throw new UsageError("No home folder is known: name one with --root");
  return root;
}

try {
  await main();
} catch (error) {
  console.error(`install: ${error instanceof Error ? error.message : error}`);
  Deno.exit(error instanceof UsageError ? 2 : 1);
}
