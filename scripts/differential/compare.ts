/**
 * Runs a call with the command line of this repository and with the reference program, and tells
 * what differs.
 *
 * @module
 */
import { concat } from "@std/bytes";
import { decodeFtHeader, FT_FLAGS } from "@flowtools/ft-format";
import { Random } from "../random.ts";
import type { ClassicCall } from "./calls.ts";
import { randomStream } from "./random_flows.ts";

/** What a run gave. */
export interface ClassicRun {
  readonly code: number;
  readonly stdout: Uint8Array<ArrayBuffer>;
  readonly stderr: string;
  /** The files that it made, by name. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** What differs; nothing where the two agree. */
export type Difference = string | undefined;

/** Lines that tell the time of the run, or who built the program. */
const RUN_LINES = /^# (now|build-version):.*\n/gm;

/** How the two programs are called: words before the arguments. */
export interface ClassicPrograms {
  readonly ours: (program: string) => readonly string[];
  readonly theirs: (program: string) => readonly string[];
}

/** Runs both and compares. */
export async function compareCall(
  call: ClassicCall,
  seed: number,
  programs: ClassicPrograms,
): Promise<{ difference: Difference; refused: boolean }> {
  const [ours, theirs] = await Promise.all(
    [programs.ours, programs.theirs].map((words) => runCall(call, seed, words(call.program))),
  );
  const difference = await differenceOf(call, ours, theirs);
  return { difference, refused: theirs.code !== 0 };
}

/** Runs a call in a folder of its own. */
export async function runCall(
  call: ClassicCall,
  seed: number,
  [program, ...words]: readonly string[],
): Promise<ClassicRun> {
  const folder = await Deno.makeTempDir({ prefix: "flowtools-differential-" });
  try {
    const given = new Set<string>(["none"]);
    Deno.writeFileSync(`${folder}/none`, new Uint8Array());
    for (const [index, shape] of call.streams.entries()) {
      Deno.writeFileSync(`${folder}/in${index}`, randomStream(new Random(seed, index), shape));
      given.add(`in${index}`);
    }
    for (const [name, text] of Object.entries(call.files)) {
      Deno.writeTextFileSync(`${folder}/${name}`, text);
      given.add(name);
    }
    const named = call.args.includes("in0") || call.streams.length === 0;
    const [before, ...flags] = call.through ?? [];
    const feed = before === undefined
      ? `cat ${named ? "none" : "in0"}`
      : flags.length === 0
      ? `cat ${before}`
      : `flow-${before} ${flags.join(" ")} <in0 2>/dev/null`;
    // Through a pipe: the reference's reader of mapped files loses records of compressed ones.
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", `${feed} | exec "$0" "$@"`, program, ...words, ...call.args],
      cwd: folder,
      env: { TZ: "UTC", LC_ALL: "C", NO_COLOR: "1" },
    }).output();
    const files = filesBelow(folder).filter((name) => !given.has(name));
    return {
      code,
      stdout,
      stderr: new TextDecoder().decode(stderr),
      files: new Map(files.map((name) => [name, Deno.readFileSync(`${folder}/${name}`)])),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The files below a folder, with their paths from there. */
function filesBelow(folder: string, from = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${from}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(folder, `${from}${name}/`) : [from + name]
  ).toSorted();
}

/** What two runs of a call differ in. */
export async function differenceOf(
  { compare }: ClassicCall,
  ours: ClassicRun,
  theirs: ClassicRun,
): Promise<Difference> {
  // Programs that were built without it cannot anonymize: there is nothing to compare.
  if (theirs.stderr.includes("OpenSSL not compiled in")) return undefined;
  if ((ours.code === 0) !== (theirs.code === 0)) {
    return `exit codes ${ours.code} and ${theirs.code}\n${ours.stderr}---\n${theirs.stderr}`;
  }
  if (compare === "bytes") return textDifference(ours.stdout, theirs.stdout);
  if (compare === "messages") {
    const [a, b] = [ours, theirs].map(({ stderr }) => new TextEncoder().encode(stderr));
    return textDifference(a, b) ?? fileDifference(ours, theirs);
  }
  if (compare === "texts") {
    return textDifference(ours.stdout, theirs.stdout) ?? fileDifference(ours, theirs);
  }
  if (compare === "records") return await streamDifference(ours.stdout, theirs.stdout);
  const [names, expected] = [ours, theirs].map(({ files }) => [...files.keys()].join(" "));
  if (names !== expected) return `files ${names}, expected ${expected}`;
  for (const [name, bytes] of ours.files) {
    const difference = await streamDifference(bytes, theirs.files.get(name)!);
    if (difference !== undefined) return `${name}: ${difference}`;
  }
  return undefined;
}

/** What the files that two runs made differ in, read as text. */
function fileDifference(ours: ClassicRun, theirs: ClassicRun): Difference {
  const [names, expected] = [ours, theirs].map(({ files }) => [...files.keys()].join(" "));
  if (names !== expected) return `files ${names}, expected ${expected}`;
  for (const [name, bytes] of ours.files) {
    const difference = textDifference(bytes, theirs.files.get(name)!);
    if (difference !== undefined) return `${name}: ${difference}`;
  }
  return undefined;
}

function textDifference(ours: Uint8Array, theirs: Uint8Array): Difference {
  const decoder = new TextDecoder("latin1");
  const [a, b] = [ours, theirs].map((bytes) => decoder.decode(bytes).replaceAll(RUN_LINES, ""));
  if (a === b) return undefined;
  const [left, right] = [a, b].map((text) => text.split("\n"));
  const line = left.findIndex((text, index) => text !== right[index]);
  const at = line < 0 ? left.length : line;
  return `line ${at + 1}: ${JSON.stringify(left[at])}, expected ${JSON.stringify(right[at])}`;
}

/** Headers hold times of the run; versions, byte order and all records have to be the same. */
async function streamDifference(
  ours: Uint8Array<ArrayBuffer>,
  theirs: Uint8Array<ArrayBuffer>,
): Promise<Difference> {
  if (ours.length === 0 || theirs.length === 0) {
    return ours.length === theirs.length
      ? undefined
      : `${ours.length} bytes, expected ${theirs.length}`;
  }
  const [a, b] = await Promise.all([ours, theirs].map(plainStream));
  if (a.head !== b.head) return `header ${a.head}, expected ${b.head}`;
  if (a.records.length !== b.records.length) {
    return `${a.records.length} bytes of records, expected ${b.records.length}`;
  }
  const at = a.records.findIndex((byte, index) => byte !== b.records[index]);
  return at < 0
    ? undefined
    : `byte ${at} of the records: ${a.records[at]}, expected ${b.records[at]}`;
}

async function plainStream(
  stream: Uint8Array<ArrayBuffer>,
): Promise<{ head: string; records: Uint8Array }> {
  const { size, flags, byteOrder, exportVersion, aggregation } = decodeFtHeader(stream);
  const body = stream.slice(size);
  const records = (flags & FT_FLAGS.COMPRESS) === 0
    ? body
    : await new Response(new Blob([body]).stream().pipeThrough(new DecompressionStream("deflate")))
      .bytes();
  return {
    head: `${exportVersion} ${aggregation ?? ""} ${byteOrder} ${flags & FT_FLAGS.COMPRESS}`,
    records: concat([records]),
  };
}
