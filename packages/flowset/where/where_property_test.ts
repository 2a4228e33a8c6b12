/**
 * Compiled expressions against an interpreter that asks flow by flow, by the attributes of flows
 * and the rules of docs/WHERE.md, on random flows of every version, IPv6 and mixed ones too.
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ColumnSpec,
  type Flow,
  FLOW_FIELDS,
  FlowBatch,
  type FlowField,
  FlowSchema,
} from "@flowtools/flow-model";
import { FT_LAYOUTS } from "@flowtools/ft-format";
import { compileWhere } from "./compile_where.ts";

/** An expression and its meaning. */
interface Model {
  readonly text: string;
  readonly passes: (flow: Flow) => boolean;
  /** How tightly it binds: an or 0, an and 1, a not 2, a condition 3. */
  readonly rank: number;
}

type Read = (flow: Flow) => number | undefined;

const pick = fc.constantFrom<string[]>;
const condition = (text: string, passes: (flow: Flow) => boolean): Model => ({
  text,
  passes,
  rank: 3,
});

// Numbers

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  "": (value, limit) => value === limit,
  "=": (value, limit) => value === limit,
  "==": (value, limit) => value === limit,
  "eq": (value, limit) => value === limit,
  ">": (value, limit) => value > limit,
  "gt": (value, limit) => value > limit,
  "<": (value, limit) => value < limit,
  "lt": (value, limit) => value < limit,
  ">=": (value, limit) => value >= limit,
  "ge": (value, limit) => value >= limit,
  "<=": (value, limit) => value <= limit,
  "le": (value, limit) => value <= limit,
};

/** Sides: what is read of them, and whether all have to pass. */
interface Sides {
  readonly text: string;
  readonly reads: readonly number[];
  readonly all: boolean;
}

const SIDES: readonly Sides[] = [
  { text: "", reads: [0, 1], all: false },
  { text: "src ", reads: [0], all: false },
  { text: "dst ", reads: [1], all: false },
  { text: "source or dest ", reads: [0, 1], all: false },
  { text: "dst || src ", reads: [0, 1], all: false },
  { text: "src and dst ", reads: [0, 1], all: true },
  { text: "DST && SRC ", reads: [0, 1], all: true },
];

const INTERFACE_SIDES: readonly Sides[] = [
  { text: "", reads: [0, 1], all: false },
  { text: "in ", reads: [0], all: false },
  { text: "out ", reads: [1], all: false },
  { text: "in and out ", reads: [0, 1], all: true },
];

const ONE: readonly Sides[] = [{ text: "", reads: [0], all: false }];

/** A number as it is written, and what it is. */
interface Literal {
  readonly text: string;
  readonly value: number;
}

const plain = (...values: number[]): fc.Arbitrary<Literal> =>
  fc.constantFrom(...values).map((value) => ({ text: String(value), value }));

const literals = (...texts: readonly (readonly [string, number])[]): fc.Arbitrary<Literal> =>
  fc.constantFrom(...texts).map(([text, value]) => ({ text, value }));

/** Names may have dashes, so that only numbers are joined by one without blanks. */
const dashOf = (dash: string, low: Literal, high: Literal) =>
  dash === "-" && !/^\d.* \d/.test(`${low.text} ${high.text}`) ? ".." : dash;

function numbers(
  words: readonly string[],
  reads: readonly Read[],
  literal: fc.Arbitrary<Literal>,
  sides: readonly Sides[] = ONE,
): fc.Arbitrary<Model> {
  const subject = fc.tuple(fc.constantFrom(...sides), fc.constantFrom(...words));
  const make = (head: string, side: Sides, tail: string, fits: (value: number) => boolean) =>
    condition(`${side.text}${head} ${tail}`, (flow) => {
      const each = side.reads.map((index) => reads[index](flow))
        .map((value) => value !== undefined && fits(value));
      return side.all ? each.every(Boolean) : each.some(Boolean);
    });
  const compared = fc.tuple(subject, pick(...Object.keys(COMPARE)), literal)
    .map(([[side, word], sign, { text, value: limit }]) =>
      make(word, side, `${sign} ${text}`, (value) => COMPARE[sign](value, limit))
    );
  const unequal = fc.tuple(subject, pick("!=", "ne"), literal)
    .map(([[side, word], sign, { text, value: limit }]) => {
      const equal = make(word, side, "", (value) => value === limit);
      return condition(`${side.text}${word} ${sign} ${text}`, (flow) => !equal.passes(flow));
    });
  const range = fc.tuple(literal, literal).map(([a, b]) => a.value <= b.value ? [a, b] : [b, a]);
  const listed = fc.tuple(
    subject,
    fc.array(fc.oneof(literal.map((one) => [one, one]), range), { minLength: 1, maxLength: 4 }),
    pick("in [", "[", "= [", "not in ["),
    pick(" ", ", ", ",\n"),
    pick("..", "-", " - "),
  ).map(([[side, word], items, open, separator, dash]) => {
    const texts = items.map(([low, high]) =>
      low === high ? low.text : low.text + dashOf(dash, low, high) + high.text
    );
    const inside = (value: number) =>
      items.some(([low, high]) => value >= low.value && value <= high.value);
    const model = make(word, side, `${open}${texts.join(separator)}]`, inside);
    return open.startsWith("not") ? condition(model.text, (flow) => !model.passes(flow)) : model;
  });
  return fc.oneof(compared, unequal, listed);
}

// Addresses

/** An address as an integer with its family in front, which is how the interpreter orders them. */
function addressOf(text: string): bigint {
  if (!text.includes(":")) {
    return text.split(".").reduce((sum, octet) => sum * 256n + BigInt(octet), 4n);
  }
  const [head, tail] = text.split("::");
  const groups = (part: string | undefined) => part ? part.split(":") : [];
  const [left, right] = [groups(head), groups(tail)];
  const zeros = new Array(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].reduce(
    (sum, group) => sum * 65536n + BigInt(`0x${group}`),
    6n,
  );
}

const ADDRESSES = [
  "10.0.0.0",
  "10.0.0.1",
  "10.0.255.255",
  "10.1.0.0",
  "128.0.0.1",
  "255.255.255.255",
  "0.0.0.0",
  "2001:db8::",
  "2001:db8::1",
  "2001:db8:0:1::",
  "2001:db9::1",
  "::",
  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

/** Addresses from one to another, as they are written. */
const ADDRESS_ITEM = fc.oneof(
  pick(...ADDRESSES).map((text) => ({ text, low: addressOf(text), high: addressOf(text) })),
  fc.tuple(pick(...ADDRESSES), fc.constantFrom(0, 1, 8, 15, 16, 17, 24, 31, 32, 33, 48, 64, 127))
    .filter(([text, length]) => text.includes(":") || length <= 32)
    .map(([text, length]) => {
      const rest = (1n << BigInt((text.includes(":") ? 128 : 32) - length)) - 1n;
      const address = addressOf(text);
      return { text: `${text}/${length}`, low: address & ~rest, high: address | rest };
    }),
  fc.tuple(pick(...ADDRESSES), pick(...ADDRESSES), pick("-", ".."))
    .filter(([a, b]) => a.includes(":") === b.includes(":") && addressOf(a) <= addressOf(b))
    .map(([a, b, dash]) => ({ text: a + dash + b, low: addressOf(a), high: addressOf(b) })),
  fc.constant({
    text: "10.0.0.9/255.255.0.0",
    low: addressOf("10.0.0.0"),
    high: addressOf("10.0.255.255"),
  }),
  fc.constant({ text: "10/8", low: addressOf("10.0.0.0"), high: addressOf("10.255.255.255") }),
);

function addresses(
  words: readonly string[],
  reads: readonly ((flow: Flow) => string | undefined)[],
  sides: readonly Sides[] = ONE,
): fc.Arbitrary<Model> {
  return fc.tuple(
    fc.constantFrom(...sides),
    fc.constantFrom(...words),
    fc.array(ADDRESS_ITEM, { minLength: 1, maxLength: 4 }),
    fc.boolean(),
  ).map(([side, word, items, inverted]) => {
    const one = items.length === 1;
    const values = items.map(({ text }) => text).join(" ");
    const sign = inverted ? (one ? "!= " : "not in ") : one ? "" : "in ";
    return condition(
      `${side.text}${word} ${sign}${one ? values : `[${values}]`}`,
      (flow) => {
        const each = side.reads.map((index) => reads[index](flow)).map((text) => {
          if (text === undefined) return false;
          const address = addressOf(text);
          return items.some(({ low, high }) => address >= low && address <= high);
        });
        return (side.all ? each.every(Boolean) : each.some(Boolean)) !== inverted;
      },
    );
  });
}

// The rest

const FLAG_BITS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64 };
const FLAG_LETTERS = fc.uniqueArray(pick(...Object.keys(FLAG_BITS)), {
  minLength: 1,
  maxLength: 3,
});
const bitsOf = (letters: readonly string[]) =>
  letters.reduce((sum, letter) => sum + FLAG_BITS[letter], 0);

const FLAGS: fc.Arbitrary<Model> = fc.tuple(FLAG_LETTERS, pick("all", "exactly", "masked"))
  .map(([letters, mode]) => {
    const text = letters.join("");
    const bits = bitsOf(letters);
    const first = FLAG_BITS[letters[0]];
    const [written, fits] = ({
      all: [`flags ${text}`, (flags: number) => (flags & bits) === bits],
      exactly: [`flags = ${text}`, (flags: number) => flags === bits],
      masked: [`tcp flags ${letters[0]}/${text}`, (flags: number) => (flags & bits) === first],
    } as const)[mode as "all" | "exactly" | "masked"];
    return condition(
      written,
      (flow) => flow.prot === 6 && flow.tcp_flags !== undefined && fits(flow.tcp_flags),
    );
  });

const WIRE_TIME = 1_700_000_000;
const isoOf = (secs: number) => new Date(secs * 1000).toISOString().slice(0, 19);
const MOMENTS = fc.constantFrom(-7200, -10, 0, 1, 3600).chain((shift) => {
  const secs = WIRE_TIME + shift;
  return fc.constantFrom(isoOf(secs) + ".000", isoOf(secs).replace("T", " ") + ".000", `${secs}.0`)
    .map((text): Literal => ({ text, value: secs * 1000 }));
});

const perSecond = (amount: number | undefined, flow: Flow): number | undefined => {
  const ms = spanOf(flow);
  if (amount === undefined || ms === undefined) return undefined;
  return ms > 0 ? amount * 1000 / ms : 0;
};

function spanOf(flow: Flow): number | undefined {
  const { first_raw: first, last_raw: last } = flow;
  if (first === undefined || last === undefined) return undefined;
  return last - first < -(2 ** 31) ? last - first + 2 ** 32 : last - first;
}

const SIZES = literals(["0", 0], ["1", 1], ["1k", 1000], ["1.5K", 1500], ["64Ki", 65536], [
  "4G",
  4e9,
], ["0xffff", 65535]);
const PORTS = plain(0, 1, 2, 3, 6, 17, 80, 443, 1000, 65535);
const SMALL = plain(0, 1, 2, 3, 6, 17, 80, 255);
const WIDE = plain(0, 1, 80, 65535, 65536, 4294967295);

const isIcmp = (flow: Flow) => flow.prot === 1 || flow.prot === 58;

const CONDITION: fc.Arbitrary<Model> = fc.oneof(
  fc.constant(condition("any", () => true)),
  addresses(["ip", "host", "net"], [({ srcaddr }) => srcaddr, ({ dstaddr }) => dstaddr], SIDES),
  addresses(["srcaddr"], [({ srcaddr }) => srcaddr]),
  addresses(["next hop", "nexthop"], [({ nexthop }) => nexthop]),
  addresses(["exporter", "router ip", "exaddr"], [({ exaddr }) => exaddr]),
  addresses(["peer-next-hop"], [({ peer_nexthop }) => peer_nexthop]),
  numbers(["port"], [({ srcport }) => srcport, ({ dstport }) => dstport], PORTS, SIDES),
  numbers(["dstport", "dst_port"], [({ dstport }) => dstport], PORTS),
  numbers(
    ["proto"],
    [({ prot }) => prot],
    fc.oneof(SMALL, literals(["tcp", 6], ["UDP", 17], ["icmp", 1])),
  ),
  numbers(["as"], [({ src_as }) => src_as, ({ dst_as }) => dst_as], WIDE, SIDES),
  numbers(
    ["mask"],
    [({ src_mask }) => src_mask, ({ dst_mask }) => dst_mask],
    SMALL.filter(
      ({ value }) => value <= 128,
    ),
    SIDES,
  ),
  numbers(["tag"], [({ src_tag }) => src_tag, ({ dst_tag }) => dst_tag], WIDE, SIDES),
  numbers(
    ["if", "interface"],
    [({ input }) => input, ({ output }) => output],
    WIDE,
    INTERFACE_SIDES,
  ),
  numbers(["tos"], [({ tos }) => tos], SMALL),
  numbers(
    ["dscp"],
    [({ tos }) => tos === undefined ? undefined : Math.floor(tos / 4)],
    literals(["0", 0], ["ef", 46], ["AF11", 10], ["63", 63], ["20", 20]),
  ),
  numbers(["ecn"], [({ tos }) => tos === undefined ? undefined : tos % 4], plain(0, 1, 2, 3)),
  numbers(["engine", "engine id"], [({ engine_id }) => engine_id], SMALL),
  numbers(["engine-type"], [({ engine_type }) => engine_type], SMALL),
  numbers(["packets", "dPkts"], [({ dPkts }) => dPkts], SIZES),
  numbers(["octets", "bytes", "doctets"], [({ dOctets }) => dOctets], SIZES),
  numbers(["flows"], [({ dFlows }) => dFlows ?? 1], SIZES),
  numbers(["extra_pkts"], [({ extra_pkts }) => extra_pkts], SIZES),
  numbers(["marked tos"], [({ marked_tos }) => marked_tos], SMALL),
  numbers(["sysUpTime"], [({ sysUpTime }) => sysUpTime], WIDE),
  numbers(
    ["duration"],
    [spanOf],
    literals(["0", 0], ["1", 1], ["1ms", 1], ["1s", 1000], ["1.5m", 90_000], ["1h", 3_600_000]),
  ),
  numbers(["bps"], [
    (flow) => perSecond(flow.dOctets === undefined ? undefined : flow.dOctets * 8, flow),
  ], SIZES),
  numbers(["pps"], [(flow) => perSecond(flow.dPkts, flow)], SIZES),
  numbers(["bpp"], [({ dOctets, dPkts }) => {
    if (dOctets === undefined || dPkts === undefined) return undefined;
    return dPkts === 0 ? 0 : dOctets / dPkts;
  }], SIZES),
  // A range of times has two dots.
  fc.tuple(pick("first", "last"), pick(...Object.keys(COMPARE)), MOMENTS).map(
    ([stamp, sign, { text, value: limit }]) =>
      condition(`${stamp} ${sign} ${text}`, (flow) => {
        const secs = stamp === "first" ? flow.first : flow.last;
        return secs !== undefined && COMPARE[sign](Math.round(secs * 1000), limit);
      }),
  ),
  FLAGS,
  numbers(["icmp type"], [
    (flow) =>
      isIcmp(flow) && flow.dstport !== undefined ? Math.floor(flow.dstport / 256) : undefined,
  ], SMALL),
  numbers(["icmp-code"], [
    (flow) => isIcmp(flow) && flow.dstport !== undefined ? flow.dstport % 256 : undefined,
  ], SMALL),
  pick("tcp", "udp", "icmp").map((text) =>
    condition(text, ({ prot }) => prot === { tcp: 6, udp: 17, icmp: 1 }[text])
  ),
  pick("ipv4", "ipv6", "inet", "inet6").map((text) =>
    condition(text, ({ srcaddr, dstaddr }) => {
      if (srcaddr === undefined && dstaddr === undefined) return false;
      const wide = Boolean(srcaddr?.includes(":") || dstaddr?.includes(":"));
      return wide === text.endsWith("6");
    })
  ),
  pick("5", "v1", "8", "8.1", "v8.14", "1005", "10").map((text) =>
    condition(`version ${text}`, ({ schema }) => {
      const wanted = text.replace("v", "");
      return schema.label === `v${wanted}` || String(schema.version) === wanted;
    })
  ),
  numbers(["samplerId"], [
    (flow) => flow.schema.has("samplerId") ? flow.get("samplerId") as number : undefined,
  ], SMALL),
  pick(`"eth0"`, "0x65746831").map((text) =>
    condition(`interfaceName = ${text}`, (flow) => {
      if (!flow.schema.has("interfaceName")) return false;
      const name = new TextDecoder().decode(flow.get("interfaceName") as Uint8Array);
      return name.replace(/\0+$/, "") === (text.startsWith("0x") ? "eth1" : "eth0");
    })
  ),
);

// Joined

const within = (rank: number, { text, rank: own }: Model, extra: boolean) =>
  own < rank || extra ? `(${text})` : text;

const { expression: EXPRESSION } = fc.letrec<{ expression: Model }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    CONDITION,
    fc.tuple(tie("expression"), pick("not ", "!", "NOT ", "! "), fc.boolean()).map(
      ([part, word, extra]): Model => ({
        text: word + within(2, part, extra),
        passes: (flow) => !part.passes(flow),
        rank: 2,
      }),
    ),
    fc.tuple(
      fc.array(tie("expression"), { minLength: 2, maxLength: 3 }),
      pick(" and ", " && ", "\nAND # both\n"),
      fc.boolean(),
    ).map(([parts, word, extra]): Model => ({
      text: parts.map((part) => within(1, part, extra)).join(word),
      passes: (flow) => parts.every((part) => part.passes(flow)),
      rank: 1,
    })),
    fc.tuple(
      fc.array(tie("expression"), { minLength: 2, maxLength: 3 }),
      pick(" or ", " || ", "\n  or "),
      fc.boolean(),
    ).map(([parts, word, extra]): Model => ({
      text: parts.map((part) => within(0, part, extra)).join(word),
      passes: (flow) => parts.some((part) => part.passes(flow)),
      rank: 0,
    })),
  ),
}));

// Flows

const ELEMENTS: readonly ColumnSpec[] = [
  { name: "samplerId", kind: "u32" },
  { name: "interfaceName", kind: "bytes" },
];

const RICH = new FlowSchema({
  version: 10,
  fields: FLOW_FIELDS.map(({ name }) => name).filter((name) => name !== "router_sc"),
  extras: ELEMENTS.map(({ name }) => name),
});

const CLASSIC = FT_LAYOUTS.map(({ schema }) => schema);

function valueOf({ name, kind }: FlowField, wide: boolean): fc.Arbitrary<number | string> {
  if (kind === "address") {
    const narrow = ADDRESSES.filter((text) => !text.includes(":"));
    return pick(...(wide ? ADDRESSES : narrow));
  }
  const max = { u8: 0xff, u16: 0xffff, u32: 0xffffffff, counter: 2 ** 40, bytes: 0 }[kind];
  if (name === "unix_secs") return fc.nat(20).map((more) => WIRE_TIME + more);
  if (name === "prot") return fc.constantFrom(1, 6, 6, 17, 58, 255);
  const near = fc.constantFrom(0, 1, 2, 3, 17, 80, 255, 443, 1000, 1500, 65535, 65536, 4294967295);
  return fc.oneof(
    near.map((value) => Math.min(value, max)),
    fc.nat({ max: Math.min(max, 0x7fffffff) }),
  );
}

function rowOf(schema: FlowSchema): fc.Arbitrary<readonly [FlowSchema, Record<string, unknown>]> {
  const wide = schema === RICH;
  const fields = FLOW_FIELDS.filter(({ name }) => schema.has(name));
  return fc.record({
    ...Object.fromEntries(fields.map((field) => [field.name, valueOf(field, wide)])),
    samplerId: fc.constantFrom(0, 1, 2),
    interfaceName: pick("eth0", "eth1\0\0", "eth0.7").map((text) => new TextEncoder().encode(text)),
  }).map((values) => [schema, values] as const);
}

function batchOf(schemas: readonly FlowSchema[]): fc.Arbitrary<FlowBatch> {
  const row = fc.constantFrom(...schemas).chain(rowOf);
  return fc.array(row, { minLength: 1, maxLength: 30 }).map((rows) => {
    const extras = schemas.includes(RICH) ? ELEMENTS : [];
    const batch = new FlowBatch({ capacity: rows.length + 3, extras });
    for (const [schema, values] of rows) {
      batch.append(schema, values as Record<string, number | string | Uint8Array>);
    }
    return batch;
  });
}

function compare(schemas: readonly FlowSchema[], numRuns: number): void {
  let passed = 0;
  let asked = 0;
  fc.assert(
    fc.property(EXPRESSION, batchOf(schemas), (model, batch) => {
      const where = compileWhere(model.text, { timeZone: "UTC", elements: ELEMENTS });
      const rows = new Uint32Array(batch.length);
      const count = where.select(batch, rows);
      const naive = [...batch].flatMap((flow, row) => model.passes(flow) ? [row] : []);
      assertEquals([...rows.subarray(0, count)], naive, model.text);
      passed += count;
      asked += batch.length;
    }),
    { numRuns },
  );
  // Were hardly any flow, or nearly every one, to pass, the comparison would show little.
  if (numRuns > 200) assertEquals([passed > asked / 20, passed < asked * 0.95], [true, true]);
}

for (const schema of new Set(CLASSIC)) {
  Deno.test(`where agrees with the interpreter on ${schema.label} flows (${schema.fields.length} fields)`, () => {
    compare([schema], 80);
  });
}

Deno.test("where agrees with the interpreter on flows with IPv6 and further elements", () => {
  compare([RICH], 1000);
});

Deno.test("where agrees with the interpreter on batches that mix all versions", () => {
  compare([...CLASSIC, RICH, RICH, RICH], 1000);
});
