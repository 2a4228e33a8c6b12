import { parseIPv4 } from "@flowtools/flow-model";
import {
  builtInSymbols,
  type FlowFilter,
  parseFilterConfig,
  type SymbolTable,
} from "@flowtools/flowset";

/** A filter expression that cannot be read. */
export class WhereError extends Error {
  override name = "WhereError";
}

/** A field that expressions compare, and what it is in a filter configuration. */
interface WhereField {
  readonly name: string;
  /** The types of `match`; with two of them, one has to pass. */
  readonly matches: readonly string[];
  /** The type of primitive. */
  readonly type: string;
  /** What its values look like, for the documentation. */
  readonly values: string;
}

const ADDRESSES = "10.0.0.0/8,192.0.2.1";
const PORTS = "80,443,1024-2047,https";
const COUNT = "> 1000, >=, <, <=, =";

/** Every field that expressions compare. */
export const WHERE_FIELDS: readonly WhereField[] = [
  field("srcaddr", "ip-source-address", "ip-address-prefix", ADDRESSES),
  field("dstaddr", "ip-destination-address", "ip-address-prefix", ADDRESSES),
  {
    name: "addr",
    matches: ["ip-source-address", "ip-destination-address"],
    type: "ip-address-prefix",
    values: ADDRESSES,
  },
  field("exaddr", "ip-exporter-address", "ip-address-prefix", ADDRESSES),
  field("nexthop", "ip-nexthop-address", "ip-address-prefix", ADDRESSES),
  field("srcport", "ip-source-port", "ip-port", PORTS),
  field("dstport", "ip-destination-port", "ip-port", PORTS),
  {
    name: "port",
    matches: ["ip-source-port", "ip-destination-port"],
    type: "ip-port",
    values: PORTS,
  },
  field("prot", "ip-protocol", "ip-protocol", "tcp,udp,50-51"),
  field("tos", "ip-tos", "ip-tos", "0,184"),
  field("tcp_flags", "ip-tcp-flags", "ip-tcp-flags", "2,18"),
  field("input", "input-interface", "ifindex", "1,5-8"),
  field("output", "output-interface", "ifindex", "1,5-8"),
  field("src_as", "source-as", "as", "64500,64510-64520"),
  field("dst_as", "destination-as", "as", "64500,64510-64520"),
  field("octets", "octets", "counter", COUNT),
  field("packets", "packets", "counter", COUNT),
  field("duration", "duration", "counter", `${COUNT} (milliseconds)`),
];

function field(name: string, match: string, type: string, values: string): WhereField {
  return { name, matches: [match], type, values };
}

const COMPARISONS: Readonly<Record<string, string>> = {
  ">": "gt",
  ">=": "ge",
  "<": "lt",
  "<=": "le",
  "=": "eq",
};

/** Names of numbers, by the type of primitive. */
type Names = Readonly<Record<string, SymbolTable>>;

/** Comparisons of an expression at most, after `addr` and `port` are written out. */
const GROUPS_MAX = 64;

/** A comparison as a filter configuration has it. */
interface Test {
  readonly match: string;
  readonly primitive: string;
}

/**
 * Reads a filter expression: `field values` joined by `and`, which binds more tightly, and `or`;
 * `srcaddr 10.0.0.0/8 and dstport 80,443 or octets > 1000000`.
 *
 * @param text The expression
 * @returns The filter, or `undefined` where the text is blank
 * @throws {WhereError} It is none, with what was expected and what came
 */
export async function parseWhere(text: string): Promise<FlowFilter | undefined> {
  const words = text.match(/[<>]=?|=|[^\s<>=]+/g) ?? [];
  if (words.length === 0) return undefined;
  const names: Names = {
    "ip-protocol": await builtInSymbols("ip-prot"),
    "ip-port": await builtInSymbols("tcp-port"),
  };
  const primitives: string[] = [];
  let groups: Test[][] = [[]];
  const finished: Test[][] = [];
  for (let at = 0; at < words.length;) {
    const name = words[at++];
    const row = WHERE_FIELDS.find((candidate) => candidate.name === name.toLowerCase());
    if (row === undefined) {
      const fields = WHERE_FIELDS.map((candidate) => candidate.name).join(", ");
      throw new WhereError(`There is no field "${name}" to compare, expected one of ${fields}`);
    }
    const operator = COMPARISONS[words[at]] === undefined ? undefined : words[at++];
    const values = words[at++];
    const primitive = `P${primitives.length}`;
    primitives.push(
      `filter-primitive ${primitive}\n type ${row.type}\n${lines(row, operator, values, names)}`,
    );
    groups = row.matches.flatMap((match) =>
      groups.map((tests) => [...tests, { match, primitive }])
    );
    if (groups.length + finished.length > GROUPS_MAX) {
      throw new WhereError(`The expression has more than ${GROUPS_MAX} alternatives`);
    }
    const joint = words[at++]?.toLowerCase();
    if (joint === undefined) break;
    if (joint !== "and" && joint !== "or") {
      throw new WhereError(
        `After "${name} ${values}" comes "${joint}", expected and, or, or no more`,
      );
    }
    if (at === words.length) {
      throw new WhereError(`After "${joint}" nothing comes, expected a field`);
    }
    if (joint === "or") {
      finished.push(...groups);
      groups = [[]];
    }
  }
  const definition = [...finished, ...groups].map((tests) =>
    tests.map(({ match, primitive }) => ` match ${match} ${primitive}\n`).join("")
  );
  const config = `${primitives.join("")}filter-definition where\n${definition.join(" or\n")}`;
  return parseFilterConfig(config).filter("where");
}

/** The lines of a primitive. What they are made of is numbers only. */
function lines(
  row: WhereField,
  operator: string | undefined,
  values: string | undefined,
  names: Names,
): string {
  const fail = (state: string): WhereError => {
    return new WhereError(`${state}, expected such as "${row.name} ${row.values}"`);
  };
  if (values === undefined) throw fail(`After "${row.name}" nothing comes`);
  if (row.type === "counter") {
    if (operator === undefined || !/^\d{1,9}$/.test(values)) {
      throw fail(`"${row.name}" is compared with "${values}"`);
    }
    return ` permit ${COMPARISONS[operator]} ${values}\n`;
  }
  if (operator !== undefined && operator !== "=") {
    throw fail(`"${row.name}" cannot be compared by "${operator}"`);
  }
  const read = row.type === "ip-address-prefix" ? prefix : number;
  return values.split(",").map((value) => {
    const text = read(value, row.type, names);
    if (text === undefined) throw fail(`"${row.name}" cannot be "${value}"`);
    return ` permit ${text}\n`;
  }).join("");
}

/** A prefix, or an address, which is one of 32 bits. */
function prefix(text: string): string | undefined {
  const [address, length = "32", ...more] = text.split("/");
  const known = parseIPv4(address) !== undefined && /^\d{1,2}$/.test(length) &&
    Number(length) <= 32 && more.length === 0;
  return known ? `${address}/${length}` : undefined;
}

/** The greatest number of each type. */
const NUMBER_MAX: Readonly<Record<string, number>> = { "ip-protocol": 255, "ip-tos": 255 };
const NUMBER_MAX_OTHERS = 65_535;

/** A number, a range of numbers, or the name of a number. */
function number(text: string, type: string, names: Names): string | undefined {
  const named = names[type]?.value(text);
  if (named !== undefined) return String(named);
  const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? from);
  if (from > to || to > (NUMBER_MAX[type] ?? NUMBER_MAX_OTHERS)) return undefined;
  return from === to ? String(from) : `${from}-${to}`;
}
