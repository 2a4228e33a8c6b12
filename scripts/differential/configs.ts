/**
 * Random configurations of filters, reports, tags, translations and masks from a seed.
 *
 * @module
 */
import { REPORTS } from "@flowtools/flowset";
import {
  allowedFields,
  allowedOptions,
  REPORT_FIELDS,
} from "../../packages/flowset/report_config/fields.ts";
import type { Random } from "../random.ts";

const MODES = ["permit", "deny"];
const COMPARISONS = ["lt", "gt", "eq", "ne", "ge", "le"];

/** Makes the line behind `permit` or `deny`, for each type of primitive. */
const PRIMITIVES: Readonly<Record<string, (random: Random) => string>> = {
  "as": (random) => numbers(random, [64_509, 8], [0, 9]),
  "ip-address-prefix-len": (random) => numbers(random, [0, 33]),
  "ip-protocol": (random) =>
    random.oneIn(3) ? random.pick(["tcp", "udp", "icmp"]) : numbers(random, [0, 60]),
  "ip-tos": (random) => numbers(random, [0, 256]),
  "ip-tcp-flags": (random) => numbers(random, [0, 64]),
  "ifindex": (random) => numbers(random, [0, 12]),
  "engine": (random) => numbers(random, [0, 4]),
  "ip-port": (random) =>
    random.oneIn(3)
      ? random.pick(["smtp", "http", "ssh"])
      : numbers(random, [0, 1100], [1024, 64_000]),
  "ip-address": (random) => address(random),
  "ip-address-mask": (random) => `${address(random)} 255.255.255.${random.pick([0, 252, 255])}`,
  "ip-address-prefix": (random) =>
    random.pick([
      "10.0.0.0/24",
      "10.0.1.0/29",
      "192.193/16",
      "193.2/16",
      "10/8",
      "10.0.0.4/30",
      "224/4",
    ]),
  "tag": (random) => random.pick(["0", "1", "2", "100", "0x10000"]),
  "tag-mask": (random) => `${random.int(5)} ${random.pick(["0x3", "0xffffffff", "1"])}`,
  "counter": (random) =>
    `${random.pick(COMPARISONS)} ${random.pick([0, 1, 2, 100, 1500, 50_000, 1_000_000])}`,
  "time": (random) =>
    `${random.pick(COMPARISONS)} ${random.int(24)}:${random.int(60)}:${random.int(60)}`,
  "time-date": (random) =>
    `${random.pick(COMPARISONS)} November 14, 2023 22:${10 + random.int(10)}:00`,
  "double": (random) => `${random.pick(COMPARISONS)} ${random.pick(["0.5", "10", "1000", "1e5"])}`,
  "rate": () => "1",
};

/** What can be matched, with the types of primitives that fit. */
const MATCHES: readonly (readonly [match: string, ...types: string[]])[] = [
  ["source-as", "as"],
  ["dst-as", "as"],
  ["ip-source-address", "ip-address", "ip-address-mask", "ip-address-prefix"],
  ["dst-ip-addr", "ip-address", "ip-address-mask", "ip-address-prefix"],
  ["ip-exporter-address", "ip-address", "ip-address-mask", "ip-address-prefix"],
  ["ip-nexthop-address", "ip-address", "ip-address-mask", "ip-address-prefix"],
  ["ip-shortcut-address", "ip-address"],
  ["ip-protocol", "ip-protocol"],
  ["ip-source-address-prefix-len", "ip-address-prefix-len"],
  ["dst-ip-addr-prefix-len", "ip-address-prefix-len"],
  ["ip-tos", "ip-tos"],
  ["ip-marked-tos", "ip-tos"],
  ["ip-tcp-flags", "ip-tcp-flags"],
  ["ip-source-port", "ip-port"],
  ["dst-ip-port", "ip-port"],
  ["input-interface", "ifindex"],
  ["dst-ifindex", "ifindex"],
  ["start-time", "time", "time-date"],
  ["end-time", "time", "time-date"],
  ["flows", "counter"],
  ["octets", "counter"],
  ["packets", "counter"],
  ["extra-packets", "counter"],
  ["duration", "counter"],
  ["engine-id", "engine"],
  ["engine-type", "engine"],
  ["source-tag", "tag", "tag-mask"],
  ["destination-tag", "tag", "tag-mask"],
  ["pps", "double"],
  ["bps", "double"],
  ["random-sample", "rate"],
];

function address(random: Random): string {
  return `${random.pick(["10.0.0", "10.0.1", "192.193.0", "193.2.0"])}.${random.int(12)}`;
}

function numbers(random: Random, ...ranges: readonly (readonly [number, number])[]): string {
  const parts = Array.from({ length: 1 + random.int(3) }, () => {
    const [base, span] = random.pick(ranges);
    const from = base + random.int(span);
    return random.oneIn(3)
      ? `${from}-${Math.min(from + random.int(5), base + span - 1)}`
      : `${from}`;
  });
  return (random.oneIn(6) ? "!" : "") + parts.join(",");
}

/** Primitives, and a definition `d` that uses them. */
export function filterConfig(random: Random): string {
  const primitives: string[] = [];
  const matches: string[] = [];
  const count = 1 + random.int(4);
  for (let index = 0; index < count; index++) {
    const [match, ...types] = random.pick(MATCHES);
    const type = random.pick(types);
    // An entry that is permitted and denied is refused: most primitives say only one of them.
    const modes = type === "rate" ? ["permit"] : random.oneIn(4) ? MODES : [random.pick(MODES)];
    const lines = Array.from(
      { length: 1 + (type === "rate" ? 0 : random.int(3)) },
      () => `  ${random.pick(modes)} ${PRIMITIVES[type](random)}`,
    );
    primitives.push(
      `filter-primitive P${index}`,
      `  type ${type}`,
      ...type === "ip-tos" || type === "ip-tcp-flags" && random.oneIn(2)
        ? [`  mask 0x${random.int(256).toString(16)}`]
        : [],
      ...lines,
      ...type !== "rate" && random.oneIn(2) ? [`  default ${random.pick(MODES)}`] : [],
    );
    if (index > 0 && random.oneIn(3)) matches.push("  or");
    matches.push(`  match ${match} P${index}`);
  }
  const invert = random.oneIn(4) ? ["  invert"] : [];
  return [...primitives, "filter-definition d", ...invert, ...matches, ""].join("\n");
}

/** Reports with their outputs, a definition `d` of them, and what it includes. */
export function reportConfig(random: Random): Record<string, string> {
  const files: Record<string, string> = {};
  const count = random.oneIn(4) ? 2 : 1;
  const filtered = random.oneIn(6);
  if (filtered) {
    files["filter.cfg"] = "filter-primitive P\n  type ip-protocol\n  permit tcp,udp\n" +
      "filter-definition d\n  match ip-protocol P\n";
  }
  const reports = Array.from({ length: count }, (_, index) => report(random, index, filtered));
  const lines = [
    ...filtered ? ["include-filter filter.cfg"] : [],
    ...reports.flat(),
    "stat-definition d",
    ...filtered && random.oneIn(2) ? ["  filter d"] : [],
    ...reports.map((_, index) => `  report r${index}`),
    ...random.oneIn(6) ? [`  time-series ${1 + random.int(60)}`] : [],
  ];
  return { ...files, "stat.cfg": [...lines, ""].join("\n") };
}

function report(random: Random, index: number, filtered: boolean): string[] {
  const spec = random.pick(REPORTS.filter(({ type }) => type !== undefined));
  const lines = [`stat-report r${index}`, `  type ${spec.name}`];
  if (random.oneIn(5)) lines.push(`  scale ${1 + random.int(1000)}`);
  if (random.oneIn(6) && /tag/.test(spec.name)) lines.push("  tag-mask 0x3 0xff");
  for (const way of ["source", "destination"]) {
    const has = new RegExp(`ip-${way}-address|ip-source/destination-address`).test(spec.name);
    // Of two tags the format of one is taken for the other: see fixtures/QUIRKS.md.
    if (has && random.oneIn(3) && !/tag$/.test(spec.name)) {
      const format = random.pick(["address", "prefix-len", "prefix-mask"]);
      lines.push(`  ip-${way}-address-format ${format}`);
    }
  }
  if (filtered && random.oneIn(2)) lines.push("  filter d");
  lines.push(...output(random, spec, undefined));
  if (random.oneIn(5)) {
    const path = random.pick(["out.txt", "%Y/%m-%d/out", "|cat >piped", "deep/er/out"]);
    lines.push(...output(random, spec, path));
  }
  return lines;
}

function output(
  random: Random,
  spec: (typeof REPORTS)[number],
  path: string | undefined,
): string[] {
  const lines = ["  output", "    format ascii"];
  const fields = REPORT_FIELDS.filter(({ name }) => allowedFields(spec).has(name));
  const sortable = fields.filter((field) => !("unsortable" in field) && field.name !== "other");
  if (!random.oneIn(3) && sortable.length > 0) {
    lines.push(`    sort ${random.pick(["+", "-"])}${random.pick(sortable).name}`);
  }
  if (random.oneIn(3)) lines.push(`    records ${1 + random.int(20)}`);
  if (random.oneIn(3)) lines.push(`    tally ${1 + random.int(6)}`);
  const signed = (name: string) => random.pick(["+", "+", "+", "-"]) + name;
  const shown = fields.filter(() => random.oneIn(3)).map(({ name }) => signed(name));
  if (shown.length > 0) lines.push(`    fields ${shown.join(",")}`);
  // The resolver is asked for addresses: see fixtures/QUIRKS.md.
  const options = allowedOptions(spec).filter((name) =>
    random.oneIn(2) && !(name === "names" && /address/.test(spec.name))
  ).map(signed);
  if (options.length > 0) lines.push(`    options ${options.join(",")}`);
  if (path !== undefined) {
    lines.push(`    path ${path}`, `    time ${random.pick(["start", "end", "mid"])}`);
  }
  return lines;
}

const TAG_TYPES: Readonly<Record<string, (random: Random) => string>> = {
  "source-prefix": prefix,
  "destination-prefix": prefix,
  "prefix": prefix,
  "source-as": (random) => `${64_510 + random.int(8)}`,
  "destination-as": (random) => `${random.int(9)}`,
  "as": (random) => `${random.int(9)}`,
  "next-hop": address,
  "tcp-source-port": port,
  "tcp-destination-port": port,
  "tcp-port": port,
  "udp-source-port": port,
  "udp-destination-port": port,
  "udp-port": port,
  "tos": (random) => `${random.pick([0, 40, 184])}`,
  "exporter": (random) => `10.0.0.${1 + random.int(4)}`,
  "source-ip-address": address,
  "destination-ip-address": address,
  "ip": address,
  "input-interface": (random) => `${random.int(12)}`,
  "output-interface": (random) => `${random.int(12)}`,
  "interface": (random) => `${random.int(12)}`,
  "any": () => "any",
};

function prefix(random: Random): string {
  return random.pick([
    "10.0.0.0/24",
    "10/8",
    "192.193.0.0/16",
    "193.2/16",
    "10.0.1.0/28",
    "10.0.0.8/29",
  ]);
}

function port(random: Random): string {
  return `${random.pick([0, 22, 25, 53, 80, 443, 1024, 8080])}`;
}

const SETS = ["set-source", "set-destination", "or-source", "or-destination"];

/** Actions, and a definition `d` of them. */
export function tagConfig(random: Random): string {
  const actions = Array.from({ length: 1 + random.int(3) }, (_, index) => {
    const type = random.pick(Object.keys(TAG_TYPES));
    const matches = Array.from({ length: 1 + random.int(3) }, () => {
      const tag = random.pick(["1", "0x100", "77", "0x80000001"]);
      return `  match ${TAG_TYPES[type](random)} ${random.pick(SETS)} ${tag}`;
    });
    return [`tag-action A${index}`, `  type ${type}`, ...new Set(matches)].join("\n");
  });
  const used = actions.map((_, index) => `    action A${index}`);
  const filters = random.oneIn(3)
    ? [`    ${random.pick(["input", "output"])}-filter ${numbers(random, [1, 11])}`]
    : [];
  const exporter = random.oneIn(4) ? [`    exporter 10.0.0.${1 + random.int(4)}`] : [];
  return [...actions, "tag-definition d", "  term", ...filters, ...exporter, ...used, ""].join(
    "\n",
  );
}

const XLATE_TYPES: Readonly<Record<string, (random: Random) => string[]>> = {
  "ip-source-address-to-network": () => [],
  "ip-destination-address-to-network": () => [],
  "ip-source-address-to-class-network": () => [],
  "ip-destination-address-to-class-network": () => [],
  "ip-source-address-anonymize": anonymize,
  "ip-destination-address-anonymize": anonymize,
  "ip-address-anonymize": anonymize,
  "ip-address-privacy-mask": () => ["mask 255.255.255.0 255.255.0.0"],
  "ip-port-privacy-mask": () => ["mask 0xff00 0xfff0"],
  "tag-mask": () => ["mask 0x1 0xff"],
  "scale": (random) => [`scale ${1 + random.int(5000)}`],
  "replace-source-as0": (random) => [`as ${random.int(65_536)}`],
  "replace-destination-as0": (random) => [`as ${random.int(65_536)}`],
};

function anonymize(random: Random): string[] {
  const key = Array.from({ length: 64 }, () => random.int(16).toString(16)).join("");
  return ["algorithm cryptopan-aes128", `key ${key}`];
}

/** Actions, a definition `d` of them, and the filters of its terms. */
export function xlateConfig(random: Random): Record<string, string> {
  const actions = Array.from({ length: 1 + random.int(3) }, (_, index) => {
    const type = random.pick(Object.keys(XLATE_TYPES));
    return [
      `xlate-action A${index}`,
      `  type ${type}`,
      ...XLATE_TYPES[type](random).map((line) => `  ${line}`),
    ].join("\n");
  });
  const filtered = random.oneIn(3);
  const terms = actions.flatMap((_, index) => [
    "  term",
    ...filtered && random.oneIn(2) ? ["    filter d"] : [],
    `    action A${index}`,
    ...random.oneIn(4) ? ["    stop"] : [],
  ]);
  const filter: Record<string, string> = filtered
    ? {
      "filter.cfg":
        "filter-primitive P\n  type ip-protocol\n  permit tcp\nfilter-definition d\n  match ip-protocol P\n",
    }
    : {};
  const include = filtered ? ["include-filter filter.cfg"] : [];
  return {
    ...filter,
    "xlate.cfg": [...include, ...actions, "xlate-definition d", ...terms, ""].join("\n"),
  };
}

/** A definition `d` of prefixes. */
export function maskConfig(random: Random): string {
  const prefixes = [
    "10.0.0.0/24",
    "10/8",
    "10.0.1.0/24",
    "192.193/16",
    "193/8",
    "224/4",
    "10.0.0.8/29",
  ];
  const lines = prefixes.filter(() => random.oneIn(2)).map((text) =>
    `  prefix ${text} ${random.int(33)}`
  );
  return ["mask-definition d", ...lines, ""].join("\n");
}
