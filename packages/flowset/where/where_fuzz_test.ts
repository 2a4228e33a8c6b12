/** Whatever the text: an expression, or a WhereError that knows its place; and in bounded time. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { findFtLayout } from "@flowtools/ft-format";
import { createElementRegistry, readerOf, Template } from "@flowtools/netflow-pdu";
import { WHERE_CONDITIONS_MAX, WHERE_DEPTH_MAX, WHERE_LENGTH_MAX } from "../limits.ts";
import { parseFilterConfig } from "../filter/filter_config.ts";
import { PacketSessions } from "../packets/packet_sessions.ts";
import { compileWhere } from "./compile_where.ts";
import { SUBJECT_WORDS } from "./subject_table.ts";
import { WhereError } from "./where_error.ts";

const FILTERS = parseFilterConfig(`
filter-primitive WEB
  type ip-port
  permit 80,443
filter-definition web
  match ip-destination-port WEB
`);

/** A record of a template: interface, VRF, MAC address, moment, truth, address, text. */
const RECORD = new Uint8Array(51).fill(1);
const NAMES = [
  ...["ingressInterface", "ingressVRFID", "sourceMacAddress", "flowStartNanoseconds"],
  ...["dataRecordsReliability", "postNATSourceIPv4Address", "httpRequestHost", "applicationId"],
];
const LENGTHS = [4, 4, 6, 8, 1, 4, 20, 4];
const ELEMENTS = createElementRegistry();
const FIELDS = NAMES.map((name, at) => {
  const element = ELEMENTS.findName(name)!;
  return { ...element, element, length: LENGTHS[at], scope: false };
});
const TEMPLATE_SCHEMA = new FlowSchema({
  version: 10,
  fields: ["input"],
  extras: NAMES.slice(1),
  reader: readerOf(new Template(256, FIELDS)),
});

const BATCH = new FlowBatch({ capacity: 5, octets: true });
for (const label of [1, 5]) {
  const { schema } = findFtLayout(label)!;
  BATCH.append(schema, { srcaddr: "10.0.0.1", prot: 6, dstport: 443, dOctets: 1e6, tcp_flags: 2 });
  BATCH.append(schema, { srcaddr: "2001:db8::1", prot: 17, srcport: 53, first: 9, last: 8 });
}

/** A flow with elements, and one that lacks them. */
const SESSIONS = new PacketSessions();
BATCH.append(TEMPLATE_SCHEMA, { input: 3 });
BATCH.octets!.store(4, 1, new DataView(RECORD.buffer), 0, RECORD.length);

const OPTIONS = {
  filters: FILTERS,
  timeZone: "Europe/Berlin",
  nowMs: 1e12,
  registry: ELEMENTS,
  exporterNames: true,
} as const;

/** Pieces that mean something, or nearly. */
const PIECES = [
  ...SUBJECT_WORDS,
  ...["src", "dst", "in", "out", "and", "or", "not", "&&", "||", "!", "(", ")", "[", "]", ","],
  ...["=", "==", "!=", ">", "<", ">=", "<=", "..", "-", "eq", "lt", "filter web", "filter x", "#"],
  ...["80", "443", "70000", "-1", "1.5k", "10Ki", "0x1f", "80-90", "90-80", "1e9", "99999999999"],
  ...["10.0.0.0/8", "10/8", "10.0.0.1", "10.0.0.0/33", "::", "2001:db8::/32", "::/129", "1:2:::3"],
  ...["255.0.0.0", "10.0.0.1-10.0.0.9", "S", "AF", "S/SA", "S/S/S", "tcp", "http", "ef", "8.1"],
  ...["2024-05-01", "2024-05-01T12:00", "12:00:00", "2024-02-30", "now", "-1h", "today-1d12h"],
  ...[
    "ingressVRFID",
    "applicationId",
    "httpRequestHost",
    "sourceMacAddress",
    "9.1",
    "0x0d",
    "true",
  ],
  ...["flowStartNanoseconds", "dataRecordsReliability", "postNATSourceIPv4Address", "Gi0/1", '"7"'],
  ...["now-999999999999999999999w", "1s", "5m", '"', "'", '"a b"', "é", "\u{1f600}", "\0", "\n"],
];

function judge(text: string): void {
  try {
    const where = compileWhere(text, OPTIONS);
    const rows = new Uint32Array(BATCH.length);
    const count = where.select(BATCH, rows, SESSIONS);
    const picked = [...rows.subarray(0, count)];
    assertEquals(picked, [...new Set(picked)].toSorted((a, b) => a - b), text);
    assert(where.explain().length > 0);
  } catch (error) {
    assertInstanceOf(error, WhereError, `${JSON.stringify(text)}: ${error}`);
    const { offset, line, column, got, expected } = error;
    assert(offset >= 0 && offset <= text.length, text);
    assertEquals(text.slice(0, offset).split("\n").length, line);
    assertEquals(offset - (text.lastIndexOf("\n", offset - 1) + 1) + 1, column, text);
    assertEquals(text.slice(offset, offset + got.length), got);
    assert(expected !== "");
    assertEquals(error.message.split("\n").length, 3, error.message);
    assert(/^ +\^+$/.test(error.message.split("\n")[2]), error.message);
  }
}

Deno.test("where answers random pieces of its language with a WhereError or an expression", () => {
  const text = fc.array(
    fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(" ", " ", " ", "")),
    { maxLength: 14 },
  ).map((parts) => parts.flat().join(""));
  fc.assert(fc.property(text, judge), { numRuns: 6_000 });
});

Deno.test("where answers random characters with a WhereError or an expression", () => {
  fc.assert(fc.property(fc.string({ maxLength: 60, unit: "binary" }), judge), { numRuns: 1_500 });
});

Deno.test("where answers mutated expressions with a WhereError or an expression", () => {
  const whole = "src net 10.0.0.0/8 and dst port in [80 443] and octets > 10k and not proto icmp " +
    "or (first >= 2024-05-01 12:00:00 and flags S/SA) || filter web && duration 1s-2m";
  const edits = fc.array(fc.tuple(fc.nat(whole.length), fc.nat(6), fc.string({ maxLength: 3 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(edits, (list) => {
      let text = whole;
      for (const [at, length, put] of list) {
        text = text.slice(0, at) + put + text.slice(at + length);
      }
      judge(text);
    }),
    { numRuns: 2_000 },
  );
});

function limitCode(text: string): string | undefined {
  try {
    compileWhere(text);
    return undefined;
  } catch (error) {
    assertInstanceOf(error, WhereError);
    return error.code;
  }
}

Deno.test("where has a limit on depth, conditions and length, and works up to each", () => {
  const deep = (levels: number) => `${"(".repeat(levels)}any${")".repeat(levels)}`;
  const negated = (levels: number) => `${"not ".repeat(levels)}any`;
  const many = (conditions: number) => new Array(conditions).fill("port 80").join(" or ");
  const long = (characters: number) => "any".padEnd(characters, " ");
  for (
    const [make, limit] of [
      [deep, WHERE_DEPTH_MAX],
      [negated, WHERE_DEPTH_MAX],
      [many, WHERE_CONDITIONS_MAX],
      [long, WHERE_LENGTH_MAX],
    ] as const
  ) {
    assertEquals(limitCode(make(limit)), undefined, make.name);
    assertEquals(limitCode(make(limit + 1)), "where-limit", make.name);
  }
  assertEquals(limitCode("(".repeat(200_000)), "where-limit");
  assertEquals(limitCode("!".repeat(200_000)), "where-limit");
  assertEquals(limitCode("[".repeat(200_000)), "where-syntax");
  assertEquals(limitCode("1h".repeat(100_000)), "where-word");
});

Deno.test("where takes lists of ten thousand addresses of both families", () => {
  const texts = Array.from(
    { length: 5_000 },
    (_, index) => `10.${index >> 8}.${index & 255}.1 2001:db8:${index.toString(16)}::/48`,
  );
  const where = compileWhere(`src ip in [${texts.join(" ")}]`);
  const { schema } = findFtLayout(5)!;
  const batch = new FlowBatch({ capacity: 4 });
  for (const srcaddr of ["10.19.135.1", "10.19.136.1", "2001:db8:1387::9", "2001:db8:1388::"]) {
    batch.append(schema, { srcaddr });
  }
  const rows = new Uint32Array(4);
  assertEquals([...rows.subarray(0, where.select(batch, rows))], [0, 2]);
});
