import type { ConfigLine, ConfigWord } from "../config/lexer.ts";
import { scanInteger, scanUnsigned } from "../config/numbers.ts";
import type { Keyword } from "../config/sections.ts";
import type { AddressFormat } from "../report/keys.ts";
import { REPORTS, type ReportSpec } from "../report/reports.ts";
import {
  allowedFields,
  allowedOptions,
  defaultFields,
  FIELD_GROUPS,
  REPORT_FIELDS,
  REPORT_OPTIONS,
  type ReportField,
  type ReportFieldName,
  type ReportOption,
} from "./fields.ts";
import type { AddressDisplay, OutputDraft, ReportDraft, ReportState, ReportTime } from "./model.ts";

const REPORT = "stat-report";
const DEFINITION = "stat-definition";

const TYPES: Readonly<Record<string, ReportSpec>> = Object.fromEntries(
  REPORTS.filter(({ type }) => type !== undefined).map((spec) => [spec.name, spec]),
);

const FIELDS: Readonly<Record<string, readonly ReportFieldName[]>> = {
  ...Object.fromEntries(REPORT_FIELDS.map(({ name }) => [name, [name]])),
  ...FIELD_GROUPS,
};

const SORTABLE: Readonly<Record<string, ReportFieldName>> = Object.fromEntries(
  (REPORT_FIELDS as readonly ReportField[]).filter(({ unsortable }) => !unsortable)
    .map(({ name }) => [name, name as ReportFieldName]),
);

const OPTIONS: Readonly<Record<string, readonly ReportOption[]>> = Object.fromEntries(
  REPORT_OPTIONS.map((name) => [name, [name]]),
);

/** What a format adds to the display of addresses: both may be given, in two lines. */
const FORMATS: Readonly<Record<AddressFormat, (display: AddressDisplay) => AddressDisplay>> = {
  "address": () => ({ lengths: false, networks: false }),
  "prefix-len": (display) => ({ ...display, lengths: true }),
  "prefix-mask": (display) => ({ ...display, networks: true }),
};

const TIMES: Readonly<Record<string, ReportTime>> = {
  now: "now",
  start: "start",
  end: "end",
  mid: "mid",
};

const ENCODINGS = { ascii: "ascii", binary: "binary" } as const;

/** The current report, whose type has to be known by now. */
function typed(line: ConfigLine, { report }: ReportState): ReportDraft & { spec: ReportSpec } {
  const { spec } = report!;
  if (spec !== undefined) return { ...report!, spec };
  const state = `stat-report "${report!.name.text}" has no type yet`;
  return line.fail(line.position(), state, 'a line "type" before this');
}

function outputOf(line: ConfigLine, { report }: ReportState): OutputDraft {
  return report?.outputs.at(-1) ??
    line.fail(line.position(), "there is no output yet", 'a line "output" before this');
}

/** Reads words such as `+flows,-octets`; a sign alone says nothing. */
function signedWords<Name extends string>(
  line: ConfigLine,
  what: string,
  names: Readonly<Record<string, readonly Name[]>>,
  allowed: ReadonlySet<Name>,
  into: Set<Name>,
): void {
  const rest = line.rest() ?? line.expect(what);
  for (const { index, 0: text } of rest.text.matchAll(/[^ ,\t]+/g)) {
    const word: ConfigWord = { ...rest, text, column: rest.column + index };
    const name = signOf(line, word).name.toLowerCase();
    if (name === "") continue;
    if (!Object.hasOwn(names, name)) {
      const known = Object.keys(names).join(", ");
      line.fail(word, `unknown ${what} "${text}"`, `+ or - and one of ${known}`);
    }
    for (const single of names[name]) {
      if (!allowed.has(single)) notOfType(line, word, allowed);
      if (text.startsWith("+")) into.add(single);
      else into.delete(single);
    }
  }
}

function signOf(line: ConfigLine, word: ConfigWord): { sign: "+" | "-"; name: string } {
  const [sign] = word.text;
  if (sign !== "+" && sign !== "-") {
    line.fail(word, `"${word.text}" has no sign`, "+ or - before it");
  }
  return { sign: sign as "+" | "-", name: word.text.slice(1) };
}

function notOfType(line: ConfigLine, word: ConfigWord, allowed: ReadonlySet<string>): never {
  const names = [...allowed].join(", ");
  return line.fail(word, `the type of report has no "${word.text.slice(1)}"`, `one of ${names}`);
}

function readSort(line: ConfigLine, state: ReportState): void {
  const output = outputOf(line, state);
  const { spec } = typed(line, state);
  const word = line.expect("a field to sort by");
  const { sign, name } = signOf(line, word);
  if (name === "") return;
  const field = Object.hasOwn(SORTABLE, name.toLowerCase())
    ? SORTABLE[name.toLowerCase()]
    : line.fail(word, `cannot sort by "${name}"`, `one of ${Object.keys(SORTABLE).join(", ")}`);
  const allowed = allowedFields(spec);
  // The reference takes `other` here, and fails when it prints.
  if (!allowed.has(field) || (field === "other" && spec.keys.length > 0)) {
    notOfType(
      line,
      word,
      new Set(Object.keys(SORTABLE).filter((key) => allowed.has(SORTABLE[key]))),
    );
  }
  output.sort = { field, sign };
}

/** A global line that names another file. */
function include(kind: "filter" | "tag" | "mask"): Keyword<ReportState> {
  return {
    name: `include-${kind}`,
    read: (line, { includes }) => {
      const word = line.expect(`the file of ${kind} definitions`);
      if (includes[kind] !== undefined) {
        line.fail(word, `the ${kind} file is set before`, `one include-${kind}`);
      }
      includes[kind] = word.text;
    },
  };
}

/** A line of a definition that names a definition of another file. */
function reference(kind: "filter" | "tag" | "mask"): Keyword<ReportState> {
  return {
    name: kind,
    within: [DEFINITION],
    read: (line, { definition }) => {
      const word = line.expect(`the name of a ${kind} definition`);
      if (definition![kind] !== undefined) {
        line.fail(word, `the ${kind} is set before`, `one ${kind} for a definition`);
      }
      definition![kind] = word;
    },
  };
}

function addressKeyword(name: string, direction: "source" | "destination"): Keyword<ReportState> {
  return {
    name,
    within: [REPORT],
    read: (line, { report }) => {
      report![direction] = line.expectOneOf("address format", FORMATS)(report![direction]);
    },
  };
}

/** A line about the last output; definitions may go on with the output of the report before. */
function output(name: string, read: Keyword<ReportState>["read"]): Keyword<ReportState> {
  return { name, within: [REPORT, DEFINITION], read };
}

const ADDRESSES: AddressDisplay = { lengths: false, networks: false };

/** The language. */
export const REPORT_KEYWORDS: readonly Keyword<ReportState>[] = [
  include("mask"),
  include("tag"),
  include("filter"),
  {
    name: "stat-report",
    opens: REPORT,
    read: (line, state) => {
      const name = line.expect("a name");
      const draft = { name, scale: 0, source: ADDRESSES, destination: ADDRESSES, outputs: [] };
      state.report = state.reports.define(name, draft);
    },
  },
  {
    name: "type",
    within: [REPORT],
    read: (line, { report }) => {
      const position = line.position();
      const spec = line.expectOneOf("type", TYPES);
      if (report!.spec !== undefined) line.fail(position, "the type is set before", "one type");
      report!.spec = spec;
    },
  },
  {
    name: "filter",
    within: [REPORT],
    read: (line, { report }) => {
      const word = line.expect("the name of a filter definition");
      if (report!.filter !== undefined) {
        line.fail(word, "the filter is set before", "one filter for a report");
      }
      report!.filter = word;
    },
  },
  {
    name: "scale",
    within: [REPORT],
    read: (line, { report }) => {
      report!.scale = scanInteger(line.expect("a scaling factor").text) >>> 0;
    },
  },
  {
    name: "tag-mask",
    within: [REPORT],
    read: (line, { report }) => {
      const source = scanUnsigned(line.expect("the mask of source tags").text);
      report!.tagMask = [source, scanUnsigned(line.expect("the mask of destination tags").text)];
    },
  },
  addressKeyword("ip-source-address-format", "source"),
  addressKeyword("ip-destination-address-format", "destination"),
  {
    name: "output",
    within: [REPORT],
    read: (line, state) => {
      const { outputs, spec } = typed(line, state);
      const fields = defaultFields(spec);
      outputs.push({ fields, options: new Set(), records: 0, tally: 0, time: "mid" });
    },
  },
  output("format", (line, state) => {
    outputOf(line, state);
    // Both are text: the reference knows the word binary, and nothing else of it.
    line.expectOneOf("format", ENCODINGS);
  }),
  output("sort", readSort),
  output("records", (line, state) => {
    outputOf(line, state).records = scanUnsigned(line.expect("a number of lines").text);
  }),
  output("tally", (line, state) => {
    outputOf(line, state).tally = scanUnsigned(line.expect("a number of lines").text);
  }),
  output("fields", (line, state) => {
    const { fields } = outputOf(line, state);
    signedWords(line, "field", FIELDS, allowedFields(typed(line, state).spec), fields);
  }),
  output("options", (line, state) => {
    const { options } = outputOf(line, state);
    const allowed = new Set(allowedOptions(typed(line, state).spec));
    signedWords(line, "option", OPTIONS, allowed, options);
  }),
  output("path", (line, state) => {
    outputOf(line, state).path = (line.rest() ?? line.expect("a path")).text;
  }),
  output("time", (line, state) => {
    outputOf(line, state).time = line.expectOneOf("time", TIMES);
  }),
  {
    name: "stat-definition",
    opens: DEFINITION,
    read: (line, state) => {
      const name = line.expect("a name");
      state.definition = state.definitions.define(name, { name, reports: [], timeSeries: 0 });
    },
  },
  reference("filter"),
  reference("tag"),
  reference("mask"),
  {
    name: "report",
    within: [DEFINITION],
    read: (line, { definition }) => {
      const word = line.expect("the name of a report");
      const { reports } = definition!;
      if (reports.some(({ text }) => text.toLowerCase() === word.text.toLowerCase())) {
        line.fail(word, `report "${word.text}" stands twice`, "another report");
      }
      reports.push(word);
    },
  },
  {
    name: "time-series",
    within: [DEFINITION],
    read: (line, { definition }) => {
      const word = line.expect("seconds");
      if (definition!.timeSeries !== 0) {
        line.fail(word, "the time is set before", "one time for a definition");
      }
      definition!.timeSeries = scanUnsigned(word.text);
    },
  },
];
