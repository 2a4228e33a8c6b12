import { type BundledFile, ROOT } from "./bundle_program.ts";

/** Packages of which the bundle has a part; others of the import map serve tests only. */
const CARRIED = ["deno-std", "pako", "smol-toml", "uplot"];

/** The terms of Deno and of its standard library, whose package does not repeat them. */
const DENO_LICENCE = `MIT License

Copyright 2018-2026 the Deno authors

Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the "Software"), to deal in
the Software without restriction, including without limitation the rights to
use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
the Software, and to permit persons to whom the Software is furnished to do so,
subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS
FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

/** What is read of `deno info`. */
interface ModuleInfo {
  readonly npmPackages: Readonly<
    Record<string, { readonly name: string; readonly version: string; readonly localPath: string }>
  >;
}

/**
 * The file that says whose work the executable carries, and under what terms.
 *
 * @throws {Error} A package is not there, or does not say its terms
 */
export async function noticeFile(): Promise<BundledFile> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    cwd: ROOT,
    args: ["info", "--json", "apps/cli/main.ts"],
    stdout: "piped",
    stderr: "null",
  }).output();
  const { npmPackages }: ModuleInfo = JSON.parse(new TextDecoder().decode(stdout));
  const known = Object.values(npmPackages);
  const parts = [`Deno ${Deno.version.deno}, https://deno.com\n\n${DENO_LICENCE}`];
  for (const wanted of CARRIED) {
    const found = known.find(({ name }) => name === wanted);
    if (found === undefined) throw new Error(`Cannot find the terms of ${wanted}: it is not there`);
    const { name, version, localPath } = found;
    const terms = name === "deno-std"
      ? DENO_LICENCE
      : await Deno.readTextFile(`${localPath}/LICENSE`);
    parts.push(`${name} ${version}, https://www.npmjs.com/package/${name}\n\n${terms.trim()}\n`);
  }
  const own = await Deno.readTextFile(`${ROOT}/LICENSE`);
  const line = `\n${"-".repeat(80)}\n\n`;
  return {
    name: "NOTICE",
    text: `flowtools\n\n${own}${line}It carries other people's work:${line}${parts.join(line)}`,
  };
}
