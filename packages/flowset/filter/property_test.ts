/** Compiled filters against an interpreter that does what the manual says, value by value. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  FLOW_FIELDS,
  FlowBatch,
  type FlowFieldName,
  type RecordLayout,
} from "@flowtools/flow-model";
import { FT_LAYOUTS, type RecordBlock, recordBytes } from "@flowtools/ft-format";
import { parseFilterConfig } from "./filter_config.ts";
import { RecordFilter } from "./record_filter.ts";

/** One line of a primitive: its text, and whether a value fits it. */
interface Line {
  readonly text: string;
  readonly fits: (value: number) => boolean;
  /** How long a prefix it is. */
  readonly length?: number;
}

/** Which line decides, of those that fit a value. */
type Order = "first" | "last" | "longest";

/** A primitive as the interpreter knows it. */
interface Model {
  readonly type: string;
  readonly lines: readonly (Line & { readonly permits: boolean })[];
  readonly others: boolean;
  readonly order: Order;
}

type Values = Readonly<Record<string, number>>;

/** What is matched: the fields, and the number that they make. */
interface Subject {
  readonly match: string;
  readonly fields: readonly FlowFieldName[];
  readonly value: (row: Values) => number;
  readonly lines: fc.Arbitrary<Line>;
  readonly type: string;
  readonly order: Order;
}

const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");

function small(size: number): fc.Arbitrary<Line> {
  const number = fc.nat(size - 1);
  return fc.tuple(number, fc.nat(size >> 2), fc.boolean()).map(([from, more, ranged]) => {
    const to = ranged ? Math.min(size - 1, from + more) : from;
    return {
      text: ranged ? `${from}-${to}` : `${from}`,
      fits: (value) => value >= from && value <= to,
    };
  });
}

/** Few distinct addresses, so that lines meet flows and each other. */
const ADDRESS = fc.tuple(
  fc.constantFrom(0, 10, 128, 255),
  fc.nat(3),
  fc.constantFrom(0, 255),
  fc.nat(3),
)
  .map(([a, b, c, d]) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0);

const EXACT: fc.Arbitrary<Line> = ADDRESS.map((address) => ({
  text: dotted(address),
  fits: (value) => value === address,
}));

const MASKED: fc.Arbitrary<Line> = fc.tuple(
  ADDRESS,
  fc.constantFrom(0, 0xff000000, 0x00ff0000, 0xffff, 0xff0000ff, 0xffffffff),
).map(([address, mask]) => ({
  text: `${dotted((address & mask) >>> 0)} ${dotted(mask)}`,
  fits: (value) => ((value ^ address) & mask) === 0,
}));

const PREFIX: fc.Arbitrary<Line> = fc.tuple(
  ADDRESS,
  fc.constantFrom(0, 1, 7, 8, 14, 15, 16, 17, 24, 31, 32),
).map(([address, length]) => {
  const size = 2 ** (32 - length);
  const start = address - address % size;
  return {
    text: `${dotted(start)}/${length}`,
    fits: (value) => value >= start && value < start + size,
    length,
  };
});

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  lt: (value, limit) => value < limit,
  gt: (value, limit) => value > limit,
  eq: (value, limit) => value === limit,
  ne: (value, limit) => value !== limit,
  ge: (value, limit) => value >= limit,
  le: (value, limit) => value <= limit,
};

function comparing(limits: fc.Arbitrary<number>): fc.Arbitrary<Line> {
  return fc.tuple(fc.constantFrom(...Object.keys(COMPARE)), limits).map(([name, limit]) => ({
    text: `${name} ${limit}`,
    fits: (value) => COMPARE[name](value, limit),
  }));
}

const COUNTER = comparing(fc.constantFrom(0, 1, 2, 1_000, 4_294_967_295));
const SPAN = ({ first, last }: Values) => (last - first) >>> 0;

function table(match: string, field: FlowFieldName, type: string, size: number): Subject {
  const value = (row: Values) => row[field];
  return { match, fields: [field], value, lines: small(size), type, order: "last" };
}

function address(match: string, field: FlowFieldName): Subject[] {
  const value = (row: Values) => row[field];
  return [
    { match, fields: [field], value, lines: EXACT, type: "ip-address", order: "last" },
    { match, fields: [field], value, lines: MASKED, type: "ip-address-mask", order: "first" },
    { match, fields: [field], value, lines: PREFIX, type: "ip-address-prefix", order: "longest" },
  ];
}

const SUBJECTS: readonly Subject[] = [
  table("source-as", "src_as", "as", 65536),
  table("dst-as", "dst_as", "as", 65536),
  table("ip-protocol", "prot", "ip-protocol", 256),
  table("ip-tos", "tos", "ip-tos", 256),
  table("ip-marked-tos", "marked_tos", "ip-tos", 256),
  table("ip-tcp-flags", "tcp_flags", "ip-tcp-flags", 256),
  table("src-ip-port", "srcport", "ip-port", 65536),
  table("ip-destination-port", "dstport", "ip-port", 65536),
  table("input-interface", "input", "ifindex", 65536),
  table("dst-ifindex", "output", "ifindex", 65536),
  table("engine-id", "engine_id", "engine", 256),
  table("engine-type", "engine_type", "engine", 256),
  ...address("ip-source-address", "srcaddr"),
  ...address("dst-ip-addr", "dstaddr"),
  ...address("ip-exporter-address", "exaddr"),
  ...address("nexthop-ip-addr", "nexthop"),
  ...address("ip-shortcut-address", "router_sc"),
  {
    match: "flows",
    fields: ["dFlows"],
    value: (row) => row.dFlows,
    lines: COUNTER,
    type: "counter",
    order: "first",
  },
  {
    match: "octets",
    fields: ["dOctets"],
    value: (row) => row.dOctets,
    lines: COUNTER,
    type: "counter",
    order: "first",
  },
  {
    match: "packets",
    fields: ["dPkts"],
    value: (row) => row.dPkts,
    lines: COUNTER,
    type: "counter",
    order: "first",
  },
  {
    match: "extra-packets",
    fields: ["extra_pkts"],
    value: (row) => row.extra_pkts,
    lines: COUNTER,
    type: "counter",
    order: "first",
  },
  {
    match: "duration",
    fields: ["first", "last"],
    value: SPAN,
    lines: COUNTER,
    type: "counter",
    order: "first",
  },
  {
    match: "pps",
    fields: ["dPkts", "first", "last"],
    value: (row) => SPAN(row) === 0 ? 0 : row.dPkts / (SPAN(row) / 1000),
    lines: comparing(fc.double({ min: 0, max: 100, noNaN: true })),
    type: "double",
    order: "first",
  },
];

interface Match {
  readonly subject: Subject;
  readonly model: Model;
}

interface Definition {
  readonly groups: readonly (readonly Match[])[];
  readonly inverted: boolean;
}

function matchOf(layout: RecordLayout): fc.Arbitrary<Match> {
  const subjects = SUBJECTS.filter(({ fields }) => fields.every((name) => layout.schema.has(name)));
  return fc.constantFrom(...subjects).chain((subject) =>
    fc.record({
      lines: fc.array(fc.tuple(subject.lines, fc.boolean()), { minLength: 1, maxLength: 4 }),
      others: fc.boolean(),
    }).map(({ lines, others }) => ({
      subject,
      model: {
        type: subject.type,
        lines: lines.map(([line, permits]) => ({ ...line, permits })),
        others,
        order: subject.order,
      },
    }))
  );
}

function definitionOf(layout: RecordLayout): fc.Arbitrary<Definition> {
  const group = fc.array(matchOf(layout), { minLength: 1, maxLength: 3 });
  return fc.record({
    groups: fc.array(group, { minLength: 1, maxLength: 3 }),
    inverted: fc.boolean(),
  });
}

function configText({ groups, inverted }: Definition): string {
  const text: string[] = [];
  const definition = ["filter-definition d"];
  for (const [index, group] of groups.entries()) {
    if (index > 0) definition.push("or");
    for (const { subject, model } of group) {
      const name = `P${text.length}`;
      const lines = model.lines.map((line) => `${line.permits ? "permit" : "deny"} ${line.text}`);
      const others = `default ${model.others ? "permit" : "deny"}`;
      text.push(`filter-primitive ${name}\ntype ${model.type}\n${lines.join("\n")}\n${others}`);
      definition.push(`match ${subject.match} ${name}`);
    }
  }
  if (inverted) definition.push("invert");
  return [...text, ...definition].join("\n");
}

function permits({ lines, others, order }: Model, value: number): boolean {
  const fitting = lines.filter((line) => line.fits(value));
  if (order === "longest") fitting.sort((a, b) => b.length! - a.length!);
  return (order === "last" ? fitting.at(-1) : fitting[0])?.permits ?? others;
}

function interpret({ groups, inverted }: Definition, row: Values): boolean {
  const passes = groups.some((group) =>
    group.every(({ subject, model }) => permits(model, subject.value(row)))
  );
  return passes !== inverted;
}

const VALUE = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 6, 17, 80, 1_000, 0xffff),
  fc.nat(0xffffffff),
);

/** Random flows of a layout, stored as records. */
function recordsOf(layout: RecordLayout): fc.Arbitrary<RecordBlock> {
  const fields = FLOW_FIELDS.filter(({ name }) => layout.schema.has(name));
  const widths = new Map(layout.rows.map((row) => [row.field, row.width]));
  const row = fc.tuple(...fields.map((field) => {
    const width = widths.get(FLOW_FIELDS.indexOf(field)) ?? 4;
    const values = field.kind === "address" || field.name === "router_sc" ? ADDRESS : VALUE;
    return values.map((value) => value % 2 ** (8 * width));
  })).map((values) => Object.fromEntries(values.map((value, at) => [fields[at].name, value])));
  return fc.record({
    rows: fc.array(row, { minLength: 1, maxLength: 40 }),
    littleEndian: fc.boolean(),
    lead: fc.nat(5),
  }).map(({ rows, littleEndian, lead }) => {
    const batch = new FlowBatch({ capacity: rows.length });
    for (const values of rows) batch.append(layout.schema, values);
    const view = new DataView(new ArrayBuffer(lead + rows.length * layout.size));
    batch.storeRecords(layout, 0, rows.length, view, lead, littleEndian);
    return { layout, view, offset: lead, count: rows.length, littleEndian };
  });
}

/** The records that the interpreter picks, one behind the other. */
function pickNaively(definition: Definition, block: RecordBlock): number[] {
  const { layout, view, offset, count, littleEndian } = block;
  const batch = new FlowBatch({ capacity: count });
  batch.appendRecords(layout, view, offset, count, littleEndian);
  const bytes = recordBytes(block);
  return Array.from({ length: count }, (_, index) => index).filter((index) => {
    const values = layout.schema.fields.map((name) => [name, batch.column(name)[index]]);
    return interpret(definition, Object.fromEntries(values));
  }).flatMap((index) => [...bytes.subarray(index * layout.size, (index + 1) * layout.size)]);
}

for (
  const layout of FT_LAYOUTS.filter(({ shared }) => shared === undefined || shared.length === 0)
) {
  Deno.test(`compiled filters agree with the interpreter on ${layout.schema.label} records`, () => {
    const cases = fc.tuple(definitionOf(layout), recordsOf(layout));
    fc.assert(
      fc.property(cases, ([definition, block]) => {
        const filter = new RecordFilter(parseFilterConfig(configText(definition)).filter("d"));
        const passed = filter.select(block);
        const bytes = passed === undefined ? [] : [...recordBytes(passed)];
        assertEquals(bytes, pickNaively(definition, block));
      }),
      { numRuns: 60 },
    );
  });
}
