import { fromFileUrl } from "./paths.ts";

/** The repository's folder. */
export const ROOT: string = fromFileUrl(new URL("../../", import.meta.url));

/** The program that is made one file of, and the folders whose workers it starts. */
const ENTRY = "apps/cli/main.ts";
const FOLDERS = ["apps", "packages"];

/** How a worker's entry file is named. */
const WORKER = /_worker\.ts$/;
/** How a worker is started: the file's name is all that tells it from the others. */
const WORKER_URL = /new URL\("(\.{1,2}\/[^"]*?)([a-z0-9_]+_worker)\.ts", import\.meta\.url\)/g;

/** A file of the bundled program. */
export interface BundledFile {
  /** Name in the one folder that holds the program. */
  readonly name: string;
  readonly text: string;
}

/** What the program's first file is called. */
export const MAIN_FILE = "main.js";

/**
 * Bundles the command line, the collector and every worker, each to a file that imports nothing.
 *
 * @returns The files; the program's is the first
 * @throws {Error} The bundler fails, or two workers share a name
 */
export async function bundleProgram(): Promise<readonly BundledFile[]> {
  const workers = FOLDERS.flatMap((folder) => filesBelow(`${ROOT}/${folder}`))
    .filter((path) => WORKER.test(path));
  const names = workers.map(baseName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new Error(`Two workers are named ${twice}: the bundle keeps all files in one folder`);
  }
  const files = [{ name: MAIN_FILE, text: await bundle(`${ROOT}/${ENTRY}`) }];
  for (const worker of workers) {
    files.push({ name: baseName(worker).replace(/ts$/, "js"), text: await bundle(worker) });
  }
  return files.map(({ name, text }) => ({ name, text: withBundledWorkers(text, names) }));
}

async function bundle(entry: string): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    // The import map is found from the folder, not from the entry.
    cwd: ROOT,
    args: ["bundle", "--quiet", "--platform", "deno", entry],
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  if (code !== 0) throw new Error(`Cannot bundle ${entry}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Workers lie beside the program that starts them. */
function withBundledWorkers(text: string, known: readonly string[]): string {
  return text.replaceAll(WORKER_URL, (_, _folder, name) => {
    if (!known.includes(`${name}.ts`)) throw new Error(`No file is the worker ${name}.ts`);
    return `new URL("./${name}.js", import.meta.url)`;
  });
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
  ).toSorted();
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
