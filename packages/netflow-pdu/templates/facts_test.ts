/** What options records of real exporters teach, against what tshark shows of them. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import { capturedPackets, captureGroups, type ExpectedSet, inputOf } from "./_builders.ts";
import type { DomainFacts, NamedKind } from "./domain_facts.ts";
import type { TemplateSession } from "./session.ts";

type Record_ = NonNullable<ExpectedSet["records"]>[number];

/** The first value that a record has under one of the names. */
function shown(record: Record_, ...names: string[]): string | undefined {
  const value = names.map((name) => record[name]).find((value) => value !== undefined);
  return value === undefined || typeof value === "string" ? value : value[0];
}

/** The octets of an application id, as tshark takes them apart. */
function applicationKey(record: Record_): string | undefined {
  const engine = shown(record, "cflow.appl_id.classification_engine_id");
  const selector = shown(record, "cflow.appl_id.selector_id");
  if (engine === undefined || selector === undefined) return undefined;
  return Number(engine).toString(16).padStart(2, "0") + selector.replaceAll(":", "");
}

/** For each kind, the key, the name and the description in a record of tshark. */
const NAMES: Readonly<
  Record<NamedKind, (record: Record_) => readonly (string | undefined)[]>
> = {
  interfaces: (record) => [
    shown(record, "cflow.scope_interface", "cflow.inputint"),
    shown(record, "cflow.if_name"),
    shown(record, "cflow.if_descr"),
  ],
  vrfs: (record) => [
    shown(record, "cflow.ingress_vrfid", "cflow.egress_vrfid"),
    shown(record, "cflow.vrfname"),
    undefined,
  ],
  applications: (record) => [
    applicationKey(record),
    shown(record, "cflow.appl_name"),
    shown(record, "cflow.appl_desc"),
  ],
  samplers: (record) => [
    shown(record, "cflow.selector_id", "cflow.sampler_id"),
    shown(record, "cflow.selector_name", "cflow.sampler_name"),
    undefined,
  ],
};

/** One packet in so many, as a record of tshark says. */
function rateOf(record: Record_): number | undefined {
  const number = (name: string) => Number(shown(record, `cflow.${name}`) ?? 0);
  const interval = number("sampler_random_interval") || number("sampling_interval");
  if (interval > 0) return interval;
  const size = number("sampling_size");
  if (size > 0) return number("sampling_population") / size;
  const taken = number("sampling_packet_interval");
  return taken > 0 ? (taken + number("sampling_packet_space")) / taken : undefined;
}

/** What one record should have taught, and has not. */
function untaught(record: Record_, facts: DomainFacts): string[] {
  const problems: string[] = [];
  for (const [kind, read] of Object.entries(NAMES)) {
    const [key, name, description] = read(record);
    if (key === undefined || (name === undefined && description === undefined)) continue;
    const known = facts.name(kind as NamedKind, key);
    // Blanks around text are cut.
    const [right, meaning] = [name, description].map((text) => (text ?? "").trim());
    if (known?.name !== right || known.description !== meaning) {
      problems.push(`${kind} ${key} is ${JSON.stringify(known)}, not ${name}, ${description}`);
    }
    learned.add(kind);
  }
  const rate = rateOf(record);
  if (rate === undefined) return problems;
  const sampler = shown(record, "cflow.selector_id", "cflow.sampler_id");
  const ifIndex = Number(shown(record, "cflow.scope_interface") ?? 0);
  const template = shown(record, "cflow.template_id");
  const known = sampler !== undefined
    ? facts.samplerRates.get(Number(sampler))
    : ifIndex > 0
    ? facts.interfaceRates.get(ifIndex)
    : template !== undefined
    ? facts.templateRates.get(Number(template))
    : facts.rate;
  if (known !== rate) problems.push(`rate is ${known}, not ${rate}`);
  learned.add(sampler !== undefined ? "sampler rates" : ifIndex > 0 ? "interface rates" : "rates");
  return problems;
}

const learned = new Set<string>();
const groups = captureGroups();

for (const group of groups) {
  Deno.test(`options of ${group.name} teach what tshark shows`, () => {
    const codecs = { 9: createV9Codec(), 10: createIpfixCodec() };
    const sessions = new Map<string, TemplateSession>();
    for (const { expected, octets, exporter } of capturedPackets(group)) {
      const codec = codecs[expected.version as 9 | 10];
      const session = sessions.get(exporter) ?? codec.createSession();
      sessions.set(exporter, session);
      const { header } = codec.decode(inputOf(octets), new FlowBatch({ capacity: 500 }), session);
      for (const { optionsData, agree, records } of expected.flowsets ?? []) {
        if (!optionsData || !agree) continue;
        const facts = session.facts(header?.source_id ?? 0);
        // Of several records for one thing, the last one counts.
        const last = new Map((records ?? []).map((record) => [
          JSON.stringify(Object.values(NAMES).map((read) => read(record)[0])),
          record,
        ]));
        for (const record of last.values()) assertEquals(untaught(record, facts!), []);
      }
    }
  });
}

Deno.test({
  name: "options of captures: every kind of fact was met",
  ignore: groups.length === 0,
  fn: () =>
    assertEquals([...learned].sort(), [
      "applications",
      "interface rates",
      "interfaces",
      "rates",
      "sampler rates",
      "samplers",
      "vrfs",
    ]),
});

/** Groups whose flows are sampled at the rates that their options tell. */
const SAMPLED: Readonly<Record<string, readonly number[]>> = {
  "akvorado/multiplesamplingrates": [2000, 4000],
  "pmacct/104-IPFIXv10-IPv6-CISCO-sampling_option-00": [256],
};

for (const [name, rates] of Object.entries(SAMPLED)) {
  Deno.test({
    name: `flows of ${name} have the rates of their samplers`,
    ignore: groups.length === 0,
    fn: () => {
      const group = groups.find((group) => group.name === name)!;
      const codecs = { 9: createV9Codec(), 10: createIpfixCodec() };
      const sessions = new Map<string, TemplateSession>();
      const extras = [{ name: "samplingRate", kind: "u32" }] as const;
      const batch = new FlowBatch({ columns: ["srcaddr"], extras });
      for (const { expected, octets, exporter } of capturedPackets(group)) {
        const codec = codecs[expected.version as 9 | 10];
        const session = sessions.get(exporter) ?? codec.createSession();
        sessions.set(exporter, session);
        codec.decode(inputOf(octets), batch, session);
      }
      const found = new Set(Array.from(batch, (flow) => flow.get("samplingRate") as number));
      assert(batch.length > 0);
      assertEquals([...found].sort((a, b) => a - b), [...rates]);
    },
  });
}
