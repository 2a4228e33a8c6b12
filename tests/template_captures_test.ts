/** Captures of other projects through the command line, against what independent decoders found. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { conformancePage } from "./conformance_page.ts";
import { readText } from "./files.ts";
import { captureGroups, compareGroup, type GroupReport } from "./template_captures.ts";
import { EXPLANATIONS, KNOWN_DIFFERENCES } from "./template_explanations.ts";

const groups = captureGroups();
const ignore = groups.length === 0;
const reports = new Map<string, GroupReport>();

for (const group of groups) {
  const name = `${group.source}/${group.group}`;
  Deno.test(`decode gives what independent decoders found in ${name}`, async () => {
    const report = await compareGroup(group);
    reports.set(name, report);
    assertEquals(report.differences, KNOWN_DIFFERENCES[name] ?? []);
    assertGreater(report.packets, 0);
  });
}

Deno.test({
  name: "the comparison sees a wrong octet, a wrong value, a missing packet",
  ignore,
  fn: async () => {
    const group = groups.find(({ group }) => group === "ipfix_viptela_with_vpn_id");
    assert(group !== undefined);
    const text = JSON.stringify(group.packets);
    for (
      const [right, wrong, difference] of [
        ["ac10151b", "ac10151c", "destinationIPv4Address is"],
        ['"cflow.srcport":"41717"', '"cflow.srcport":"41718"', "srcport is"],
      ]
    ) {
      assert(text.includes(right), right);
      const packets = JSON.parse(text.replace(right, wrong));
      const { differences } = await compareGroup({ ...group, packets });
      assertEquals(differences.map((found) => found.includes(difference)), [true]);
    }
    const [first, ...others] = group.packets;
    const moved = [{ ...first, frame: 2 }, ...others];
    const { differences } = await compareGroup({ ...group, packets: moved });
    assert(differences.some((found) => found.endsWith("not in the output")));
  },
});

Deno.test({
  name: "whatever independent decoders disagree about is explained, and nothing else",
  ignore,
  fn: () => {
    const disputed = groups.filter(({ disagree }) => disagree.length > 0)
      .map(({ source, group }) => `${source}/${group}`);
    assertEquals(Object.keys(EXPLANATIONS).toSorted(), disputed.toSorted());
  },
});

Deno.test({
  name: "docs/conformance.md says what a run gives",
  ignore,
  fn: () => {
    const all = groups.map(({ source, group }) => reports.get(`${source}/${group}`));
    const ran = all.filter((report) => report !== undefined);
    assertEquals(ran.length, groups.length, "the tests before this one make the reports");
    assertEquals(
      readText("docs/conformance.md"),
      conformancePage(groups, ran),
      "run `deno run -A scripts/make_conformance.ts`",
    );
  },
});
