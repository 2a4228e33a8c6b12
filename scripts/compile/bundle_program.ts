import { removeIfThere } from "../remove_if_there.ts";
import { fromFileUrl } from "./paths.ts";

/** The repository's folder. */
export const ROOT: string = fromFileUrl(new URL("../../", import.meta.url));

/** The program that is bundled, and the folders whose workers it starts. */
const ENTRY = "apps/cli/main.ts";
const FOLDERS = ["apps", "packages"];

/** How a worker's entry file is named. */
const WORKER = /_worker\.ts$/;
/** How a worker is started: the file's name is all that tells it from the others. */
const WORKER_URL = /new URL\("(\.{1,2}\/[^"]*?)([a-z0-9_]+_worker)\.ts", import\.meta\.url\)/g;

/** How a file of the bundle imports another: at once, or when it is needed. */
const IMPORT = /(\bfrom |\bimport )"(?:\.{1,2}\/)+([\w.-]+\.js)"/g;
const LATE_IMPORT = /\bimport\("(?:\.{1,2}\/)+([\w.-]+\.js)"\)/g;

/** Imports a file when it is needed. Names in the text would be read by Deno at the start: all files. */
const IMPORT_LATE = "importLate_";
const IMPORT_LATE_TEXT = `\nfunction ${IMPORT_LATE}(file) {\n  return import(file);\n}\n`;

/** A file of the bundled program. */
export interface BundledFile {
  /** Name in the one folder that holds the program. */
  readonly name: string;
  readonly text: string;
}

/** What the program's first file is called. */
export const MAIN_FILE = "main.js";

/**
 * Bundles the command line, the collector and every worker. They share what they have in common,
 * and what only some commands need is a file of its own: a start reads and compiles little.
 *
 * @returns The files, which import nothing else; the program's is the first
 * @throws {Error} The bundler fails, or two files share a name
 */
export async function bundleProgram(): Promise<readonly BundledFile[]> {
  const workers = FOLDERS.flatMap((folder) => filesBelow(`${ROOT}/${folder}`))
    .filter((path) => WORKER.test(path));
  const folder = await Deno.makeTempDir({ prefix: "flowtools-bundle-" });
  try {
    await bundle([`${ROOT}/${ENTRY}`, ...workers], folder);
    const paths = filesBelow(folder);
    const names = paths.map(baseName);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) {
      throw new Error(`Two files are named ${twice}: the bundle keeps all files in one folder`);
    }
    const files = paths.map((path) => ({
      name: baseName(path),
      text: withNeighbours(Deno.readTextFileSync(path), names),
    }));
    const isMain = ({ name }: BundledFile) => name === MAIN_FILE;
    return [...files.filter(isMain), ...files.filter((file) => !isMain(file))];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Bundles the program into a folder, which is emptied first: what an earlier version left would stay
 * for ever.
 *
 * @returns The path of the program's first file
 */
export async function writeProgram(folder: string): Promise<string> {
  const files = await bundleProgram();
  await removeIfThere(folder);
  await Deno.mkdir(folder, { recursive: true });
  for (const { name, text } of files) await Deno.writeTextFile(`${folder}/${name}`, text);
  return `${folder}/${MAIN_FILE}`;
}

async function bundle(entries: readonly string[], folder: string): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    // The import map is found from the folder, not from the entry.
    cwd: ROOT,
    args: [
      "bundle",
      "--quiet",
      "--platform",
      "deno",
      "--code-splitting",
      "--outdir",
      folder,
      ...entries,
    ],
    stdout: "null",
    stderr: "piped",
  });
  const { code, stderr } = await command.output();
  if (code !== 0) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
}

/** The bundler puts workers in the folders where their sources are; all files become neighbours. */
function withNeighbours(text: string, names: readonly string[]): string {
  const late = text.replaceAll(
    LATE_IMPORT,
    (whole, name) => names.includes(name) ? `${IMPORT_LATE}("./${name}")` : whole,
  );
  return (late === text ? text : late + IMPORT_LATE_TEXT)
    .replaceAll(
      IMPORT,
      (whole, before, name) => names.includes(name) ? `${before}"./${name}"` : whole,
    )
    .replaceAll(WORKER_URL, (_, _folder, name) => {
      if (!names.includes(`${name}.js`)) throw new Error(`No file is the worker ${name}.ts`);
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
