import { formatIPv4, formatIPv6, ipv6ToBigInt } from "./address.ts";
import { FlowAttributeError } from "./errors.ts";
import type { FlowBatch } from "./flow_batch.ts";
import {
  fieldIndex,
  type FieldKind,
  FLOW_FIELDS,
  type FlowField,
  type FlowFieldName,
} from "./flow_fields.ts";
import { type JsonValue, type RecordValue, valueJson } from "./record_value.ts";
import type { FlowSchema } from "./schema.ts";
import { uptimeToUnixMs } from "./time.ts";

/** The canonical fields that hold addresses. */
export type AddressFieldName = {
  [Name in FlowFieldName]: FieldKind<Name> extends "address" ? Name : never;
}[FlowFieldName];

/**
 * The attributes of a flow, named as in pyflowtools. What the record's version lacks is
 * `undefined`.
 *
 * - an address is text; its `_raw` twin is a number, or a bigint for IPv6;
 * - `first` and `last` are Unix seconds with milliseconds; their `_raw` twins are router uptime
 *   in milliseconds;
 * - everything else is a number in the unit that `FLOW_FIELDS` tells.
 */
export type FlowAttributes =
  & {
    readonly [Name in FlowFieldName]:
      | (FieldKind<Name> extends "address" ? string : number)
      | undefined;
  }
  & { readonly [Name in AddressFieldName as `${Name}_raw`]: number | bigint | undefined }
  & {
    /** Router uptime at the first packet, ms. */
    readonly first_raw: number | undefined;
    /** Router uptime at the last packet, ms. */
    readonly last_raw: number | undefined;
  };

/** The name of a flow attribute. */
export type FlowAttributeName = keyof FlowAttributes;

/** The value of an attribute; `bytes` columns give octets. */
export type FlowValue = RecordValue;

/** One attribute: its name, the field it shows, and its getter. */
interface Attribute {
  readonly name: FlowAttributeName;
  readonly field: number;
  readonly get: (this: Flow) => FlowValue | undefined;
}

/** The attributes, whose getters are installed from the table of fields. */
export interface Flow extends FlowAttributes {}

/**
 * One flow: a lazy view of a row of a {@linkcode FlowBatch}.
 *
 * It copies nothing; an attribute is read, and an address formatted, when it is asked for. A flow
 * lives until its batch is reset; after that its attributes throw. `toObject()` keeps the values.
 *
 * @example
 * ```ts
 * import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const schema = new FlowSchema({ version: 5, fields: ["srcaddr", "srcport"] });
 * const batch = new FlowBatch();
 * batch.append(schema, { srcaddr: "192.0.2.1", srcport: 443 });
 * const flow = batch.flow(0);
 *
 * assertEquals(flow.srcaddr, "192.0.2.1");
 * assertEquals(flow.srcaddr_raw, 0xc0000201);
 * assertEquals(flow.src_tag, undefined);
 * assertThrows(() => flow.get("src_tag"));
 * assertEquals(JSON.stringify(flow), '{"srcaddr":"192.0.2.1","srcaddr_raw":3221225985,"srcport":443}');
 * ```
 */
export class Flow {
  /** The batch that holds the values. */
  readonly batch: FlowBatch;
  /** The row of the batch. */
  readonly row: number;
  readonly #generation: number;
  readonly #schema: FlowSchema;

  /**
   * Makes a view of a row.
   *
   * @param batch The batch that holds the values
   * @param row The row of the batch
   */
  constructor(batch: FlowBatch, row: number) {
    this.batch = batch;
    this.row = row;
    this.#generation = batch.generation;
    this.#schema = batch.schemas[batch.schemaOf[row]];
  }

  /** The shape of the record: its version and fields. */
  get schema(): FlowSchema {
    if (this.batch.generation !== this.#generation) throw deadFlow("schema");
    return this.#schema;
  }

  /**
   * Whether the record's version has a canonical field.
   *
   * @param field Index in `FLOW_FIELDS`
   * @returns Whether it has
   * @throws {FlowAttributeError} The flow's batch was reset
   */
  hasField(field: number): boolean {
    if (this.batch.generation !== this.#generation) throw deadFlow(FLOW_FIELDS[field].name);
    return this.#schema.present[field] === 1;
  }

  /**
   * Whether the flow has a value for an attribute.
   *
   * @param name An attribute, or a further column
   * @returns Whether reading it gives a value
   */
  has(name: string): boolean {
    const attribute = ATTRIBUTES.get(name);
    const value = attribute === undefined ? this.#further(name) : attribute.get.call(this);
    return value !== undefined;
  }

  /**
   * The value of an attribute that must be there.
   *
   * @param name An attribute, or a further column
   * @returns The value
   * @throws {FlowAttributeError} There is no such attribute, the record's version lacks it, or it
   * was not read
   */
  get<Name extends FlowAttributeName>(name: Name): NonNullable<FlowAttributes[Name]>;
  /**
   * The value of a further column that must be there.
   *
   * @param name The column
   * @returns The value
   */
  get(name: string): FlowValue;
  get(name: string): FlowValue {
    const attribute = ATTRIBUTES.get(name);
    const schema = this.schema;
    const known = attribute === undefined
      ? schema.extras.includes(name) || (schema.reader?.names.includes(name) ?? false)
      : schema.present[attribute.field] === 1;
    if (!known) {
      const reason = attribute === undefined
        ? "no attribute has that name"
        : `${schema.label} records lack it`;
      throw new FlowAttributeError(name, reason);
    }
    const value = attribute === undefined ? this.#further(name) : attribute.get.call(this);
    if (value === undefined) throw new FlowAttributeError(name, "it was not read");
    return value;
  }

  /**
   * A copy of all attributes, independent of the batch.
   *
   * @returns A plain object; attributes without a value are left out
   */
  toObject(): Record<string, FlowValue> {
    const { extras, reader } = this.schema;
    const octets = extras.length === 0 ? undefined : this.batch.octets?.read(this.row);
    const read = octets === undefined ? undefined : reader?.readAll?.(octets);
    const object: Record<string, FlowValue> = {};
    for (const { name, get } of ATTRIBUTES.values()) {
      const value = get.call(this);
      if (value !== undefined) object[name] = value;
    }
    for (const name of extras) {
      const value = this.batch.extra(name)?.[this.row] ?? read?.get(name) ?? this.#further(name);
      if (value !== undefined) object[name] = value instanceof Uint8Array ? value.slice() : value;
    }
    return object;
  }

  /** A value beyond the canonical fields: of a column, or read from the octets of the record. */
  #further(name: string): FlowValue | undefined {
    const { extras, reader } = this.schema;
    const column = extras.includes(name) ? this.batch.extra(name)?.[this.row] : undefined;
    if (column !== undefined) return column;
    const octets = reader === undefined ? undefined : this.batch.octets?.read(this.row);
    return octets === undefined ? undefined : reader?.read(octets, name);
  }

  /**
   * What `JSON.stringify` shows: {@linkcode Flow.toObject}, with the raw form of IPv6 addresses as
   * decimal text and octets as hexadecimal text, since JSON has neither; see {@linkcode valueJson}.
   *
   * @returns A plain object of numbers and strings, and of lists that records have
   */
  toJSON(): Record<string, JsonValue> {
    const json: Record<string, JsonValue> = {};
    for (const [name, value] of Object.entries(this.toObject())) json[name] = valueJson(value);
    return json;
  }

  /**
   * A key of the conversation that the flow belongs to, the same on every machine.
   *
   * The bytes, in network order:
   *
   * | bytes | what |
   * | --- | --- |
   * | 1 | address family, 4 or 6 |
   * | 4 or 16, 2, 4 | source address, port, input interface |
   * | 4 or 16, 2, 4 | destination address, port, output interface |
   * | 1 | IP protocol |
   *
   * That is 22 bytes for IPv4 and 46 for IPv6. What the record lacks is 0.
   *
   * @param bidirectional Put the endpoint whose bytes are lower first, so that both directions of
   * a conversation (which swap source and destination, input and output) give the same key
   * @returns A new array
   *
   * @example
   * ```ts
   * import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
   * import { assertEquals, assertNotEquals } from "@std/assert";
   *
   * const schema = new FlowSchema({ version: 1, fields: ["srcaddr", "dstaddr", "srcport", "dstport"] });
   * const batch = new FlowBatch();
   * batch.append(schema, { srcaddr: "10.0.0.1", srcport: 5000, dstaddr: "10.0.0.2", dstport: 53 });
   * batch.append(schema, { srcaddr: "10.0.0.2", srcport: 53, dstaddr: "10.0.0.1", dstport: 5000 });
   * const [there, back] = batch;
   *
   * assertNotEquals(there.getID(), back.getID());
   * assertEquals(there.getID(true), back.getID(true));
   * ```
   */
  getID(bidirectional = false): Uint8Array<ArrayBuffer> {
    const wide = typeof this.srcaddr_raw === "bigint" || typeof this.dstaddr_raw === "bigint";
    const source = endpoint(this.srcaddr_raw, this.srcport, this.input, wide);
    const destination = endpoint(this.dstaddr_raw, this.dstport, this.output, wide);
    const swap = bidirectional && compareBytes(source, destination) > 0;
    const id = new Uint8Array(2 + 2 * source.length);
    id[0] = wide ? 6 : 4;
    id.set(swap ? destination : source, 1);
    id.set(swap ? source : destination, 1 + source.length);
    id[id.length - 1] = this.prot ?? 0;
    return id;
  }
}

function deadFlow(attribute: string): FlowAttributeError {
  return new FlowAttributeError(
    attribute,
    "the flow's batch was reset and holds other flows, keep flow.toObject() instead",
  );
}

function endpoint(
  address: number | bigint | undefined,
  port: number | undefined,
  ifIndex: number | undefined,
  wide: boolean,
): Uint8Array<ArrayBuffer> {
  const addressBytes = wide ? 16 : 4;
  const bytes = new Uint8Array(addressBytes + 6);
  const view = new DataView(bytes.buffer);
  const value = BigInt(address ?? 0);
  if (wide) view.setBigUint64(0, value >> 64n);
  if (wide) view.setBigUint64(8, value);
  else view.setUint32(0, Number(value));
  view.setUint16(addressBytes, port ?? 0);
  view.setUint32(addressBytes + 2, ifIndex ?? 0);
  return bytes;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

/**
 * Getters by kind of column. Each kind has a function text of its own: getters of one text share
 * what the engine learned of the array type, and one shared text for all kinds runs several times
 * slower.
 */
const GETTERS: Readonly<Record<FlowField["kind"], (field: number) => Attribute["get"]>> = {
  u8: (field) =>
    function (this: Flow) {
      if (!this.hasField(field)) return undefined;
      return (this.batch.columnAt(field) as Uint8Array | undefined)?.[this.row];
    },
  u16: (field) =>
    function (this: Flow) {
      if (!this.hasField(field)) return undefined;
      return (this.batch.columnAt(field) as Uint16Array | undefined)?.[this.row];
    },
  u32: (field) =>
    function (this: Flow) {
      if (!this.hasField(field)) return undefined;
      return (this.batch.columnAt(field) as Uint32Array | undefined)?.[this.row];
    },
  counter: (field) =>
    function (this: Flow) {
      if (!this.hasField(field)) return undefined;
      return (this.batch.columnAt(field) as Float64Array | undefined)?.[this.row];
    },
  address: (field) =>
    function (this: Flow) {
      if (!this.hasField(field)) return undefined;
      const { batch, row } = this;
      const column = batch.columnAt(field) as Uint32Array | undefined;
      if (column === undefined) return undefined;
      const families = batch.family(field);
      return families !== undefined && families[row] === 6
        ? formatIPv6(batch.wide(field)!, row * 16)
        : formatIPv4(column[row]);
    },
  bytes: (field) =>
    function (this: Flow) {
      if (!this.hasField(field)) return undefined;
      return (this.batch.columnAt(field) as Uint8Array[] | undefined)?.[this.row];
    },
};

function rawAddressGetter(field: number): Attribute["get"] {
  return function (this: Flow) {
    if (!this.hasField(field)) return undefined;
    const { batch, row } = this;
    const narrow = (batch.columnAt(field) as Uint32Array | undefined)?.[row];
    return narrow !== undefined && batch.family(field)?.[row] === 6
      ? ipv6ToBigInt(batch.wide(field)!, row * 16)
      : narrow;
  };
}

const UNIX_SECS = fieldIndex("unix_secs");
const UNIX_NSECS = fieldIndex("unix_nsecs");
const SYS_UPTIME = fieldIndex("sysUpTime");

function unixTimeGetter(field: number): Attribute["get"] {
  return function (this: Flow) {
    if (!this.hasField(field)) return undefined;
    const { batch, row } = this;
    const secs = batch.columnAt(UNIX_SECS) as Uint32Array | undefined;
    const nsecs = batch.columnAt(UNIX_NSECS) as Uint32Array | undefined;
    const sysUpTime = batch.columnAt(SYS_UPTIME) as Uint32Array | undefined;
    const uptime = batch.columnAt(field) as Uint32Array | undefined;
    if (!secs || !nsecs || !sysUpTime || !uptime) return undefined;
    return uptimeToUnixMs(secs[row], nsecs[row], sysUpTime[row], uptime[row]) / 1000;
  };
}

/** Every attribute, derived from the table of fields, in its order. */
const ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map(
  FLOW_FIELDS.flatMap(({ name, kind }: FlowField, field): Attribute[] => {
    const plain = { name: name as FlowAttributeName, field, get: GETTERS[kind](field) };
    const rawName = `${name}_raw` as FlowAttributeName;
    if (kind === "address") return [plain, { name: rawName, field, get: rawAddressGetter(field) }];
    if (name !== "first" && name !== "last") return [plain];
    return [
      { ...plain, get: unixTimeGetter(field) },
      { name: rawName, field, get: plain.get },
    ];
  }).map((attribute) => [attribute.name, attribute]),
);

/** The names of all flow attributes: the fields, and the `_raw` twins beside them. */
export const FLOW_ATTRIBUTE_NAMES: readonly FlowAttributeName[] = [...ATTRIBUTES.values()]
  .map((attribute) => attribute.name);

// Forty getters that differ in a name and a reader: installed from the table, so that the table
// stays the only list of them. `FlowAttributes`, which `Flow` extends, gives them their types.
for (const { name, get } of ATTRIBUTES.values()) {
  Object.defineProperty(Flow.prototype, name, { get, enumerable: true });
}
