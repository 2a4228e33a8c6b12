/** Golden files as inputs to damage. */

const FIXTURES = new URL("../../fixtures/", import.meta.url);

/** The files of a folder of fixtures whose names end so, by name. */
export function readFixtures(folder: string, ending: string): Uint8Array<ArrayBuffer>[] {
  const url = new URL(`${folder}/`, FIXTURES);
  return [...Deno.readDirSync(url)].map(({ name }) => name)
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => Deno.readFileSync(new URL(name, url)));
}
