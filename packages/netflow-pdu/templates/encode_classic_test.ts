/** Flows of the classic versions as NetFlow v9 and IPFIX. */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import {
  fieldIndex,
  FLOW_FIELDS,
  FlowBatch,
  type FlowFieldName,
  type RowValues,
} from "@flowtools/flow-model";
import type { ClassicPduCodec } from "../codec.ts";
import { PDU_CODECS } from "../codecs/mod.ts";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import { V5_CODEC } from "../codecs/v5.ts";
import { inputOf } from "./_builders.ts";
import type { TemplateCodec } from "./define_codec.ts";
import { createTemplateEncoder, type TemplateEncoderOptions } from "./encoder.ts";

const CLASSIC = PDU_CODECS.filter((codec): codec is ClassicPduCodec => codec.layouts !== undefined);
const NOW = Date.UTC(2026, 0, 1);
/** Columns that no element carries. */
const UNHELD: readonly FlowFieldName[] = [
  "in_encaps",
  "out_encaps",
  "router_sc",
  "extra_pkts",
  "marked_tos",
  "src_tag",
  "dst_tag",
];
const CLOCK: readonly string[] = ["unix_secs", "unix_nsecs", "sysUpTime"];

function decodeAll(codec: TemplateCodec, packets: readonly Uint8Array[]): FlowBatch {
  const session = codec.createSession();
  const batch = new FlowBatch({ capacity: 4096 });
  for (const packet of packets) {
    const result = codec.decode({ ...inputOf(packet), exporter: 0 }, batch, session);
    assertEquals(result.reason, undefined);
  }
  return batch;
}

/** What a flow says that packets with templates can hold, its moments as Unix time. */
function held(batch: FlowBatch, row: number): Record<string, unknown> {
  const flow = batch.flow(row).toObject();
  const not = [...UNHELD, ...CLOCK, "first_raw", "last_raw"];
  return Object.fromEntries(Object.entries(flow).filter(([name]) => !not.includes(name)));
}

/** Values for every column of a version; address columns may be IPv6. */
function rowOf(codec: ClassicPduCodec, wide: boolean): fc.Arbitrary<RowValues> {
  const { schema, rows } = codec.layouts.record;
  const octetsOf = new Map(rows.map(({ name, width }) => [name, width]));
  const values = schema.fields.map((name): [string, fc.Arbitrary<number | Uint8Array>] => {
    if (name === "unix_secs") return [name, fc.integer({ min: 10_000_000, max: 4_200_000_000 })];
    if (name === "unix_nsecs") return [name, fc.integer({ min: 0, max: 999_999_999 })];
    // Decoders of IPFIX have 32 bits of milliseconds for both, around a clock of whole seconds.
    if (name === "first" || name === "last") {
      return [name, fc.integer({ min: 0, max: 2 ** 32 - 2000 })];
    }
    const { kind } = FLOW_FIELDS[fieldIndex(name)];
    const octets = octetsOf.get(name) ?? (kind === "u8" ? 1 : 4);
    const number = fc.integer({ min: 0, max: 2 ** (8 * octets) - 1 });
    if (kind !== "address" || !wide) return [name, number];
    return [name, fc.oneof(number, fc.uint8Array({ minLength: 16, maxLength: 16 }))];
  });
  return fc.record(Object.fromEntries(values));
}

/** Rows of which some share the clock of their exporter. */
function rowsOf(codec: ClassicPduCodec, wide: boolean): fc.Arbitrary<RowValues[]> {
  const rows = fc.array(fc.tuple(rowOf(codec, wide), fc.boolean()), {
    minLength: 1,
    maxLength: 60,
  });
  return rows.map((rows) => {
    let clock: RowValues = {};
    return rows.map(([row, own]) => {
      if (own) clock = Object.fromEntries(CLOCK.map((name) => [name, row[name] ?? 0]));
      return { ...row, ...clock };
    });
  });
}

for (const codec of CLASSIC) {
  const { schema } = codec.layouts.record;
  for (const make of [createV9Codec, createIpfixCodec]) {
    const target = make();
    Deno.test(`flows of ${codec.title} are the same as ${target.title}`, () => {
      fc.assert(
        fc.property(
          fc.boolean().chain((wide) => rowsOf(codec, wide)),
          fc.constantFrom(512, 1400, 65_507),
          (rows, maxOctets) => {
            const sent = new FlowBatch({ capacity: 64 });
            for (const row of rows) sent.append(schema, row);
            const encoder = createTemplateEncoder(target, { maxOctets });
            const packets = encoder.encode(sent, 0, sent.length, NOW);
            for (const packet of packets) assert(packet.length <= maxOctets);
            const received = decodeAll(target, packets);
            assertEquals(received.length, rows.length);
            const lost: Record<string, number> = {};
            for (const [row, values] of rows.entries()) {
              assertEquals(held(received, row), {
                // Decoders know these of every packet.
                exaddr: "0.0.0.0",
                exaddr_raw: 0,
                ...held(sent, row),
              });
              for (const name of UNHELD) {
                if (values[name]) lost[name] = (lost[name] ?? 0) + 1;
              }
            }
            assertEquals(Object.fromEntries(encoder.lost), lost);
          },
        ),
        { seed: 7, numRuns: 20 },
      );
    });

    Deno.test(`${target.title} keeps the clocks of ${codec.title} where it is told to`, () => {
      fc.assert(
        fc.property(rowsOf(codec, false), (rows) => {
          const sent = new FlowBatch({ capacity: 64 });
          for (const row of rows) {
            sent.append(schema, { ...row, first: 70_000, last: 80_000, sysUpTime: 90_000 });
          }
          const encoder = createTemplateEncoder(target, { splitClocks: true });
          const received = decodeAll(target, encoder.encode(sent, 0, sent.length, NOW));
          assertEquals(
            received.column("unix_secs").slice(0, rows.length),
            sent.column("unix_secs").slice(0, rows.length),
          );
        }),
        { seed: 8, numRuns: 10 },
      );
    });
  }
}

Deno.test("flows whose exporter has a whole second keep their uptimes in NetFlow v9", () => {
  const codec = createV9Codec();
  const sent = new FlowBatch({ capacity: 4 });
  const clock = { unix_secs: 1_700_000_000, unix_nsecs: 0, sysUpTime: 90_000 };
  sent.append(V5_CODEC.layouts.record.schema, { ...clock, first: 80_000, last: 85_000 });
  sent.append(V5_CODEC.layouts.record.schema, { ...clock, first: 2 ** 32 - 5000, last: 100 });
  const [packet] = createTemplateEncoder(codec).encode(sent, 0, 2, NOW);
  const received = decodeAll(codec, [packet]);
  for (const name of ["sysUpTime", "unix_secs", "first", "last"] as const) {
    assertEquals(received.column(name).slice(0, 2), sent.column(name).slice(0, 2), name);
  }
});

const { schema: V5 } = V5_CODEC.layouts.record;

function v5Batch(count: number, values: (row: number) => RowValues): FlowBatch {
  const batch = new FlowBatch({
    capacity: count,
    extras: [{ name: "samplingRate", kind: "counter" }],
  });
  for (let row = 0; row < count; row++) {
    batch.append(V5, { unix_secs: 1_700_000_000, sysUpTime: 1_000_000, ...values(row) });
  }
  return batch;
}

const view = ({ buffer }: Uint8Array<ArrayBuffer>) => new DataView(buffer);

/** The numbers of the sets of a packet. */
function setsOf(packet: Uint8Array<ArrayBuffer>, headerSize: number): number[] {
  const sets: number[] = [];
  for (let at = headerSize; at < packet.length; at += view(packet).getUint16(at + 2)) {
    sets.push(view(packet).getUint16(at));
  }
  return sets;
}

Deno.test("sequences count packets in NetFlow v9, data records in IPFIX", () => {
  const batch = v5Batch(100, (row) => ({ dOctets: row }));
  for (const codec of [createV9Codec(), createIpfixCodec()]) {
    const encoder = createTemplateEncoder(codec, { sequence: 2 ** 32 - 1, domain: 0xfedcba98 });
    const packets = [...encoder.encode(batch, 0, 100, NOW), ...encoder.encode(batch, 0, 1, NOW)];
    assert(packets.length > 3);
    let expected = 2 ** 32 - 1;
    for (const packet of packets) {
      const { header, rows, units } = codec.decode(
        inputOf(packet),
        undefined,
        codec.createSession(),
      );
      assertEquals(header?.sequence, expected);
      assertEquals(header?.source_id, 0xfedcba98);
      assertEquals(rows, 0);
      const records = units === -1 ? packetRecords(packet, codec.headerSize) : units!;
      expected = (expected + (codec.version === 9 ? 1 : records)) % 2 ** 32;
    }
    assertEquals(encoder.sequence, expected);
    assertEquals(encoder.counters.rows, 101);
  }
});

/** The records of a packet of one data set, by the octets of a record of version 5. */
function packetRecords(packet: Uint8Array<ArrayBuffer>, headerSize: number): number {
  // 16 + 8 counters, 12 addresses, 8 interfaces, 4 ports, 4 + 8 + 2 + 2 of the rest, 16 moments.
  return (packet.length - headerSize - 4) / V5_IPFIX_OCTETS;
}

/** dPkts dOctets, engine, addresses, interfaces, ports, prot tos flags, masks, AS, moments. */
const V5_IPFIX_OCTETS = 16 + 2 + 12 + 8 + 4 + 4 + 2 + 8 + 16;

Deno.test("the header of NetFlow v9 counts templates, too, and sets end at words", () => {
  const codec = createV9Codec();
  const [packet] = createTemplateEncoder(codec).encode(v5Batch(3, () => ({})), 0, 3, NOW);
  assertEquals(view(packet).getUint16(2), 4);
  assertEquals(packet.length % 4, 0);
  assertEquals(setsOf(packet, 20), [0, 256]);
});

Deno.test("templates are sent at first, again after so many packets, and after so long", () => {
  const codec = createIpfixCodec();
  const batch = v5Batch(1, () => ({}));
  const encoder = createTemplateEncoder(codec, { resendPackets: 3, resendMs: 1000 });
  const sets = (now: number) => setsOf(encoder.encode(batch, 0, 1, now)[0], 16);
  const [both, data] = [[2, 256], [256]];
  assertEquals([sets(NOW), sets(NOW), sets(NOW), sets(NOW), sets(NOW)], [
    both,
    data,
    data,
    both,
    data,
  ]);
  assertEquals([sets(NOW + 999), sets(NOW + 1000)], [data, both]);
  assertEquals([sets(NOW + 1999), sets(NOW + 2000)], [data, both]);
  encoder.resend();
  assertEquals([sets(NOW + 2001), sets(NOW + 2002)], [both, data]);
  assertEquals(encoder.counters.templates, 5);
});

Deno.test("IPv4 and IPv6 flows have templates of their own, each sent once, in order of the flows", () => {
  const codec = createIpfixCodec();
  const batch = v5Batch(6, (row) => ({ srcaddr: row % 2 === 0 ? "192.0.2.1" : "2001:db8::1" }));
  const [packet] = createTemplateEncoder(codec).encode(batch, 0, 6, NOW);
  assertEquals(setsOf(packet, 16), [2, 256, 2, 257, 256, 257, 256, 257]);
  const received = decodeAll(codec, [packet]);
  assertEquals([0, 1, 2, 3, 4, 5].map((row) => received.flow(row).srcaddr), [
    ...["192.0.2.1", "2001:db8::1", "192.0.2.1", "2001:db8::1", "192.0.2.1", "2001:db8::1"],
  ]);
});

Deno.test("flows of version 5 have the elements and widths of the RFCs", () => {
  const shapes = [createV9Codec(), createIpfixCodec()].map((codec) => {
    const addresses = { srcaddr: "2001:db8::1", dstaddr: 7, nexthop: "2001:db8::2" };
    const batch = v5Batch(1, () => ({ ...addresses, exaddr: "192.0.2.9" }));
    const packets = createTemplateEncoder(codec).encode(batch, 0, 1, NOW);
    const session = codec.createSession();
    codec.decode(inputOf(packets[0]), undefined, session);
    const [[, { id, fields }]] = [...session.templates()];
    assertEquals(id, 256);
    return fields.map((field) => [field.id, field.length]);
  });
  // RFC 3954 section 8, RFC 5102: exporter, counters, engine, addresses (27 and 62 of IPv6),
  // interfaces, ports, protocol, TOS, flags, masks (29 of IPv6), AS.
  const common = [
    ...[[130, 4], [2, 8], [1, 8], [38, 1], [39, 1], [27, 16], [12, 4], [62, 16]],
    ...[[10, 4], [14, 4], [7, 2], [11, 2], [4, 1], [5, 1], [6, 2], [29, 1], [13, 1]],
    ...[[16, 4], [17, 4]],
  ];
  assertEquals(shapes, [
    [...common, [22, 4], [21, 4]],
    [...common, [152, 8], [153, 8]],
  ]);
});

Deno.test("rates of sampling become samplers that records refer to", () => {
  const rates = [1, 100, 100, 1, 1000, 100, 0];
  for (const codec of [createV9Codec(), createIpfixCodec()]) {
    const batch = v5Batch(rates.length, (row) => ({ samplingRate: rates[row] }));
    const packets = createTemplateEncoder(codec).encode(batch, 0, rates.length, NOW);
    const received = new FlowBatch({ extras: [{ name: "samplingRate", kind: "counter" }] });
    const session = codec.createSession();
    for (const packet of packets) codec.decode(inputOf(packet), received, session);
    assertEquals([...received.extra("samplingRate")!.slice(0, rates.length)], [
      ...[1, 100, 100, 1, 1000, 100, 1],
    ]);
  }
});

Deno.test("rates that are no integers are exact in IPFIX, and rounded and counted in NetFlow v9", () => {
  const rates = [2.5, 1000 / 7, 4096.25];
  const batch = v5Batch(rates.length, (row) => ({ samplingRate: rates[row] }));
  const receivedBy = (codec: TemplateCodec, lost: number): number[] => {
    const encoder = createTemplateEncoder(codec);
    const received = new FlowBatch({ extras: [{ name: "samplingRate", kind: "counter" }] });
    const session = codec.createSession();
    for (const packet of encoder.encode(batch, 0, rates.length, NOW)) {
      codec.decode(inputOf(packet), received, session);
    }
    assertEquals(encoder.lost.get("samplingRate") ?? 0, lost);
    return [...(received.extra("samplingRate") as Float64Array).slice(0, rates.length)];
  };
  assertEquals(receivedBy(createIpfixCodec(), 0), rates);
  assertEquals(receivedBy(createV9Codec(), 3), [3, 143, 4096]);
});

Deno.test("flows without a clock are of now", () => {
  const codec = createIpfixCodec();
  const batch = v5Batch(1, () => ({ unix_secs: 0, sysUpTime: 5000, first: 4000, last: 5000 }));
  const [packet] = createTemplateEncoder(codec).encode(batch, 0, 1, NOW + 250);
  const received = decodeAll(codec, [packet]);
  assertEquals(received.flow(0).first, (NOW + 250 - 1000) / 1000);
});

Deno.test("further columns of numbers become the elements of their names", () => {
  const extras = [{ name: "vlanId", kind: "u16" }, { name: "notAnElement", kind: "u32" }] as const;
  const schema = { ...V5, extras: ["vlanId", "notAnElement"] };
  const batch = new FlowBatch({ capacity: 2, extras });
  batch.append(Object.assign(Object.create(V5), schema), {
    vlanId: 77,
    notAnElement: 5,
    unix_secs: 1_700_000_000,
  });
  for (const codec of [createV9Codec(), createIpfixCodec()]) {
    const encoder = createTemplateEncoder(codec);
    const received = new FlowBatch({ extras });
    const session = codec.createSession();
    for (const packet of encoder.encode(batch, 0, 1, NOW)) {
      codec.decode(inputOf(packet), received, session);
    }
    assertEquals(received.extra("vlanId")?.[0], 77);
    assertEquals(Object.fromEntries(encoder.lost), { notAnElement: 1 });
  }
});

Deno.test("exporters are left out where they are not asked for", () => {
  const codec = createIpfixCodec();
  const batch = v5Batch(1, () => ({ exaddr: "10.1.2.3" }));
  const exaddr = (options: TemplateEncoderOptions) =>
    decodeAll(codec, createTemplateEncoder(codec, options).encode(batch, 0, 1, NOW)).flow(0).exaddr;
  assertEquals(exaddr({}), "10.1.2.3");
  assertEquals(exaddr({ exporters: false }), "0.0.0.0");
});
