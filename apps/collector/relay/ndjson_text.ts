import {
  FAMILY_IPV6,
  fieldIndex,
  FLOW_ATTRIBUTE_NAMES,
  FLOW_FIELDS,
  type FlowAttributeName,
  type FlowField,
  type FlowSchema,
  formatIPv6,
  ipv6ToBigInt,
  type RecordValue,
  uptimeToUnixMs,
  valueJson,
} from "@flowtools/flow-model";
import type { FlowColumns } from "./batch_copy.ts";

/** Bytes of room at first, and by which it grows. */
const ROOM_BYTES = 1 << 18;

/** Bytes that one number or address takes at most, quotes included. */
const VALUE_BYTES_MAX = 48;

const ZERO = 0x30;
const DOT = 0x2e;
const QUOTE = 0x22;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const LINE_END = 0x0a;

/** Bytes that a unit of text takes at most. */
const UTF8_BYTES_MAX = 3;

/** Writes the value of one row; the writer has room for it. */
type ValueWriter = (row: number) => void;

/** Whether a row has no value; without one all rows have. */
type AbsenceTest = (row: number) => boolean;

/** What a column needs to be written. */
interface Member {
  /** `,"name":`; the first member of an object goes without the comma. */
  readonly prefix: Uint8Array;
  readonly bind: (flows: FlowColumns) => ValueWriter | undefined;
  readonly absence?: (flows: FlowColumns) => AbsenceTest | undefined;
}

const [UNIX_SECS, UNIX_NSECS, SYS_UPTIME] = ["unix_secs", "unix_nsecs", "sysUpTime"]
  .map(fieldIndex);

/**
 * Writes flows as JSON, one object a line, with the names and values that `JSON.stringify` gives
 * for a flow, but straight from columns into bytes.
 */
export class NdjsonText {
  readonly #names: readonly FlowAttributeName[] | undefined;
  readonly #members = new WeakMap<FlowSchema, readonly Member[]>();
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(ROOM_BYTES);
  #used = 0;

  /**
   * @param names The attributes to write, in this order; default all that flows have
   */
  constructor(names?: readonly FlowAttributeName[]) {
    this.#names = names;
  }

  /**
   * Writes flows.
   *
   * @param flows The flows
   * @param rows The rows to write, in order; all unless told
   * @returns Their lines, alive until the next call
   */
  write(flows: FlowColumns, rows?: Uint32Array): Uint8Array {
    this.#used = 0;
    const { schemas, schemaOf } = flows;
    const count = rows?.length ?? flows.length;
    const bound = schemas.map((schema) =>
      this.#membersOf(schema).flatMap(({ prefix, bind, absence }) => {
        const write = bind(flows);
        return write === undefined ? [] : [{ prefix, write, absent: absence?.(flows) }];
      })
    );
    for (let at = 0; at < count; at++) {
      const row = rows === undefined ? at : rows[at];
      this.#put(BRACE);
      let first = true;
      for (const { prefix, write, absent } of bound[schemaOf[row]]) {
        if (absent?.(row)) continue;
        this.#reserve(prefix.length + VALUE_BYTES_MAX);
        for (let i = first ? 1 : 0; i < prefix.length; i++) this.#put(prefix[i]);
        first = false;
        write(row);
      }
      this.#reserve(VALUE_BYTES_MAX);
      this.#put(BRACE_END);
      this.#put(LINE_END);
    }
    return this.#bytes.subarray(0, this.#used);
  }

  #membersOf(schema: FlowSchema): readonly Member[] {
    let members = this.#members.get(schema);
    if (members === undefined) {
      members = this.#findMembers(schema);
      this.#members.set(schema, members);
    }
    return members;
  }

  #findMembers(schema: FlowSchema): Member[] {
    const prefix = (name: string) => this.#encoder.encode(`,${JSON.stringify(name)}:`);
    const attributes = (this.#names ?? FLOW_ATTRIBUTE_NAMES).flatMap((name): Member[] => {
      const field = fieldIndex(name.replace(/_raw$/, ""));
      if (schema.present[field] === 0) return [];
      return [{ prefix: prefix(name), bind: (flows) => this.#bindAttribute(name, field, flows) }];
    });
    const extras = this.#names === undefined ? schema.extras : [];
    const values = new RecordValues(schema);
    return [...attributes, ...extras.map((name) => this.#extraMember(prefix(name), name, values))];
  }

  #extraMember(prefix: Uint8Array, name: string, values: RecordValues): Member {
    return {
      prefix,
      bind: (flows) => this.#bindExtra(name, flows) ?? this.#bindRecord(name, flows, values),
      absence: (flows) => {
        const column = flows.extra(name);
        if (column === undefined) return (row) => values.get(flows, row, name) === undefined;
        return Array.isArray(column) ? (row) => column[row] === undefined : undefined;
      },
    };
  }

  /** A value that only the record has, as it was on the wire. */
  #bindRecord(name: string, flows: FlowColumns, values: RecordValues): ValueWriter | undefined {
    if (flows.record === undefined) return undefined;
    return (row) => {
      const text = JSON.stringify(valueJson(values.get(flows, row, name)!));
      this.#reserve(text.length * UTF8_BYTES_MAX);
      this.#text(text);
    };
  }

  #bindAttribute(
    name: FlowAttributeName,
    field: number,
    flows: FlowColumns,
  ): ValueWriter | undefined {
    const column = flows.columnAt(field);
    if (column === undefined) return undefined;
    const { kind }: FlowField = FLOW_FIELDS[field];
    if (kind === "address") return this.#bindAddress(name.endsWith("_raw"), field, flows);
    if (name === "first" || name === "last") return this.#bindTime(column as Uint32Array, flows);
    // One loop for each type of array: a shared one runs several times slower.
    if (column instanceof Uint32Array) return (row) => this.#number(column[row]);
    if (column instanceof Uint16Array) return (row) => this.#number(column[row]);
    if (column instanceof Uint8Array) return (row) => this.#number(column[row]);
    if (column instanceof Float64Array) return (row) => this.#number(column[row]);
    return undefined;
  }

  #bindAddress(raw: boolean, field: number, flows: FlowColumns): ValueWriter {
    const column = flows.columnAt(field) as Uint32Array;
    const family = flows.family(field);
    const wide = flows.wide(field);
    const narrow: ValueWriter = raw
      ? (row) => this.#number(column[row])
      : (row) => this.#address(column[row]);
    if (family === undefined || wide === undefined) return narrow;
    return (row) => {
      if (family[row] !== FAMILY_IPV6) return narrow(row);
      const text = raw ? String(ipv6ToBigInt(wide, row * 16)) : formatIPv6(wide, row * 16);
      this.#text(`"${text}"`);
    };
  }

  #bindTime(uptime: Uint32Array, flows: FlowColumns): ValueWriter | undefined {
    const secs = flows.columnAt(UNIX_SECS) as Uint32Array | undefined;
    const nsecs = flows.columnAt(UNIX_NSECS) as Uint32Array | undefined;
    const sysUpTime = flows.columnAt(SYS_UPTIME) as Uint32Array | undefined;
    if (secs === undefined || nsecs === undefined || sysUpTime === undefined) return undefined;
    return (row) => {
      const ms = uptimeToUnixMs(secs[row], nsecs[row], sysUpTime[row], uptime[row]);
      if (ms < 0) return this.#text(String(ms / 1000));
      const whole = Math.floor(ms / 1000);
      this.#number(whole);
      let fraction = ms - whole * 1000;
      if (fraction === 0) return;
      this.#put(DOT);
      for (let unit = 100; fraction > 0; unit /= 10) {
        const digit = Math.floor(fraction / unit);
        this.#put(ZERO + digit);
        fraction -= digit * unit;
      }
    };
  }

  #bindExtra(name: string, flows: FlowColumns): ValueWriter | undefined {
    const column = flows.extra(name);
    if (column === undefined) return undefined;
    if (!Array.isArray(column)) {
      return (row) => {
        const value = column[row];
        if (value >>> 0 === value) this.#number(value);
        else this.#text(JSON.stringify(value));
      };
    }
    return (row) => {
      const text = hex(column[row] ?? []);
      this.#reserve(text.length + 2);
      this.#text(`"${text}"`);
    };
  }

  #number(value: number): void {
    if (value < 10) {
      this.#bytes[this.#used++] = ZERO + value;
      return;
    }
    if (value > 0xffffffff) return this.#text(String(value));
    let digits = 2;
    for (let limit = 100; value >= limit && digits < 10; limit *= 10) digits++;
    let at = this.#used + digits;
    this.#used = at;
    let rest = value;
    while (rest >= 10) {
      const tens = Math.floor(rest / 10);
      this.#bytes[--at] = ZERO + (rest - tens * 10);
      rest = tens;
    }
    this.#bytes[--at] = ZERO + rest;
  }

  #address(value: number): void {
    this.#put(QUOTE);
    this.#number(value >>> 24);
    this.#put(DOT);
    this.#number((value >>> 16) & 255);
    this.#put(DOT);
    this.#number((value >>> 8) & 255);
    this.#put(DOT);
    this.#number(value & 255);
    this.#put(QUOTE);
  }

  #text(text: string): void {
    this.#used += this.#encoder.encodeInto(text, this.#bytes.subarray(this.#used)).written;
  }

  #put(byte: number): void {
    this.#bytes[this.#used++] = byte;
  }

  #reserve(bytes: number): void {
    if (this.#bytes.length - this.#used >= bytes) return;
    const grown = new Uint8Array(2 * this.#bytes.length + bytes);
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

/** What records of one schema have beyond columns: each record is taken apart once. */
class RecordValues {
  readonly #schema: FlowSchema;
  #flows: FlowColumns | undefined;
  #row = -1;
  #values: ReadonlyMap<string, RecordValue> | undefined;

  constructor(schema: FlowSchema) {
    this.#schema = schema;
  }

  get(flows: FlowColumns, row: number, name: string): RecordValue | undefined {
    if (flows !== this.#flows || row !== this.#row) {
      this.#flows = flows;
      this.#row = row;
      const octets = flows.record?.(row);
      this.#values = octets && this.#schema.reader?.readAll?.(octets);
    }
    return this.#values?.get(name);
  }
}

function hex(octets: Iterable<number>): string {
  return Array.from(octets, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
