/**
 * Writes apps/collector/ops/collector.toml from the table of the collector's options: every key,
 * what it means, and its default.
 *
 *     deno run --allow-read --allow-write=apps/collector/ops scripts/make_sample_config.ts
 *
 * @module
 */
import { DECODE_FLAGS } from "@flowtools/common/decode_flags";
import type { Flag } from "@flowtools/common/flags";
import { variableOf } from "../apps/collector/config_environment.ts";
import { LISTEN_FLAG, OPERATION_OPTIONS } from "../apps/collector/operation_options.ts";
import { CAPTURE } from "../apps/collector/options.ts";
import { FILE_OPTIONS } from "../apps/collector/sinks/files/options.ts";
import { SOURCE_OPTIONS } from "../apps/collector/sources/options.ts";
import { WEB_OPTIONS } from "../apps/collector/web/options.ts";

const SAMPLE = new URL("../apps/collector/ops/collector.toml", import.meta.url);

/** What a file of settings must say, and has no default: it is set rather than shown. */
const SET: Readonly<Record<string, string>> = { directory: '"/var/lib/flowtools"' };

/** What is asked of a call and stands in no file. */
const CALL_ONLY = ["config", "check-config"];

/** Values that say more than the names of their kinds. */
const EXAMPLES: Readonly<Record<string, string>> = {
  listen: '[":9991"]',
  allow: '["192.0.2.0/24", "2001:db8::/32"]',
  fanout: '["192.0.2.9:9991"]',
  ndjson: '"/var/lib/flowtools/flows.ndjson"',
  variable: '["NAME=value"]',
  elements: '["/etc/flowtools/elements.csv"]',
  source: '"auto"',
  "export-version": '"5"',
  where: '"not proto icmp"',
  "pid-file": '"/run/flowtools/collector.pid"',
  "http-token-file": '"/etc/flowtools/token"',
  run: '"/usr/local/bin/after-rotation"',
};

const WIDTH = 98;

/** The value of a setting that nobody sets, as TOML; `undefined` where there is none. */
export function defaultOf(flag: Flag): string | undefined {
  if (flag.value === undefined) return "false";
  const [, text] = flag.doc.match(/\(default: ([^\s,)]+)/) ?? [];
  if (text === undefined) return undefined;
  if (flag.range !== undefined) return /^\d+$/.test(text) ? text : undefined;
  if (flag.choices !== undefined) {
    return flag.choices.includes(text) ? JSON.stringify(text) : undefined;
  }
  const plain = flag.value === "SIZE" ? /^\d+[bKMG]?$/ : /^[\d.]+:\d+$/;
  return plain.test(text) ? JSON.stringify(text) : undefined;
}

/** The sample as a whole. */
export function sampleConfig(): string {
  const own = [
    FILE_OPTIONS,
    [LISTEN_FLAG, ...SOURCE_OPTIONS, ...DECODE_FLAGS],
    WEB_OPTIONS,
    OPERATION_OPTIONS,
  ];
  const others = CAPTURE.flags.filter((flag) => !own.flat().includes(flag));
  const [files, receiving, page, operation] = own;
  const sections: readonly (readonly [string, readonly Flag[]])[] = [
    ["Files", files],
    ["What else becomes of flows", others],
    ["Receiving", receiving],
    ["Web page, API, metrics", page],
    ["Operation", operation],
  ];
  const head = comment(
    "Settings of the collector, for --config FILE. The keys are the long names of the flags. What " +
      "begins with # and a key is the default, or an example where there is no default. The flags " +
      "of the call are stronger than this file, and so are variables of the environment such as " +
      `${variableOf(OPERATION_OPTIONS.find(({ name }) => name === "log-level")!)}. ` +
      "flowtools capture --config FILE --check-config shows what is in effect, or what is wrong.",
  );
  const body = sections.map(([title, flags]) => {
    const entries = flags.filter(({ name }) => !CALL_ONLY.includes(name)).map(entry);
    return `\n${comment(`--- ${title} ---`)}${entries.join("")}`;
  });
  return head + body.join("");
}

function entry(flag: Flag): string {
  const absent = defaultOf(flag);
  const choices = flag.choices === undefined ? "" : `: ${flag.choices.join(", ")}`;
  const text = `${flag.doc}${choices}`;
  const example = EXAMPLES[flag.name] ??
    (flag.range === undefined ? JSON.stringify(flag.value ?? "") : String(flag.range[0]));
  const value = SET[flag.name];
  const line = value === undefined
    ? `#${flag.name} = ${absent ?? example}${absent === undefined ? "  # an example" : ""}`
    : `${flag.name} = ${value}`;
  return `\n${comment(text)}${line}\n`;
}

/** Lines of a comment, broken between words. */
function comment(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= WIDTH) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return `${lines.join("\n")}\n`;
}

if (import.meta.main) await Deno.writeTextFile(SAMPLE, sampleConfig());
