/**
 * Installs the `flowtools` command: bundles the program, which then starts in half the time that its
 * sources take, and has Deno make the command that runs it. The checkout is not needed any more.
 *
 *     deno task install [--root FOLDER] [--name NAME]
 *
 * @module
 */
import { parseFlags, UsageError } from "../apps/common/flags.ts";
import { bundleProgram, MAIN_FILE } from "./compile/bundle_program.ts";
import { PERMISSIONS, RUNTIME_FLAGS, SEALED } from "./compile/permissions.ts";

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
  const root = args.value("root") ?? defaultRoot();
  const folder = `${root}/share/${name}`;
  const files = await bundleProgram();
  await removeFolder(folder);
  await Deno.mkdir(folder, { recursive: true });
  for (const { name, text } of files) await Deno.writeTextFile(`${folder}/${name}`, text);
  const command = ["install", "--global", "--force", "--root", root, "--name", name];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...command, ...SEALED, ...RUNTIME_FLAGS, ...PERMISSIONS, `${folder}/${MAIN_FILE}`],
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

/** Files of the version that was installed before would stay for ever. */
async function removeFolder(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

try {
  await main();
} catch (error) {
  console.error(`install: ${error instanceof Error ? error.message : error}`);
  Deno.exit(error instanceof UsageError ? 2 : 1);
}
