/** The repository's files, for the tests that look at the sources themselves. */

/** The repository's folder, with a slash at the end. */
export const ROOT = new URL("../", import.meta.url);

/** Every file below a folder whose path ends so, relative to the repository. */
export function listFiles(folder: string, ending: string): string[] {
  const paths: string[] = [];
  for (const entry of Deno.readDirSync(new URL(folder, ROOT))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) paths.push(...listFiles(path, ending));
    else if (path.endsWith(ending)) paths.push(path);
  }
  return paths.toSorted();
}

/** The text of a file of the repository. */
export function readText(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** Where the material that is not part of the repository lies, when it is there at all. */
export function sharedFolder(name: string): URL | undefined {
  const url = new URL(`../shared/${name}/`, ROOT);
  try {
    Deno.statSync(url);
    return url;
  } catch {
    console.log(`skipped: ${name} is not there (it is read in place from ../shared)`);
    return undefined;
  }
}
