import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { assertEquals } from "@std/assert";
import { parseFilterConfig } from "../filter/filter_config.ts";
import type { ReportResult } from "../report/result.ts";
import { parseTagConfig } from "../transform/tag_config.ts";
import { DefinitionRun, type ReportInterval } from "./definition_run.ts";
import { parseReportConfig } from "./report_config.ts";

const V5 = findFtLayout(5)!.schema;

/** Flows with these times, one octet a second more each, from alternating sources. */
function flowsAt(times: readonly number[], columns: DefinitionRun["columns"]): FlowBatch {
  const batch = new FlowBatch({ columns });
  for (const [index, secs] of times.entries()) {
    batch.append(V5, {
      unix_secs: secs,
      dPkts: 1,
      dOctets: index + 1,
      srcaddr: index % 2 === 0 ? "10.0.0.1" : "10.0.0.2",
      prot: index % 2 === 0 ? 6 : 17,
    });
  }
  return batch;
}

function intervalsOf(run: DefinitionRun, batch: FlowBatch): ReportInterval[] {
  return [...run.add(batch), run.finish()];
}

Deno.test("a time series begins anew with the first flow that is too late", () => {
  const config = parseReportConfig(
    "stat-report r\n type summary-counters\nstat-definition d\n time-series 10\n report r\n",
  );
  const run = new DefinitionRun(config.definition("d"));
  const intervals = intervalsOf(run, flowsAt([100, 110, 111, 105, 121, 122], run.columns));
  assertEquals(
    intervals.map(({ number, results: [{ totals }] }) => [number, totals.flows, totals.octets]),
    [[0, 2, 3], [1, 3, 12], [2, 1, 6]],
  );
});

Deno.test("tags are there for reports and filters, and masks of one report leave them whole", () => {
  const config = parseReportConfig(`
stat-report masked
 type source-tag
 tag-mask 0xf 0
stat-report whole
 type source-tag
 filter tagged
stat-definition d
 tag t
 report masked
 report whole
`);
  const tag = parseTagConfig(`
tag-action A
 type src-prefix
 match 10.0.0.1/32 set-src 0x21
 match 10.0.0.2/32 set-src 0x31
tag-definition t
 term
  action A
`).transform("t");
  const filter = parseFilterConfig(`
filter-primitive T
 type tag
 permit 0x31
filter-definition tagged
 match src-tag T
`).filter("tagged");
  const run = new DefinitionRun(config.definition("d"), {
    tag,
    reportFilters: [undefined, filter],
  });
  assertEquals(run.missingFields(V5), []);
  assertEquals(new DefinitionRun(config.definition("d")).missingFields(V5), ["src_tag", "dst_tag"]);
  const [{ results }] = intervalsOf(run, flowsAt([1, 1, 1], run.columns));
  const groups = (result: ReportResult) =>
    [...result.order()].map((group) => [result.key(0)[group], result.counter("flows")[group]]);
  assertEquals(results.map(groups), [[[1, 3]], [[0x31, 1]]]);
});
