import { type BundledFile, MAIN_FILE } from "./bundle_program.ts";
import { PERMISSIONS, RUNTIME_FLAGS } from "./runtime_flags.ts";

/** The base binary is some 40 MB; a network that stalls longer than this is as none. */
const DOWNLOAD_MS_MAX = 300_000;

/**
 * Makes the executable with `deno compile`, which needs the base binary `denort`: it downloads it,
 * or takes the one that `DENORT_BIN` names.
 *
 * @param files The bundled program
 * @param output Where the executable goes
 * @returns Why it could not be made, or `undefined`
 */
export async function compileNative(
  files: readonly BundledFile[],
  output: string,
): Promise<string | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "flowtools-compile-" });
  // Beside it, since it does not replace a file that is none of its own.
  const temporary = `${output}.tmp-${Deno.pid}`;
  try {
    for (const { name, text } of files) await Deno.writeTextFile(`${folder}/${name}`, text);
    const others = files.filter(({ name }) => name !== MAIN_FILE);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "compile",
        "--quiet",
        "--no-config",
        "--no-lock",
        "--no-check",
        ...RUNTIME_FLAGS,
        ...PERMISSIONS,
        ...others.flatMap(({ name }) => ["--include", `${folder}/${name}`]),
        "--output",
        temporary,
        `${folder}/${MAIN_FILE}`,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(DOWNLOAD_MS_MAX),
    }).output();
    if (code === 0) {
      await Deno.rename(temporary, output);
      return undefined;
    }
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    return lines.find((line) => /error sending request|denort/i.test(line))?.trim() ?? lines[0];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
