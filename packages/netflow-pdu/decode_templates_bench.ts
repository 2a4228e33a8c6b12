/**
 * How fast packets with templates become columns. A "flow" here is one record of a packet of 24; the
 * figure to look at is 1 / (time per iteration) × 24 × 256 flows.
 */
import { FlowBatch, SAMPLING_COLUMN } from "@flowtools/flow-model";
import type { PduInput } from "./codec.ts";
import { createIpfixCodec } from "./codecs/ipfix.ts";
import { createV9Codec } from "./codecs/v9.ts";
import { decodePduAt } from "./decode_pdu.ts";
import { createPduRegistry } from "./registry.ts";
import { VARIABLE_LENGTH } from "./templates/template.ts";

const PACKETS = 256;
const RECORDS = 24;
const TEMPLATE = 256;

/** Elements and their octets, as routers send them. */
const V9_FIELDS = [
  [8, 4],
  [12, 4],
  [15, 4],
  [10, 4],
  [14, 4],
  [2, 4],
  [1, 4],
  [22, 4],
  [21, 4],
  [7, 2],
  [11, 2],
  [6, 1],
  [4, 1],
  [5, 1],
  [9, 1],
  [13, 1],
  [16, 4],
  [17, 4],
  [61, 1],
  [48, 1],
] as const;

/** The same with counters of 64 bits and moments. */
const IPFIX_FIELDS = V9_FIELDS.map(([id, length]) =>
  id === 1 || id === 2 ? [id, 8] : id === 22 ? [152, 8] : id === 21 ? [153, 8] : [id, length]
);

/** The same with a name of variable length in each record. */
const VARIABLE_FIELDS = [...IPFIX_FIELDS.slice(0, -1), [96, VARIABLE_LENGTH]];

/** The octets of a set. */
function set(id: number, body: readonly number[]): number[] {
  return [...word(id), ...word(body.length + 4), ...body];
}

function word(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function long(value: number): number[] {
  return [...word(value >>> 16), ...word(value & 0xffff)];
}

function packet(version: 9 | 10, sequence: number, sets: readonly number[]): number[] {
  return version === 9
    ? [
      ...word(9),
      ...word(RECORDS),
      ...long(1e6),
      ...long(1.7e9),
      ...long(sequence),
      ...long(1),
      ...sets,
    ]
    : [
      ...word(10),
      ...word(16 + sets.length),
      ...long(1.7e9),
      ...long(sequence),
      ...long(1),
      ...sets,
    ];
}

function templatePacket(version: 9 | 10, fields: readonly (readonly number[])[]): number[] {
  const body = [...word(TEMPLATE), ...word(fields.length), ...fields.flat().flatMap(word)];
  return packet(version, 0, set(version === 9 ? 0 : 2, body));
}

function dataPacket(
  version: 9 | 10,
  sequence: number,
  fields: readonly (readonly number[])[],
): number[] {
  const body: number[] = [];
  for (let record = 0; record < RECORDS; record++) {
    for (const [id, length] of fields) {
      if (length === VARIABLE_LENGTH) body.push(5, 0x68, 0x74, 0x74, 0x70, 0x73);
      else if (id === 152 || id === 153) {
        body.push(...long(Math.floor(1.7e12 / 2 ** 32)), ...long(1.7e12 % 2 ** 32));
      } else {
        for (let i = 0; i < length; i++) {
          body.push(i < length - 2 ? 0 : (sequence * 31 + record + i) & 0xff);
        }
      }
    }
  }
  return packet(version, sequence * RECORDS, set(TEMPLATE, body));
}

/** Decodes packets of one exporter, all of one template. */
function benchmark(name: string, version: 9 | 10, fields: readonly (readonly number[])[]): void {
  const codec = version === 9 ? createV9Codec() : createIpfixCodec();
  const registry = createPduRegistry([codec]);
  const session = codec.createSession();
  const inputOf = (octets: readonly number[]): PduInput => ({
    view: new DataView(Uint8Array.from(octets).buffer),
    offset: 0,
    length: octets.length,
    exporter: 0x0a000001,
    receivedAt: 1.7e12,
  });
  const inputs = Array.from(
    { length: PACKETS },
    (_, number) => inputOf(dataPacket(version, number, fields)),
  );
  decodePduAt(registry, inputOf(templatePacket(version, fields)), undefined, session);
  const columns = [
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "prot",
    "dPkts",
    "dOctets",
    "first",
  ] as const;
  const run = (kind: string, batch: FlowBatch) =>
    Deno.bench(`${name}, 256 packets × 24 records, ${kind}`, () => {
      batch.reset();
      for (const input of inputs) {
        const { rows } = decodePduAt(registry, input, batch, session);
        if (rows !== RECORDS) throw new Error(`${rows} rows, expected ${RECORDS}`);
      }
    });
  run("8 columns", new FlowBatch({ columns }));
  run(
    "8 columns and sampling",
    new FlowBatch({ columns, extras: [{ name: SAMPLING_COLUMN, kind: "u32" }] }),
  );
  run("all columns", new FlowBatch());
  run("all columns and octets", new FlowBatch({ octets: true }));
}

benchmark("v9, 20 fields", 9, V9_FIELDS);
benchmark("IPFIX, 20 fields", 10, IPFIX_FIELDS);
benchmark("IPFIX, 20 fields, one of variable length", 10, VARIABLE_FIELDS);
