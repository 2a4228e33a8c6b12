import { gzipSync } from "node:zlib";
import { type BundledFile, MAIN_FILE } from "./bundle_program.ts";
import { launcherText, type Part, RUNTIME_FILE } from "./launcher.ts";

/**
 * Makes an executable that carries the runtime: a shell script with the Deno that runs this, and
 * the bundled program, behind it.
 *
 * @param files The bundled program
 * @param version The program's version
 * @param output Where the executable goes
 */
export async function carryRuntime(
  files: readonly BundledFile[],
  version: string,
  output: string,
): Promise<void> {
  if (Deno.build.os !== "linux") {
    throw new Error(`Cannot carry the runtime on ${Deno.build.os}: the launcher is for Linux`);
  }
  const encoder = new TextEncoder();
  const contents: Part[] = [
    { name: RUNTIME_FILE, bytes: await Deno.readFile(Deno.execPath()) },
    ...files.map(({ name, text }) => ({ name, bytes: encoder.encode(text) })),
  ];
  if (!contents.some(({ name }) => name === MAIN_FILE)) {
    throw new Error(`No file of the program is ${MAIN_FILE}`);
  }
  const parts = contents.map(({ name, bytes }) => ({
    name,
    bytes: new Uint8Array(gzipSync(bytes)),
  }));
  const launcher = encoder.encode(launcherText(version, await contentId(parts), parts));
  const temporary = `${output}.tmp-${Deno.pid}`;
  {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    for (const bytes of [launcher, ...parts.map((part) => part.bytes)]) await writeAll(file, bytes);
  }
  await Deno.chmod(temporary, 0o755);
  await Deno.rename(temporary, output);
}

async function contentId(parts: readonly Part[]): Promise<string> {
  const digests = await Promise.all(
    parts.map(({ bytes }) => crypto.subtle.digest("SHA-256", bytes)),
  );
  const names = new TextEncoder().encode(parts.map(({ name }) => name).join("\n"));
  const whole = await new Blob([names, ...digests]).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole)).slice(0, 12).toHex();
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
