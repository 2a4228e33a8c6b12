import type { KeyName } from "@flowtools/flowset";
import { NAMED_KINDS, type NamedKind } from "@flowtools/netflow-pdu";
import type { FileListing, ListedFile } from "./file_listing.ts";
import { HttpError } from "./http_error.ts";
import {
  ADDRESS_LENGTH_MAX,
  EXPORTERS_SHOWN_MAX,
  FILES_SHOWN_MAX,
  FLOWS_SHOWN_MAX,
  LABELS_SHOWN_MAX,
  QUERY_FILES_MAX,
  QUERY_ROWS_MAX,
  SERIES_SHOWN_MAX,
  TOP_SHOWN_MAX,
  WHERE_LENGTH_MAX,
  ZONE_LENGTH_MAX,
} from "./limits.ts";
import { DIMENSION_IDS, STACK_IDS } from "./live/dimensions.ts";
import type { LabelStore } from "./live/label_store.ts";
import { SERIES_RANGES, type SeriesRange, type SortName } from "./live/live_answers.ts";
import type { LiveStore } from "./live/live_store.ts";
import type { Parameter, Parameters } from "./parameters.ts";
import { type Query, QUERY_KEYS, QUERY_KEYS_MAX, QUERY_SORTS } from "./query/query.ts";
import type { QueryQueue } from "./query/query_queue.ts";
import { WHERE_EXAMPLES, type WhereFiles } from "./query/where.ts";
import type { Status } from "./status.ts";

/** What answers are made from. */
export interface Services {
  readonly live: LiveStore;
  readonly status: Status;
  readonly labels: LabelStore;
  readonly files: FileListing;
  readonly queries: QueryQueue;
  /** What words in filters of queries mean. */
  readonly whereFiles: WhereFiles;
  /** Listeners to live events. */
  readonly liveClients: () => number;
  /** The clock, Unix ms. */
  readonly now: () => number;
}

/** One JSON endpoint: the row from which routing and the API's document derive. */
export interface Endpoint {
  /** Its path. */
  readonly path: string;
  /** What it answers. */
  readonly doc: string;
  readonly parameters: readonly Parameter[];
  /** The name of the answer's schema in the API's document. */
  readonly schema: string;
  /** Whether the answer may be given again for a moment: pages of many visitors ask the same. */
  readonly shared: boolean;
  readonly answer: (parameters: Parameters, services: Services) => unknown;
}

/** A parameter that says how many rows an answer may have. */
function limit(most: number, fallback: number): Parameter {
  return { name: "limit", doc: "Rows at most", range: [1, most], fallback: String(fallback) };
}

/** Whether counters are multiplied by the rate of sampling, flow by flow. */
const SCALED: Parameter = {
  name: "scaled",
  doc: "Whether octets and packets are multiplied by the rate of sampling, where it is known",
  choices: ["false", "true"],
  fallback: "false",
};

/** Unix seconds at most: flow-tools keeps them in 32 bits. */
const SECONDS_MAX = 2 ** 32;

const WHERE_DOC = "Flows that count, in the language of `--where` of the command line, such as " +
  WHERE_EXAMPLES.map(([expression, meaning]) => `\`${expression}\` (${meaning})`).join("; ");

/** Every JSON endpoint. */
export const ENDPOINTS: readonly Endpoint[] = [
  {
    path: "/api/v1/status",
    doc: "How the collector is: health, rates, losses by cause, sources, sinks",
    parameters: [],
    schema: "Status",
    shared: true,
    answer: (_, { status, liveClients, now }) => status.full(now(), liveClients()),
  },
  {
    path: "/api/v1/exporters",
    doc: "The exporters heard of last, most recent first, each with its losses",
    parameters: [limit(EXPORTERS_SHOWN_MAX, 1_000)],
    schema: "Exporters",
    shared: true,
    answer: (parameters, { status }) => ({
      exporters: status.exporters(parameters.number("limit")),
      total: status.snapshot?.exporters.length ?? 0,
      forgotten: status.snapshot?.exportersForgotten ?? 0,
    }),
  },
  {
    path: "/api/v1/labels",
    doc: "What exporters call interfaces, VRFs, applications and samplers, as their options told",
    parameters: [
      { name: "kind", doc: "Of what", choices: NAMED_KINDS, fallback: "interfaces" },
      {
        name: "exporter",
        doc: "Its address; all exporters where it is empty",
        lengthMax: ADDRESS_LENGTH_MAX,
        fallback: "",
      },
      limit(LABELS_SHOWN_MAX, 1_000),
    ],
    schema: "Labels",
    shared: false,
    answer: ({ text, number }, { labels }) => {
      const kind = text("kind") as NamedKind;
      const rows = [...labels.rows(kind, text("exporter") || undefined)];
      return { kind, labels: rows.slice(0, number("limit")), total: rows.length };
    },
  },
  {
    path: "/api/v1/top",
    doc: "Who or what has most of the live traffic",
    parameters: [
      { name: "by", doc: "What is told apart", choices: DIMENSION_IDS, fallback: "source" },
      { name: "minutes", doc: "How far back it goes", choices: ["1", "5", "60"], fallback: "5" },
      { name: "sort", doc: "What decides the order", choices: QUERY_SORTS, fallback: "octets" },
      SCALED,
      limit(TOP_SHOWN_MAX, 20),
    ],
    schema: "Top",
    shared: true,
    answer: (parameters, { live, now }) => {
      const { text, number } = parameters;
      const [by, minutes, scaled] = [text("by"), number("minutes"), text("scaled") === "true"];
      const question = { by, minutes, scaled, sort: text("sort") as SortName };
      return { by, minutes, scaled, ...live.top({ ...question, limit: number("limit") }, now()) };
    },
  },
  {
    path: "/api/v1/series",
    doc: "Live traffic over time, stacked; values are a second",
    parameters: [
      {
        name: "range",
        doc: "How far back it goes",
        choices: Object.keys(SERIES_RANGES),
        fallback: "10m",
      },
      { name: "stack", doc: "What is told apart", choices: STACK_IDS, fallback: "protocol" },
      {
        name: "unit",
        doc: "What is shown",
        choices: ["bits", "packets", "flows"],
        fallback: "bits",
      },
      SCALED,
      limit(SERIES_SHOWN_MAX, 7),
    ],
    schema: "Series",
    shared: true,
    answer: (parameters, { live, now }) => {
      const { text, number } = parameters;
      const range = text("range") as SeriesRange;
      const unit = text("unit") as "bits" | "packets" | "flows";
      const [stack, scaled] = [text("stack"), text("scaled") === "true"];
      const question = { range, stack, unit, scaled, limit: number("limit") };
      return { stack, unit, scaled, ...live.series(question, now()) };
    },
  },
  {
    path: "/api/v1/flows",
    doc: "The flows that came last, the last one first",
    parameters: [limit(FLOWS_SHOWN_MAX, 100)],
    schema: "Flows",
    shared: false,
    answer: (parameters, { live }) => ({
      flows: live.ring.latest(parameters.number("limit")),
      kept: live.ring.length,
    }),
  },
  {
    path: "/api/v1/files",
    doc: "The capture files, the newest first",
    parameters: [limit(FILES_SHOWN_MAX, 100)],
    schema: "Files",
    shared: true,
    answer: (parameters, { files }) => files.newest(parameters.number("limit")),
  },
  {
    path: "/api/v1/query",
    doc: "Groups flows of the files, or those that came last, by keys",
    parameters: [
      {
        name: "keys",
        doc: `What to group by, ${QUERY_KEYS_MAX} at most, joined by commas: ` +
          QUERY_KEYS.join(", "),
        lengthMax: 512,
        fallback: "ip-source-address",
      },
      { name: "where", doc: WHERE_DOC, lengthMax: WHERE_LENGTH_MAX, fallback: "" },
      {
        name: "tz",
        doc: "Time zone of times in the filter: `local` is the collector's, or `UTC`, `+02:00`, " +
          "`Europe/Berlin`",
        lengthMax: ZONE_LENGTH_MAX,
        fallback: "local",
      },
      { name: "source", doc: "Which flows", choices: ["files", "live"], fallback: "files" },
      {
        name: "from",
        doc: "Only flows exported from then on, Unix seconds",
        range: [0, SECONDS_MAX],
        fallback: "0",
      },
      {
        name: "to",
        doc: "Only flows exported before then, Unix seconds",
        range: [0, SECONDS_MAX],
        fallback: String(SECONDS_MAX),
      },
      { name: "sort", doc: "What decides the order", choices: QUERY_SORTS, fallback: "octets" },
      limit(QUERY_ROWS_MAX, 100),
    ],
    schema: "Query",
    shared: false,
    answer: (parameters, services) => {
      const keys = readKeys(parameters.text("keys"));
      return services.queries.ask(() => prepareQuery(keys, parameters, services));
    },
  },
];

function readKeys(text: string): KeyName[] {
  const keys = text.split(",").map((word) => QUERY_KEYS.find((key) => key === word.trim()));
  const wrong = text.split(",")[keys.indexOf(undefined)];
  if (wrong !== undefined) {
    const message = `Key "${wrong.trim().slice(0, 80)}" is unknown, expected ${
      QUERY_KEYS.join(", ")
    }`;
    throw new HttpError(400, "bad-parameter", message);
  }
  const known = [...new Set(keys)].filter((key) => key !== undefined);
  if (known.length > QUERY_KEYS_MAX) {
    const message = `There are ${known.length} keys, expected at most ${QUERY_KEYS_MAX}`;
    throw new HttpError(400, "bad-parameter", message);
  }
  return known;
}

async function prepareQuery(
  keys: readonly KeyName[],
  { text, number }: Parameters,
  { live, files, whereFiles }: Services,
): Promise<Query> {
  const [from, to] = [number("from"), number("to")];
  if (from >= to) {
    const message = `Parameter "from" is ${from} and "to" ${to}, expected "from" to be less`;
    throw new HttpError(400, "bad-parameter", message);
  }
  const question = {
    keys,
    where: { text: text("where"), timeZone: text("tz"), files: whereFiles },
    from,
    to,
    sort: text("sort") as Query["sort"],
    limit: number("limit"),
  };
  if (text("source") === "live") return { ...question, source: live.ring.copy() };
  const chosen = (await files.list()).files.filter((file) => overlaps(file, from, to));
  if (chosen.length > QUERY_FILES_MAX) {
    const message = `The window has ${chosen.length} files, at most ${QUERY_FILES_MAX} are read: ` +
      `give a narrower "from" and "to"`;
    throw new HttpError(400, "too-many-files", message);
  }
  const source = chosen.map((file) => {
    return { path: file.path, location: files.locate(file), complete: file.complete };
  });
  return { ...question, source };
}

/** Clocks of exporters and of this host may differ by so much, ms. */
const CLOCK_SLACK_MS = 60_000;

/** Whether a file may have flows of a window of Unix seconds. */
function overlaps({ startedAt, modifiedAt }: ListedFile, from: number, to: number): boolean {
  return modifiedAt + CLOCK_SLACK_MS >= from * 1_000 && startedAt - CLOCK_SLACK_MS < to * 1_000;
}
