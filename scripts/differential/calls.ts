/**
 * Random calls of the classic programs from a seed: their flags, and what they read.
 *
 * @module
 */
import { findFtLayout, FT_CONVERSIONS } from "@flowtools/ft-format";
import { missingFields } from "../../apps/cli/render/classic_print.ts";
import { PRINT_FORMATS } from "../../apps/cli/render/classic_print_formats.ts";
import { STAT_FORMATS } from "../../apps/cli/render/stat_formats.ts";
import type { Random } from "../random.ts";
import { filterConfig, maskConfig, reportConfig, tagConfig, xlateConfig } from "./configs.ts";
import { STREAM_VERSIONS, type StreamShape, type StreamVersion } from "./random_flows.ts";

/** One call, for both programs. */
export interface ClassicCall {
  /** The name behind `flow-`. */
  readonly program: string;
  /** Its arguments; files are in the folder where it runs. */
  readonly args: readonly string[];
  /** The streams: each a file `in<N>`; the first on standard input unless `args` name it. */
  readonly streams: readonly StreamShape[];
  /** Configurations, by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** A classic call that the first stream goes through before both programs read it. */
  readonly through?: readonly string[];
  /** What to compare: the text or bytes; messages; the records of a stream; all files made. */
  readonly compare: "bytes" | "messages" | "records" | "files" | "texts";
}

type Shape = (random: Random) => ClassicCall;

/** Each element with even odds, in the order given. */
function some<T>(random: Random, list: readonly T[]): T[] {
  return list.filter(() => random.oneIn(2));
}

/** The reference swaps the wrong widths in big-endian files of these: see fixtures/QUIRKS.md. */
function swappedWrongly({ version, aggregation }: StreamVersion): boolean {
  return version === 1005 || aggregation === 12;
}

function shapeOf(random: Random, versions = STREAM_VERSIONS, flows = 40): StreamShape {
  const one = random.pick(versions);
  const { version, aggregation } = one;
  return {
    version,
    aggregation,
    byteOrder: !swappedWrongly(one) && random.oneIn(3) ? "big" : "little",
    level: random.oneIn(3) ? 1 + random.int(9) : 0,
    flows: random.int(flows),
    wild: random.oneIn(3),
    wraps: random.oneIn(5),
  };
}

const CLASSIC = STREAM_VERSIONS.filter(({ version }) => version !== 8);
const TAGGED = STREAM_VERSIONS.filter(({ version }) => version === 1005);
const RICH = STREAM_VERSIONS.filter(({ version }) => version === 5 || version === 7);

const PROGRAMS: Readonly<Record<string, Shape>> = {
  print: (random) => {
    const shape = shapeOf(random);
    const { schema } = findFtLayout(shape.version, shape.aggregation)!;
    const numbers = [...PRINT_FORMATS.keys()];
    const fitting = numbers.filter((format) =>
      missingFields(PRINT_FORMATS[format], schema).length === 0
    );
    const format = random.oneIn(5) ? [] : [`-f${random.pick(random.oneIn(9) ? numbers : fitting)}`];
    const flags = some(random, ["-n", "-w", "-p", "-l"]);
    const comment = random.oneIn(5) ? ["-c", random.pick(["%", ";", "//"])] : [];
    return call("print", [...format, ...flags, ...comment], [shape]);
  },
  stat: (random) => {
    const flags = some(random, ["-n", "-w", "-p", "-P"]);
    const sort = random.oneIn(3) ? [] : [`-${random.pick(["s", "S"])}${random.int(7)}`];
    const tally = random.oneIn(3) ? [`-t${1 + random.int(9)}`] : [];
    const title = random.oneIn(4) ? ["-T", "A title, of its own"] : [];
    const format = `-f${random.int(STAT_FORMATS.length)}`;
    const versions = random.oneIn(3) ? STREAM_VERSIONS : CLASSIC;
    // The share of a tally's lines comes from memory that was never set: see fixtures/QUIRKS.md.
    const share = flags.includes("-P") ? [] : tally;
    return call("stat", [format, ...flags, ...sort, ...share, ...title], [
      shapeOf(random, versions, 300),
    ]);
  },
  report: (random) => {
    const files = reportConfig(random);
    const versions = random.oneIn(4) ? STREAM_VERSIONS : random.oneIn(4) ? TAGGED : RICH;
    const args = ["-s", "stat.cfg", "-S", "d"];
    return { ...call("report", args, [shapeOf(random, versions, 200)], "texts"), files };
  },
  nfilter: (random) => ({
    ...call("nfilter", ["-f", "filter.cfg", "-F", "d", ...streamFlags(random)], [
      shapeOf(random, random.pick([STREAM_VERSIONS, CLASSIC, RICH, RICH, TAGGED]), 80),
    ], "records"),
    files: { "filter.cfg": filterConfig(random) },
  }),
  filter: (random) => {
    const flags = [
      ["-a", list(random, 64_510, 8)],
      ["-A", list(random, 0, 9)],
      ["-i", list(random, 1, 12)],
      ["-I", list(random, 0, 12)],
      ["-p", list(random, 0, 1100)],
      ["-P", list(random, 0, 1100)],
      ["-r", list(random, 1, 20)],
      ["-t", list(random, 0, 200) + random.pick(["", "/255", "/0xf0"])],
      ["-T", list(random, 0, 64) + random.pick(["", "/2", "/0x12"])],
      ["-e", `10.0.0.${1 + random.int(4)}`],
      ["-S", random.pick(["inside", "one", "2"])],
      ["-D", random.pick(["inside", "one", "2"])],
      ["-x", random.pick(["inside", "one", "2"])],
    ].filter(() => random.oneIn(6)).flat();
    const any = random.oneIn(3) ? ["-o"] : [];
    return {
      ...call("filter", [...flags, ...any, "-f", "acl", ...streamFlags(random)], [
        shapeOf(random, random.oneIn(6) ? STREAM_VERSIONS : CLASSIC, 80),
      ], "records"),
      files: {
        acl: "ip access-list standard inside permit 10.0.0.0 0.0.255.255\n" +
          "ip access-list standard one permit host 10.0.0.3\n" +
          "ip access-list standard one deny 10.0.0.0 0.0.0.7\n" +
          "ip access-list standard one permit any\n" +
          "access-list 2 permit 192.193.0.0 0.0.0.5\n",
      },
    };
  },
  tag: (random) => ({
    ...call("tag", ["-t", "tag.cfg", "-T", "d", ...streamFlags(random)], [
      shapeOf(random, CLASSIC.filter(({ version }) => version !== 1), 60),
    ], "records"),
    files: { "tag.cfg": tagConfig(random) },
  }),
  xlate: (random) => {
    const shape = shapeOf(random, CLASSIC, 60);
    // To other versions the reference writes what its memory holds; 1 to 1005 does so in part.
    const targets = [...FT_CONVERSIONS.get(shape.version) ?? []].filter((version) =>
      version !== shape.version && !(shape.version === 1 && version === 1005)
    );
    const convert = [`-V${random.pick(targets)}`];
    if (random.oneIn(4)) {
      return call("xlate", ["-n", ...convert, ...streamFlags(random)], [shape], "records");
    }
    const more = [...random.oneIn(3) ? convert : [], ...streamFlags(random)];
    return {
      ...call("xlate", ["-x", "xlate.cfg", "-X", "d", ...more], [shape], "records"),
      files: xlateConfig(random),
    };
  },
  mask: (random) => ({
    ...call("mask", ["-m", "mask.cfg", "-M", "d", ...streamFlags(random)], [
      shapeOf(random, CLASSIC.filter(({ version }) => version !== 1), 60),
    ], "records"),
    files: { "mask.cfg": maskConfig(random) },
  }),
  merge: (random) => {
    const shape = shapeOf(random, CLASSIC);
    const streams = [shape, shape, shape].slice(random.int(3)).map((one) => ({ ...one }));
    const names = streams.map((_, index) => `in${index}`);
    const flags = [...some(random, ["-m", "-g"]), ...order(random, shape)];
    return call("merge", [...flags, ...names], streams, "records");
  },
  cat: (random) => {
    const shape = shapeOf(random);
    const streams = [shape, shape, shape].slice(random.int(3)).map((one) => ({ ...one }));
    const names = streams.map((_, index) => `in${index}`);
    const start = `2023-11-14 22:${13 + random.int(20)}:00`;
    const dates = random.oneIn(3) ? [random.pick(["-t", "-T"]), start] : [];
    const flags = [...some(random, ["-m", "-g", "-p", "-a"]), ...dates, ...order(random, shape)];
    return call("cat", [...flags, ...names], streams, "records");
  },
  split: (random) => {
    const how = random.pick([
      ["-N", String(1 + random.int(20))],
      ["-T", String(1 + random.int(30))],
      ["-g"],
      ["-G"],
      ["-g", "-n"],
    ]);
    const versions = how[0].toLowerCase() === "-g" ? TAGGED : CLASSIC;
    return call("split", [...how, "-o", "out"], [shapeOf(random, versions)], "files");
  },
  export: (random) => {
    const format = random.pick([0, 1, 2, 2, 4]);
    const mask = random.oneIn(2) || format !== 2 ? [] : ["-m", fieldMask(random)];
    // There are no packets of version 1005: the reference may never end.
    const versions = format === 4
      ? STREAM_VERSIONS.filter(({ version }) => version !== 1005)
      : STREAM_VERSIONS;
    return call("export", [`-f${format}`, ...mask], [shapeOf(random, versions)]);
  },
  import: (random) => {
    const format = random.pick([0, 2, 2, 3, 4]);
    if (format === 3) return importText(random);
    const versions = STREAM_VERSIONS.filter(({ version }) =>
      // There are no packets of 1005; what a version lacks comes from behind a table.
      version !== 1005
    );
    const shape = { ...shapeOf(random, versions), byteOrder: "little" as const };
    const { version, aggregation } = shape;
    const target = format === 4 && version !== 8 && random.oneIn(3)
      ? random.pick([5, 6, 7].filter((one) => one !== version))
      : version;
    const name = aggregation === undefined ? `-V${target}` : `-V${target}.${aggregation}`;
    return {
      ...call("import", [`-f${format}`, name, ...order(random, shape)], [shape], "records"),
      through: ["export", `-f${format}`],
    };
  },
  dscan: (random) => {
    const flags = [
      ["-D", String(random.int(20))],
      ["-S", String(1 + random.int(10))],
      ["-O", String(random.int(100_000))],
      ["-P", String(random.int(500))],
      ["-T", String(random.int(1000))],
      ["-i", list(random, 1, 12)],
      ["-I", list(random, 1, 12)],
      ["-m"],
      ["-w"],
      ["-W"],
      ["-t", String(1 + random.int(200))],
      ["-p", "-s", "state"],
    ].filter(() => random.oneIn(4)).flat();
    const shape = shapeOf(random, CLASSIC, 600);
    const files = {
      "dscan.suppress.src": "10.0.0.3 - - -\n# none\n10.0.1.5 17 - 53\n",
      "dscan.suppress.dst": "192.193.0.4 - - -\n",
    };
    return { ...call("dscan", ["-b", ...flags], [shape], "messages"), files };
  },
  header: (random) => call("header", random.oneIn(3) ? ["-c", "%"] : [], [shapeOf(random)]),
  gen: (random) => {
    const { version, aggregation } = random.pick(STREAM_VERSIONS);
    const name = aggregation === undefined ? `${version}` : `${version}.${aggregation}`;
    const flags = order(random, { version, aggregation });
    return call("gen", [`-V${name}`, "-n", String(random.int(200)), ...flags], [], "records");
  },
};

/** Text of NFCollector, some lines of it broken. */
function importText(random: Random): ClassicCall {
  const lines = Array.from({ length: random.int(12) }, () => {
    const cells = [
      `10.0.0.${random.int(9)}`,
      `10.0.1.${random.int(9)}`,
      ...[random.int(1000), random.int(100_000), random.int(50)].map(String),
    ];
    return (random.oneIn(8) ? cells.slice(1) : cells).join("|");
  });
  return {
    ...call("import", ["-f3", "-V8.5"], [], "records"),
    files: { text: ["x|FORMAT A|AGGREGATION HostMatrix|a|b|c|d|e|f", ...lines, ""].join("\n") },
    through: ["text"],
  };
}

/** The programs that calls can be made of. */
export const CLASSIC_PROGRAMS: readonly string[] = Object.keys(PROGRAMS);

/** A random call of a program. */
export function randomCall(program: string, random: Random): ClassicCall {
  return PROGRAMS[program](random);
}

function call(
  program: string,
  args: readonly string[],
  streams: readonly StreamShape[],
  compare: ClassicCall["compare"] = "bytes",
): ClassicCall {
  return { program, args, streams, files: {}, compare };
}

function order(random: Random, version: StreamVersion): string[] {
  return !swappedWrongly(version) && random.oneIn(3) ? ["-b", random.pick(["little", "big"])] : [];
}

function streamFlags(random: Random): string[] {
  return [...some(random, ["-k"]), ...random.oneIn(4) ? ["-z", String(random.int(10))] : []];
}

/** A list such as `1-15`, `1,15`, `!1,15`. */
function list(random: Random, base: number, span: number): string {
  const parts = Array.from({ length: 1 + random.int(3) }, () => {
    const from = base + random.int(span);
    return random.oneIn(3) ? `${from}-${from + random.int(4)}` : String(from);
  });
  return (random.oneIn(4) ? "!" : "") + parts.join(",");
}

function fieldMask(random: Random): string {
  const names = ["unix_secs", "doctets", "srcaddr", "dstaddr", "dpkts", "first", "exaddr"];
  const picked = some(random, names);
  return picked.length === 0 ? "0x3000" : picked.join(",");
}
