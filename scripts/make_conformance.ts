/**
 * Writes `docs/conformance.md` from a run over the captures in `../shared/captures`.
 *
 *     deno run -A scripts/make_conformance.ts
 */
import { conformancePage } from "../tests/conformance_page.ts";
import { captureGroups, compareGroup, type GroupReport } from "../tests/template_captures.ts";

const groups = captureGroups();
if (groups.length === 0) Deno.exit(1);
const reports: GroupReport[] = [];
for (const group of groups) reports.push(await compareGroup(group));
const page = new URL("../docs/conformance.md", import.meta.url);
await Deno.writeTextFile(page, conformancePage(groups, reports));
for (const { source, group, differences } of reports) {
  for (const difference of differences) console.log(`${source}/${group}: ${difference}`);
}
