import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../config/error.ts";
import { REPORTS } from "../report/reports.ts";
import { allowedFields, defaultFields, REPORT_FIELDS } from "./fields.ts";
import { addressFormat, parseReportConfig } from "./report_config.ts";

const REPORT = "stat-report r\n type ip-source-address\n output\n";
const DEFINITION = "stat-definition d\n report r\n";

Deno.test("outputs begin with the fields of their type, and fields are added and taken away", () => {
  const text = `${REPORT}  fields +pps, -key,+\n  options +header,+names,-names\n${DEFINITION}`;
  const [{ outputs }] = parseReportConfig(text).definition("D").reports;
  const [{ fields, options, time, records, tally, sort, path }] = outputs;
  assertEquals(
    [...fields].toSorted(),
    ["avg-pps", "duration", "flows", "max-pps", "min-pps", "octets", "other", "packets"],
  );
  assertEquals([...options], ["header"]);
  assertEquals([time, records, tally, sort, path], ["mid", 0, 0, undefined, undefined]);
});

Deno.test("keywords are understood in any case, numbers in any base, paths to the end of the line", () => {
  const text = `include-filter f.cfg
STAT-REPORT r
  Type IP-Source-Address
  scale 0100
  tag-mask 0xff 0x10
  filter web
  ip-source-address-format prefix-len
  ip-source-address-format prefix-mask
  output
    sort -octets
    records 0x10
    path |sort -n > a b
    time Start
stat-definition d
  tag t
  mask m
  filter all
  time-series 60
  report R
`;
  const config = parseReportConfig(text);
  const definition = config.definition("d");
  const [report] = definition.reports;
  assertEquals(config.includes, { filter: "f.cfg" });
  assertEquals(
    [definition.tag?.text, definition.mask?.text, definition.filter?.text, definition.timeSeries],
    ["t", "m", "all", 60],
  );
  assertEquals([report.scale, report.tagMask, report.filter?.text], [100, [255, 16], "web"]);
  assertEquals([report.source, addressFormat(report.source), addressFormat(report.destination)], [
    { lengths: true, networks: true },
    "prefix-mask",
    "address",
  ]);
  const [{ sort, records, path, time }] = report.outputs;
  assertEquals([sort, records, path, time], [
    { field: "octets", sign: "-" },
    16,
    "|sort -n > a b",
    "start",
  ]);
});

Deno.test("variables stand for words", () => {
  const text = "stat-report r\n type @{TYPE:-octets}\n output\n  sort @{SORT:-+}\n" + DEFINITION;
  const types = [new Map<string, string>(), new Map([["TYPE", "packets"]])].map((variables) =>
    parseReportConfig(text, { variables }).definition("d").reports[0].spec.name
  );
  assertEquals(types, ["octets", "packets"]);
});

/** What is wrong, and where it is said to be so. */
const FAULTS: readonly (readonly [text: string, place: string, state: string])[] = [
  ["stat-report r\n type ip-adress\n", "2:7", 'unknown type "ip-adress"'],
  ["stat-report r\n output\n", "2:8", 'stat-report "r" has no type yet'],
  ["stat-report r\n type octets\n sort +key\n", "3:6", "there is no output yet"],
  [`${REPORT} sort key\n`, "4:7", '"key" has no sign'],
  [`${REPORT} sort +key2\n`, "4:7", 'the type of report has no "key2"'],
  [`${REPORT} sort +index\n`, "4:7", 'cannot sort by "index"'],
  [`${REPORT} sort +other\n`, "4:7", 'the type of report has no "other"'],
  [`${REPORT} fields +flows,+octet\n`, "4:16", 'unknown field "+octet"'],
  [`${REPORT} fields +flows -count\n`, "4:16", 'the type of report has no "count"'],
  [`${REPORT} options\n`, "4:9", "the line ends"],
  [`${REPORT} time noon\n`, "4:7", 'unknown time "noon"'],
  [`${REPORT} format xml\n`, "4:9", 'unknown format "xml"'],
  ["stat-report r\n type summary-counters\n output\n options +names\n", "4:10", "has no"],
  ["stat-definition d\n report r\n report R\n", "3:9", 'report "R" stands twice'],
  ["stat-definition d\n report x\n", "2:9", 'there is no stat-report "x"'],
  [`stat-report r\n${DEFINITION}`, "1:13", 'stat-report "r" has no type'],
  ["report r\n", "1:1", 'unexpected "report"'],
];

Deno.test("what is wrong is reported with its place and what would be right", () => {
  for (const [text, place, state] of FAULTS) {
    const error = assertThrows(
      () => parseReportConfig(text, { file: "x" }),
      ConfigError,
      state,
      text,
    );
    assertEquals(`${error.line}:${error.column}`, place, `${text}: ${error.message}`);
    assertEquals(error.message.startsWith(`x:${place}: `), true);
  }
});

Deno.test("every type shows its keys, and only fields that it has", () => {
  const order = REPORT_FIELDS.map(({ name }) => name as string);
  for (const spec of REPORTS.filter(({ type }) => type !== undefined)) {
    const shown = [...defaultFields(spec)];
    assertEquals(shown.every((name) => allowedFields(spec).has(name)), true, spec.name);
    assertEquals(
      shown.filter((name) => name.startsWith("key")).length,
      spec.keys.length,
      spec.name,
    );
    assertEquals(shown, shown.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)), spec.name);
  }
});
