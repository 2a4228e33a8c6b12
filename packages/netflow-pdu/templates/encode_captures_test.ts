/** What real exporters sent, decoded, encoded and decoded again. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import { type ExporterAddress, parseExporter } from "../exporter.ts";
import { capturedPackets, type CaptureGroup, captureGroups, inputOf } from "./_builders.ts";
import type { TemplateCodec } from "./define_codec.ts";
import { createTemplateEncoder, type TemplateEncoderOptions } from "./encoder.ts";
import { readField, templateOf } from "./record_reader.ts";
import type { TemplateSession } from "./session.ts";
import { RecordFields, type Template } from "./template.ts";

const ROWS = 1 << 16;
const NOW = Date.UTC(2026, 0, 1);

/** All flows of one version that a group has, with their records. */
function flowsOf(group: CaptureGroup, version: 9 | 10, exporter: ExporterAddress): FlowBatch {
  const codec = version === 9 ? createV9Codec() : createIpfixCodec();
  const sessions = new Map<string, TemplateSession>();
  const batch = new FlowBatch({ capacity: ROWS, octets: true });
  for (const { expected, octets, exporter: key } of capturedPackets(group)) {
    if (expected.version !== version) continue;
    const session = sessions.get(key) ?? codec.createSession();
    sessions.set(key, session);
    const { reason } = codec.decode({ ...inputOf(octets), exporter }, batch, session);
    assert(reason !== "batch-full");
  }
  return batch;
}

/** Encodes flows and decodes the packets. */
function pass(
  batch: FlowBatch,
  codec: TemplateCodec,
  options: TemplateEncoderOptions = {},
): { received: FlowBatch; lost: Record<string, number> } {
  const encoder = createTemplateEncoder(codec, { maxOctets: 65_507, ...options });
  const packets = encoder.encode(batch, 0, batch.length, NOW);
  const session = codec.createSession();
  const received = new FlowBatch({ capacity: ROWS, octets: true });
  const sequences = new Map<number, number>();
  for (const packet of packets) {
    assert(packet.length <= (options.maxOctets ?? 65_507));
    const before = received.length;
    const result = codec.decode({ ...inputOf(packet), exporter: 0 }, received, session);
    assertEquals(result.reason, undefined);
    const domain = result.header!.source_id!;
    const sequence = sequences.get(domain) ?? 0;
    assertEquals(result.header?.sequence, sequence);
    sequences.set(domain, sequence + (codec.version === 9 ? 1 : result.units!));
    // Records of options count, too.
    assert(result.units! >= received.length - before);
  }
  assertEquals(encoder.counters.refused, 0);
  assertEquals(encoder.counters.rows, batch.length);
  return { received, lost: Object.fromEntries(encoder.lost) };
}

const templateAt = (batch: FlowBatch, row: number): Template =>
  templateOf(batch.schemas[batch.schemaOf[row]])!.template;

const fieldsOf = ({ fields }: Template) =>
  fields.map(({ enterprise, id, length }) => [enterprise, id, length]);

/** What a flow says; moments as Unix time, clocks left out: flows of several share a packet. */
function canonical(batch: FlowBatch, row: number): Record<string, unknown> {
  const { unix_secs: _secs, sysUpTime: _uptime, first_raw: _first, last_raw: _last, ...rest } =
    batch
      .flow(row).toObject();
  return rest;
}

/** Canonical values alone. */
function values(batch: FlowBatch, row: number): Record<string, unknown> {
  const flow = canonical(batch, row);
  const { fields } = batch.schemas[batch.schemaOf[row]];
  return Object.fromEntries(
    Object.entries(flow).filter(([name]) =>
      (fields as readonly string[]).includes(name) || name.endsWith("_raw")
    ),
  );
}

/** All fields of a record that have octets, by name, as text of their values. */
function flatten(batch: FlowBatch, row: number): [name: string, value: string][] {
  const template = templateAt(batch, row);
  const octets = batch.octets!.read(row)!;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const located = new RecordFields();
  located.locate(template, view, 0, octets.length);
  return template.fields.flatMap(({ name }, index) =>
    located.lengths[index] === 0
      ? []
      : [[name, String(readField(template, index, view, located))] as [string, string]]
  );
}

/** All fields of a record but uptimes, which count from the packet. */
function withoutUptimes(batch: FlowBatch, row: number): [string, string][] {
  return flatten(batch, row).filter(([name]) => !name.endsWith("SysUpTime"));
}

for (const group of captureGroups()) {
  for (const version of [9, 10] as const) {
    const found = flowsOf(group, version, 0);
    if (found.length === 0) continue;
    const codec = version === 9 ? createV9Codec() : createIpfixCodec();

    Deno.test(`records of ${group.name} are the same after encode and decode (v${version})`, () => {
      for (const maxOctets of [65_507, 1400]) {
        const { received, lost } = pass(found, codec, { maxOctets });
        assertEquals(lost, {});
        assertEquals(received.length, found.length);
        for (let row = 0; row < found.length; row++) {
          assertEquals(fieldsOf(templateAt(received, row)), fieldsOf(templateAt(found, row)));
          assertEquals(received.octets!.read(row), found.octets!.read(row));
          assertEquals(canonical(received, row), canonical(found, row));
        }
      }
    });

    for (const target of [createV9Codec(), createIpfixCodec()]) {
      Deno.test(`columns alone of ${group.name} (v${version}) are the same as ${target.title}`, () => {
        const told = flowsOf(group, version, parseExporter("192.0.2.77"));
        const { received, lost } = pass(told, target, { octets: false });
        assertEquals(received.length, told.length);
        // What no column holds is counted.
        const beyond: Record<string, number> = {};
        for (const { schema } of told) {
          for (const name of schema.extras) beyond[name] = (beyond[name] ?? 0) + 1;
        }
        assertEquals(lost, beyond);
        for (let row = 0; row < told.length; row++) {
          assertEquals(values(received, row), values(told, row));
        }
      });
    }

    Deno.test(`records of ${group.name} tell their exporter behind what they had (v${version})`, () => {
      const told = flowsOf(group, version, parseExporter("2001:db8::7"));
      const { received } = pass(told, codec);
      for (let row = 0; row < told.length; row++) {
        const before = told.octets!.read(row)!;
        const after = received.octets!.read(row)!;
        assertEquals(after.subarray(0, before.length), before);
        assertEquals(canonical(received, row), canonical(told, row));
      }
    });
  }

  const v9 = flowsOf(group, 9, 0);
  if (v9.length > 0) {
    Deno.test(`flows of ${group.name} are the same from NetFlow v9 to IPFIX and back`, () => {
      const { received, lost } = pass(v9, createIpfixCodec());
      assertEquals(lost, {});
      const { received: back, lost: lostBack } = pass(received, createV9Codec());
      assertEquals(lostBack, {});
      assertEquals([received.length, back.length], [v9.length, v9.length]);
      for (let row = 0; row < v9.length; row++) {
        const octets = v9.octets!.read(row)!;
        assertEquals(received.octets!.read(row)!.subarray(0, octets.length), octets);
        const fields = fieldsOf(templateAt(v9, row));
        const expected = withoutUptimes(v9, row);
        assertEquals(withoutUptimes(back, row).slice(0, expected.length), expected);
        assertEquals(fieldsOf(templateAt(back, row)).slice(0, fields.length), fields);
        assertEquals(values(received, row), values(v9, row));
        assertEquals(values(back, row), values(v9, row));
      }
    });
  }

  const ipfix = flowsOf(group, 10, 0);
  if (ipfix.length > 0) {
    Deno.test(`flows of ${group.name} are the same from IPFIX to NetFlow v9, but for what is counted`, () => {
      const { received, lost } = pass(ipfix, createV9Codec());
      assertEquals(received.length, ipfix.length);
      const missing: Record<string, number> = {};
      for (let row = 0; row < ipfix.length; row++) {
        const ours = flatten(received, row);
        for (const [name, text] of withoutUptimes(ipfix, row)) {
          const at = ours.findIndex(([other, value]) => other === name && value === text);
          if (at < 0) missing[name] = (missing[name] ?? 0) + 1;
          else ours.splice(at, 1);
        }
        assertEquals(values(received, row), values(ipfix, row));
      }
      assertEquals(missing, lost);
    });
  }
}
