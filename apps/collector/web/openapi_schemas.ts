import { NAMED_KINDS } from "@flowtools/netflow-pdu";
import { LIVE_FIELDS } from "./live_rows.ts";
import { TEMPLATE_COUNTS } from "./template_counts.ts";
import { EXPORTER_STATES, HEALTH_STATES } from "./status.ts";

/** A JSON Schema, dialect 2020-12. */
export type Schema = { readonly [keyword: string]: unknown };

const NUMBER: Schema = { type: "number" };
const COUNT: Schema = { type: "integer", minimum: 0 };
const TEXT: Schema = { type: "string" };
const UNIX_MS: Schema = { type: "number", description: "Unix time, ms" };
const BOOLEAN: Schema = { type: "boolean" };

/** An object with exactly these members. */
function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []) {
  return {
    type: "object",
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  };
}

function list(items: Schema): Schema {
  return { type: "array", items };
}

/** A sink and its counters. */
function sink(units: string): Schema {
  const properties = {
    name: TEXT,
    given: described(COUNT, `${units} given to it`),
    done: COUNT,
    queued: COUNT,
    filtered: COUNT,
    dropped: counts(`${units} lost, by reason`),
    errors: counts("Errors of the system by its names for them; not each is a loss"),
  };
  return object(properties, ["errors"]);
}

function counts(description: string): Schema {
  return { type: "object", description, additionalProperties: COUNT };
}

function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const SEQUENCE = object({
  lost: described(NUMBER, "Flows that never came; late packets take some back"),
  reordered: COUNT,
  duplicate: COUNT,
  reset: COUNT,
});

const BRIEF = {
  at: UNIX_MS,
  health: object({
    state: { type: "string", enum: HEALTH_STATES },
    reasons: list(TEXT),
  }),
  rates: described(
    object({
      bits: NUMBER,
      packets: NUMBER,
      scaledBits: described(NUMBER, "Multiplied by the rate of sampling, where it is known"),
      scaledPackets: NUMBER,
      flows: NUMBER,
      datagrams: NUMBER,
    }),
    "A second: what the flows of the last seconds counted, and the datagrams received",
  ),
};

const SCALED = described(BOOLEAN, "Whether octets and packets are multiplied by rates of sampling");
const LABEL = described(TEXT, "What its exporter calls it; not there where it did not tell");

const SUMS = { octets: NUMBER, packets: NUMBER, flows: NUMBER };

const FLOW_NUMBERS = Object.fromEntries(
  LIVE_FIELDS.filter((name) => !/addr$|^nexthop$|^unix_|^sysUpTime$/.test(name))
    .map((name) => [name, name === "first" || name === "last" ? UNIX_MS : COUNT]),
);

/** What goes with a flow besides its fields, where it is known. */
const FLOW_FACTS: Readonly<Record<string, Schema>> = {
  samplingRate: described(COUNT, "One packet in so many was looked at; counters are of those"),
  inputName: LABEL,
  outputName: LABEL,
  vrf: described(COUNT, "The VRF at input, or that at output where the record tells no other"),
  vrfName: LABEL,
  applicationId: described(TEXT, "What the router found out, four octets in hexadecimal"),
  applicationName: LABEL,
};

/** The schemas of all answers, by name. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Error: object({ error: object({ code: TEXT, message: TEXT }) }),
  Sums: object(SUMS),
  Live: object(BRIEF),
  Status: object({
    version: TEXT,
    ...BRIEF,
    startedAt: { type: ["number", "null"], description: "Unix time, ms" },
    received: object({
      packets: COUNT,
      bytes: COUNT,
      flows: COUNT,
      octets: NUMBER,
      flowPackets: NUMBER,
    }),
    losses: list(ref("Loss")),
    sources: list(object({
      description: TEXT,
      kernelDrops: { type: ["integer", "null"], description: "null where nobody tells" },
      truncated: COUNT,
      errors: COUNT,
    })),
    sinks: list(sink("Flows")),
    forwarders: list(sink("Datagrams, passed on as they came,")),
    templates: {
      type: "object",
      description: "What is counted of templates, by version",
      additionalProperties: object(
        Object.fromEntries(TEMPLATE_COUNTS.map(({ name, help }) => [name, described(COUNT, help)])),
      ),
    },
    exporters: COUNT,
    live: object({
      clients: described(COUNT, "Listeners to live events"),
      flowsKept: described(COUNT, "Flows that /api/v1/flows and live queries look at"),
      scale: described(NUMBER, "Live data look at one flow in so many"),
      sampledAt: {
        type: ["number", "null"],
        description: "When they did not look at every flow for the last time, Unix ms",
      },
    }),
  }),
  Loss: object({
    cause: TEXT,
    where: TEXT,
    unit: { type: "string", enum: ["packets", "flows", "sets", "events"] },
    severity: {
      type: "string",
      enum: ["loss", "note"],
      description: "Whether data were lost, or it is only worth knowing",
    },
    count: described(NUMBER, "Since the start"),
    recent: described(NUMBER, "In the last minute"),
  }),
  Exporters: object({
    exporters: list(object({
      address: TEXT,
      port: COUNT,
      version: described(TEXT, "Of its packets, such as 5, 8.1 or sflow5"),
      source: described(
        COUNT,
        "Engine type * 256 + engine id, observation domain, or sub agent of sFlow",
      ),
      agent: described(TEXT, "Who made the datagrams, where they say so: sFlow"),
      state: { type: "string", enum: EXPORTER_STATES },
      packets: COUNT,
      flows: COUNT,
      octets: NUMBER,
      malformed: COUNT,
      sequence: SEQUENCE,
      lastSeen: UNIX_MS,
      packetRate: NUMBER,
      flowRate: NUMBER,
      sampling: described(COUNT, "One packet in so many was looked at"),
      labels: described(
        object({
          names: described(
            object(Object.fromEntries(NAMED_KINDS.map((kind) => [kind, COUNT]))),
            "How many names are known; /api/v1/labels has them",
          ),
          samplers: list(object({
            id: COUNT,
            name: TEXT,
            rate: described(NUMBER, "It takes one packet in so many"),
          }, ["name"])),
        }),
        "What the options of its domain told; not there where they told nothing",
      ),
    }, ["agent", "labels"])),
    total: COUNT,
    forgotten: described(COUNT, "Exporters that were forgotten to make room"),
  }),
  Labels: object({
    kind: { type: "string", enum: NAMED_KINDS },
    labels: list(object({
      address: described(TEXT, "The exporter"),
      port: COUNT,
      version: TEXT,
      source: described(COUNT, "Observation domain"),
      kind: TEXT,
      key: described(TEXT, "Its number; of applications the octets of their id in hexadecimal"),
      name: TEXT,
      description: TEXT,
    })),
    total: COUNT,
  }),
  Top: object({
    by: TEXT,
    minutes: COUNT,
    from: described(UNIX_MS, "Where the window really begins, Unix ms"),
    to: UNIX_MS,
    scaled: SCALED,
    rows: list(object({ key: TEXT, label: LABEL, ...SUMS }, ["label"])),
    other: described(ref("Sums"), "Everything that is in no row"),
    total: ref("Sums"),
  }),
  Series: object({
    stack: TEXT,
    unit: TEXT,
    step: described(COUNT, "ms from one moment to the next"),
    times: described(list(UNIX_MS), "When each moment began"),
    scaled: SCALED,
    series: list(object({ key: TEXT, label: LABEL, values: list(NUMBER) }, ["label"])),
    other: list(NUMBER),
    total: list(NUMBER),
  }),
  Flows: object({
    flows: list(object(
      {
        at: UNIX_MS,
        exaddr: TEXT,
        srcaddr: TEXT,
        dstaddr: TEXT,
        nexthop: TEXT,
        ...FLOW_NUMBERS,
        ...FLOW_FACTS,
      },
      [
        "exaddr",
        "srcaddr",
        "dstaddr",
        "nexthop",
        ...Object.keys(FLOW_NUMBERS),
        ...Object.keys(FLOW_FACTS),
      ],
    )),
    kept: COUNT,
  }),
  Files: object({
    files: list(object({
      path: described(TEXT, "Below the directory; /api/v1/files/{path} gives the file"),
      size: described(COUNT, "Bytes"),
      startedAt: UNIX_MS,
      modifiedAt: UNIX_MS,
      complete: described(BOOLEAN, "Whether nobody writes to it any more"),
      version: TEXT,
    })),
    truncated: described(BOOLEAN, "Whether there are more than can be listed"),
    total: COUNT,
  }),
  Query: object({
    keys: list(TEXT),
    rows: list(object({ key: list({ type: ["string", "number"] }), ...SUMS })),
    total: described(ref("Sums"), "Of everything that passed"),
    groups: COUNT,
    scanned: described(COUNT, "Flows looked at"),
    matched: described(COUNT, "Flows that passed"),
    files: COUNT,
    skipped: list(object({ source: TEXT, reason: TEXT })),
    notes: described(list(TEXT), "What else is to be said, such as names that no exporter told"),
  }),
};
