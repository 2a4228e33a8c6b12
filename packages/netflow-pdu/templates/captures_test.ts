/** Packets of real exporters against what an independent decoder cut out of them. */
import { assert, assertEquals } from "@std/assert";
import { IPFIX_CODEC } from "../codecs/ipfix.ts";
import { V9_CODEC } from "../codecs/v9.ts";
import { capturedPackets, captureGroups, inputOf } from "./_builders.ts";
import { type PduSet, readPduSets } from "./read_sets.ts";
import type { TemplateSession } from "./session.ts";
import type { Template } from "./template.ts";

const hex = (octets: Uint8Array) =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");

function shapeOf(template: Template): unknown {
  return {
    id: template.id,
    fields: template.fields.map(({ id, length, enterprise, scope }) => ({
      type: id,
      length,
      pen: enterprise,
      scope,
    })),
  };
}

function rawOf({ records }: PduSet): string[][] {
  return (records ?? []).map(({ view, offsets, lengths, template }) =>
    template.fields.map((_, index) =>
      hex(new Uint8Array(view.buffer, view.byteOffset + offsets[index], lengths[index]))
    )
  );
}

for (const group of captureGroups()) {
  Deno.test(`readPduSets() cuts ${group.name} as an independent decoder does`, () => {
    const sessions = new Map<string, TemplateSession>();
    let compared = 0;
    for (const { expected: packet, octets, exporter } of capturedPackets(group)) {
      const codec = packet.version === 9 ? V9_CODEC : IPFIX_CODEC;
      const session = sessions.get(exporter) ?? codec.createSession();
      sessions.set(exporter, session);
      assertEquals(octets.length, packet.payloadLength);
      const { result, sets } = readPduSets(codec, inputOf(octets), session);
      assertEquals(result.header?.sequence, packet.sequence);
      const where = `${packet.file} frame ${packet.frame}`;
      const expected = (packet.flowsets ?? []).filter(({ type }) => type !== "unknown");
      assertEquals(sets.map(({ id }) => id), expected.map(({ id }) => id), where);
      for (const [index, set] of sets.entries()) {
        const theirs = expected[index];
        assertEquals(set.kind, theirs.type, where);
        if (theirs.templates !== undefined) {
          // Templates that the packet cuts are not taken, and those without fields are withdrawals.
          const alive = theirs.templates.filter(({ id, withdraw, fields, fieldCount }) =>
            !packet.problems?.includes(`template ${id} cut`) && !withdraw && fields.length > 0 &&
            (fieldCount ?? fields.length) === fields.length
          );
          assertEquals(
            (set.templates ?? []).map(shapeOf),
            alive.map(({ id, fields }) => ({
              id,
              fields: fields.map(({ type, length, pen, scope }) => ({
                type,
                length,
                pen,
                scope: scope ?? false,
              })),
            })),
            where,
          );
        }
        if (theirs.raw !== undefined) assertEquals(rawOf(set), theirs.raw, where);
        if (theirs.noTemplate) assertEquals(set.records, undefined, where);
        compared++;
      }
    }
    for (const session of sessions.values()) session.close();
    assert(compared > 0 || group.packets.every(({ flowsets }) => (flowsets ?? []).length === 0));
  });
}

Deno.test("sessions that were closed leave nothing behind", () => {
  for (const { store: { counters } } of [V9_CODEC, IPFIX_CODEC]) {
    assertEquals([counters.templates, counters.waitingOctets, counters.facts], [0, 0, 0]);
  }
});
