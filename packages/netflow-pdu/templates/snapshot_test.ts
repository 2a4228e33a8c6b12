/** What sessions know survives a restart, and damaged snapshots are refused as a whole. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import {
  capturedPackets,
  captureGroups,
  type Field,
  inputOf,
  message,
  octets,
  optionsTemplate,
  set,
  template,
} from "./_builders.ts";
import { type SessionSnapshot, SessionSnapshotError } from "./session_snapshot.ts";
import type { TemplateSession } from "./session.ts";
import { VARIABLE_LENGTH } from "./template.ts";

const FIELDS: readonly Field[] = [[7, 2], [48, 1], [5, 2, 64512], [96, VARIABLE_LENGTH]];

const IPFIX = createIpfixCodec();

/** A session that knows something of every kind. */
function learned(): TemplateSession {
  const session = createIpfixCodec().createSession();
  const text = (word: string) => [...new TextEncoder().encode(word)];
  const description: readonly Field[] = [[346, 4], [303, 2], [339, 1], [341, 5]];
  const packets = [
    message(
      { domain: 7 },
      set(3, optionsTemplate(300, 2, description)),
      set(300, octets(64512, 4), octets(5, 2), [2], text("rack1")),
      set(2, template(256, FIELDS)),
      set(3, optionsTemplate(301, 1, [[10, 4], [82, 4], [34, 4]])),
      set(301, octets(3, 4), text("eth3"), octets(10, 4)),
      set(3, optionsTemplate(302, 1, [[48, 1], [50, 4], [84, 2]])),
      set(302, [9], octets(500, 4), text("S9")),
      set(3, optionsTemplate(303, 1, [[95, 4], [96, 4], [94, 4]])),
      set(303, octets(0x0d000001, 4), text("http"), text("HTTP")),
      set(3, optionsTemplate(304, 1, [[234, 4], [236, 4]])),
      set(304, octets(1, 4), text("red ")),
      set(3, optionsTemplate(305, 1, [[144, 4], [160, 8], [34, 4]])),
      set(305, octets(0, 4), octets(1_699_999_000_000, 8), octets(77, 4)),
    ),
    message(
      { domain: 7 },
      set(3, optionsTemplate(306, 1, [[145, 2], [305, 4], [306, 4]])),
      set(306, octets(256, 2), octets(1, 4), octets(99, 4)),
    ),
    message({ domain: 8 }, set(2, template(256, [[4, 1]]))),
    message({ domain: 8 }, set(999, [1, 2, 3])),
  ];
  for (const bytes of packets) {
    assertEquals(IPFIX.decode(inputOf(bytes, 5000), new FlowBatch(), session).reason, undefined);
  }
  return session;
}

Deno.test("a restored session knows what the other knew, through JSON", () => {
  const snapshot = learned().snapshot();
  const restored = createIpfixCodec().restoreSession(JSON.parse(JSON.stringify(snapshot)));
  assertEquals(restored.snapshot(), snapshot);
  assertEquals(restored.size, 9);
  const facts = restored.facts(7)!;
  assertEquals(facts.name("interfaces", 3)?.name, "eth3");
  assertEquals(facts.name("vrfs", 1)?.name, "red");
  assertEquals(facts.name("samplers", 9)?.name, "S9");
  assertEquals(facts.name("applications", "0d000001"), { name: "http", description: "HTTP" });
  assertEquals([facts.samplerRates.get(9), facts.interfaceRates.get(3), facts.rate], [500, 10, 77]);
  assertEquals(facts.templateRates.get(256), 100);
  assertEquals(facts.bootMs, 1_699_999_000_000);
  const batch = new FlowBatch({ octets: true });
  const bytes = message({ domain: 7 }, set(256, octets(80, 2), [9], octets(4, 2), [1, 65]));
  assertEquals(IPFIX.decode(inputOf(bytes, 6000), batch, restored).rows, 1);
  assertEquals(batch.flow(0).get("rack1"), 4);
  assertEquals(batch.flow(0).get("applicationName"), "A");
});

Deno.test("a restored session decodes captures whose templates came before the restart", () => {
  for (const group of captureGroups()) {
    const codecs = { 9: createV9Codec(), 10: createIpfixCodec() };
    const sessions = new Map<string, [TemplateSession, TemplateSession]>();
    const [one, other] = [new FlowBatch({ octets: true }), new FlowBatch({ octets: true })];
    for (const { octets, exporter, expected } of capturedPackets(group)) {
      const codec = codecs[expected.version as 9 | 10];
      const [whole, restarted] = sessions.get(exporter) ??
        [codec.createSession(), codec.createSession()];
      one.reset();
      other.reset();
      const { rows } = codec.decode(inputOf(octets), one, whole);
      const again = codec.decode(inputOf(octets), other, restarted);
      // What waits for a template is not in a snapshot; such groups are compared until then.
      if (whole.waiting > 0) break;
      assertEquals(again.rows, rows);
      assertEquals(JSON.stringify([...other]), JSON.stringify([...one]));
      const snapshot = JSON.parse(JSON.stringify(restarted.snapshot()));
      restarted.close();
      sessions.set(exporter, [whole, codec.restoreSession(snapshot)]);
    }
  }
});

Deno.test("limits hold for what is restored, and templates keep their age", () => {
  const snapshot = learned().snapshot();
  const few = createIpfixCodec({ limits: { templates: 2, facts: 3 } });
  assertEquals(few.restoreSession(snapshot).size, 2);
  assertEquals([few.store.counters.facts, few.store.counters.evicted], [3, 7]);
  const short = createIpfixCodec({ limits: { lifetimeMs: 1000 } });
  const session = short.restoreSession(snapshot);
  const bytes = message({ domain: 8 }, set(256, [6]));
  assertEquals(short.decode(inputOf(bytes, 6000), new FlowBatch(), session).rows, 1);
  assertEquals(short.decode(inputOf(bytes, 6001), new FlowBatch(), session).rows, 0);
});

Deno.test("damaged snapshots are refused with place and reason, and nothing is taken", () => {
  const good = JSON.stringify(learned().snapshot());
  const cases: readonly [
    (snapshot: Record<string, unknown>) => unknown,
    string,
  ][] = [
    [() => null, "the snapshot is null, expected an object"],
    [() => "text", 'the snapshot is "text", expected an object'],
    [() => ({}), "format is missing, expected a whole number"],
    [(s) => ({ ...s, format: 2 }), "format is 2, expected 1"],
    [(s) => ({ ...s, version: 9 }), "version is 9, expected 10"],
    [(s) => ({ ...s, templates: {} }), "templates is {}, expected a list"],
    [(s) => ({ ...s, templates: [1] }), "templates[0] is 1, expected an object"],
    [
      (s) => ({ ...s, templates: [{ domain: 0, id: 255, seenAt: 0, fields: [] }] }),
      "templates[0].id is 255, expected a whole number, 256 to 65535",
    ],
    [
      (s) => ({ ...s, templates: [{ domain: 0, id: 256, seenAt: 0, fields: [[0, 1, 70000]] }] }),
      "templates[0].fields[0][2] is 70000, expected a whole number, 0 to 65535",
    ],
    [
      (s) => ({
        ...s,
        templates: [{ domain: 0, id: 256, seenAt: 0, scopes: 2, fields: [[0, 1, 4]] }],
      }),
      "templates[0].scopes is 2, expected a whole number, 0 to 1",
    ],
    [
      (s) => ({ ...s, templates: [{ domain: -1, id: 256, seenAt: 0, fields: [[0, 1, 4]] }] }),
      "templates[0].domain is -1, expected a whole number, 0 to 4294967295",
    ],
    [
      (s) => ({ ...s, facts: [{ domain: 1, samplers: [["x", 1]] }] }),
      'facts[0].samplers[0][0] is "x", expected a number of at least 0',
    ],
    [
      (s) => ({
        ...s,
        facts: [{ domain: 1, samplers: [], interfaces: [], templates: [], names: {} }],
      }),
      "facts[0].names.interfaces is missing, expected a list",
    ],
    [
      (s) => ({ ...s, elements: [[1, 2, "two words", "string"]] }),
      'elements[0][2] is "two words", expected text like',
    ],
    [
      (s) => ({ ...s, elements: [[1, 2, "name", "text"]] }),
      'elements[0][3] is "text", expected one of octetArray',
    ],
  ];
  for (const [damage, expected] of cases) {
    const codec = createIpfixCodec();
    const error = assertThrows(
      () => codec.restoreSession(damage(JSON.parse(good))),
      SessionSnapshotError,
    );
    assert(error.message.startsWith(`Cannot restore session: ${expected}`), error.message);
    assertEquals([codec.store.counters.templates, codec.store.counters.facts], [0, 0]);
  }
});

Deno.test("a snapshot that was cut or changed anywhere is restored or refused, never half", () => {
  const text = JSON.stringify(learned().snapshot());
  let refused = 0;
  for (let at = 0; at < text.length; at += 3) {
    const changed = `${text.slice(0, at)}9${text.slice(at + 1)}`;
    let snapshot: SessionSnapshot;
    try {
      snapshot = JSON.parse(changed);
    } catch {
      continue;
    }
    const codec = createIpfixCodec();
    try {
      codec.restoreSession(snapshot);
    } catch (error) {
      assert(error instanceof SessionSnapshotError, String(error));
      assertEquals(codec.store.counters.templates, 0);
      refused++;
    }
  }
  assert(refused > 50, `${refused} refused`);
});
