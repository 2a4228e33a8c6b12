/** The page that lists what the captures of other projects give: made of a run. */
import type { CaptureGroup, GroupReport } from "./template_captures.ts";
import { EXPLANATIONS } from "./template_explanations.ts";

/** The header fields of packets. */
const HEADER_NAMES: readonly (readonly string[])[] = [
  ["`version`", "Export version", "all"],
  ["`count`", "Records; samples of sFlow", "all but IPFIX"],
  ["`length`", "Octets of the message", "IPFIX"],
  ["`sysUpTime`", "Uptime when the packet was sent, ms", "all but IPFIX"],
  ["`unix_secs`", "Clock when it was sent (export time), s", "all but sFlow"],
  ["`unix_nsecs`", "Nanoseconds past `unix_secs`", "v1 to v8"],
  ["`sequence`", "Sequence number", "all but v1"],
  ["`source_id`", "Source id, observation domain, sub agent", "v9, IPFIX, sFlow"],
  ["`agent`", "Address of the agent", "sFlow"],
  ["`engine_type`, `engine_id`", "Flow switching engine", "v5 to v8"],
  ["`aggregation`, `agg_version`", "Aggregation method and its version", "v8"],
  ["`sampling_mode`, `sampling_interval`", "How packets were sampled", "v5"],
];

/**
 * The text of `docs/conformance.md`.
 *
 * @param groups The groups
 * @param reports What a run over each found
 */
export function conformancePage(
  groups: readonly CaptureGroup[],
  reports: readonly GroupReport[],
): string {
  const waited = reports.filter(({ waiting }) => waiting > 0);
  const disputed = groups.filter(({ disagree }) => disagree.length > 0);
  return `# Conformance

What \`flowtools decode\` makes of captures that other projects test with: NetFlow v9, IPFIX and sFlow
v5 of dozens of vendors. Two decoders that have no code in common with this one say what is right: a
small one that cuts packets into sets, templates, records and fields, and tshark 4.0, which shows
values. Names and types of elements come from the table of IANA.

This page is made by \`scripts/make_conformance.ts\`; \`tests/template_captures_test.ts\` does the same
comparison, and fails where the page says something else.

## The output

One JSON object a packet. Its header has the same names in every version, and only what the version
has on the wire:

${table(["name", "what", "where"], HEADER_NAMES, ["", "", ""])}

Beside them stand \`exporter\`, \`exporter_port\`, \`file\` and \`frame\` (number of the packet in its file)
as far as they are known, and \`problem\` with its \`message\` where the packet is not faultless.

- **NetFlow v9, IPFIX**: \`sets\` in wire order, each with \`id\`, \`kind\` (\`template\`,
  \`options-template\`, \`data\`) and \`templates\`, \`withdrawn\` or \`records\`. A record has its fields in
  wire order, by the names of IANA's elements; \`enterprise.number\` where nobody knows the name. A
  name that stands more than once has a list of values. \`waiting\` sets have no template yet;
  \`resumed\` are sets of earlier packets whose template has come.
- **sFlow v5**: \`samples\` in wire order by the names of the specification, and the \`flows\` they
  become. \`protocol\` is \`sFlow\`, since NetFlow has a version 5, too.
- **Everything else**: \`flows\`.

Values are numbers up to 2^53 − 1, above that decimal text; addresses, MAC addresses and strings are
text, octets hexadecimal text. Times are numbers since 1970: seconds, milliseconds, microseconds as
the element says; nanoseconds are decimal text. Lists (RFC 6313) are taken apart: \`semantic\` with
\`element\` and \`values\`, with \`template\` and \`records\`, or with \`lists\`.

## Every group

- **Fields**: fields of records whose name and value were compared with the element's row in the
  table of IANA and with the octets that the independent decoder cut. Of elements that the table
  lacks, the value must be a reading of the octets.
- **Shown by tshark**: values that were compared with what tshark shows.
- **Records** are samples where the protocol is sFlow.
- **Differences**: groups whose output is not what the independent decoder found. They are explained
  below.

${sourceTable(reports)}

## Data before its template

Sets whose template had not come when they did. The output shows them as \`waiting\`; where the
template comes in a later packet, its packet shows their records as \`resumed\`, which the independent
decoder does not.

${table(["group", "sets", "records shown later"], waited.map(waitingRow), ["", ":", ":"])}

## Where the two disagree

${table(["group", "what they say", "what is right"], disputed.map(disputeRow), ["", "", ""])}
`;
}

function sourceTable(reports: readonly GroupReport[]): string {
  const bySource = Map.groupBy(reports, ({ source }) => source);
  const rows = [...bySource].map(([source, found]) => [source, ...totals(found)]);
  rows.push(["**all**", ...totals(reports)]);
  const head = [
    "source",
    "protocols",
    "groups",
    "packets",
    "templates",
    "options templates",
    "records",
    "fields",
    "shown by tshark",
    "differences",
  ];
  return table(head, rows, ["", "", ...Array(8).fill(":")]);
}

function totals(reports: readonly GroupReport[]): string[] {
  const sum = (of: (report: GroupReport) => number) =>
    String(reports.reduce((total, report) => total + of(report), 0));
  const protocols = [...new Set(reports.flatMap(({ protocols }) => protocols))].toSorted();
  return [
    protocols.join(", "),
    String(reports.length),
    sum(({ packets }) => packets),
    sum(({ templates }) => templates),
    sum(({ optionsTemplates }) => optionsTemplates),
    sum(({ records }) => records),
    sum(({ fields }) => fields),
    sum(({ shown }) => shown),
    sum(({ differences }) => differences.length > 0 ? 1 : 0),
  ];
}

function waitingRow({ source, group, waiting, resumed }: GroupReport): string[] {
  return [`${source}/${group}`, String(waiting), String(resumed)];
}

/** Sentences of the same kind are many where a capture has many packets. */
const DISAGREEMENTS_MAX = 3;

function disputeRow({ source, group, disagree }: CaptureGroup): string[] {
  const name = `${source}/${group}`;
  const more = disagree.length - DISAGREEMENTS_MAX;
  const said = disagree.slice(0, DISAGREEMENTS_MAX).join("; ") + (more > 0 ? `; ${more} more` : "");
  return [name, said, EXPLANATIONS[name] ?? ""];
}

/** A table as the formatter leaves it. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  alignments: readonly string[],
): string {
  const widths = head.map((text, column) =>
    Math.max(text.length, 3, ...rows.map((row) => row[column].length))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, column) =>
        alignments[column] === ":" ? cell.padStart(widths[column]) : cell.padEnd(widths[column])
      ).join(" | ")
    } |`;
  const rule = widths.map((width, column) =>
    alignments[column] === ":" ? `${"-".repeat(width - 1)}:` : "-".repeat(width)
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
