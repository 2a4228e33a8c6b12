import {
  FAMILY_IPV6,
  fieldIndex,
  FLOW_FIELDS,
  type FlowBatch,
  type FlowFieldName,
  formatIPv6,
  uptimeToUnixMs,
} from "@flowtools/flow-model";
import type { FlowClock } from "@flowtools/flowset/select";
import type { NumberColumn } from "./classic_print_gather.ts";
import { gather } from "./classic_print_gather.ts";

/** What a cell shows, as numbers: taken from one field, or worked out from several. */
export interface PrintValue {
  /** The fields that it needs. */
  readonly fields: readonly FlowFieldName[];
  /**
   * Fills `target` with the values of the rows `rows[from]` to `rows[from + count - 1]`.
   */
  readonly fill: (
    columns: readonly NumberColumn[],
    rows: Uint32Array,
    from: number,
    count: number,
    target: Float64Array,
  ) => void;
}

/** The prefix length of longer values is none: 0, as in the reference. */
const PREFIX_BITS_MAX = 32;
/** An address and its prefix length in one number: the address above, the length in 6 bits. */
export const PREFIX_SCALE = 64;

const FLAGS_FIN_SYN_RST = 7;

/** Unix milliseconds of an uptime stamp; columns are seconds, nanoseconds, uptime, the stamp. */
function timeFiller(clock: FlowClock): PrintValue["fill"] {
  return (columns, rows, from, count, target) => {
    const [secs, nsecs, uptime, stamp] = columns as readonly Uint32Array[];
    for (let i = 0; i < count; i++) {
      const row = rows[from + i];
      target[i] = clock(secs[row], nsecs[row], uptime[row], stamp[row]);
    }
  };
}

const fillPrefix: PrintValue["fill"] = (columns, rows, from, count, target) => {
  const [address, mask] = columns as readonly [Uint32Array, Uint8Array];
  for (let i = 0; i < count; i++) {
    const row = rows[from + i];
    const bits = mask[row] > PREFIX_BITS_MAX ? 0 : mask[row];
    target[i] = address[row] * PREFIX_SCALE + bits;
  }
};

/** What `work` makes of the milliseconds from `first` to `last`, which wrap as 32 bits do. */
function ofDuration(work: (duration: number) => number): PrintValue {
  return {
    fields: ["first", "last"],
    fill: (columns, rows, from, count, target) => {
      const [first, last] = columns as readonly Uint32Array[];
      for (let i = 0; i < count; i++) {
        const row = rows[from + i];
        target[i] = work((last[row] - first[row]) >>> 0);
      }
    },
  };
}

/** The stamps that are shown as times. */
const TIMES: Readonly<Record<string, FlowFieldName>> = { start: "first", end: "last" };

/** The other values that are no field as it is. */
const DERIVED: Readonly<Record<string, PrintValue>> = {
  srcPrefix: { fields: ["srcaddr", "src_mask"], fill: fillPrefix },
  dstPrefix: { fields: ["dstaddr", "dst_mask"], fill: fillPrefix },
  duration: ofDuration((duration) => duration),
  activeSecs: ofDuration((duration) => Math.floor(duration / 1000)),
  activeMsecs: ofDuration((duration) => duration % 1000),
  bytesPerPacket: {
    fields: ["dOctets", "dPkts"],
    fill: (columns, rows, from, count, target) => {
      const [octets, packets] = columns as readonly Float64Array[];
      for (let i = 0; i < count; i++) {
        const row = rows[from + i];
        target[i] = Math.floor(octets[row] / packets[row]);
      }
    },
  },
  firstFlags: {
    fields: ["tcp_flags"],
    fill: (columns, rows, from, count, target) => {
      const flags = columns[0];
      for (let i = 0; i < count; i++) target[i] = flags[rows[from + i]] & FLAGS_FIN_SYN_RST;
    },
  },
};

/** A value by its name in a line. */
export function printValue(name: string, clock: FlowClock = uptimeToUnixMs): PrintValue {
  const stamp = TIMES[name];
  if (stamp !== undefined) {
    return { fields: ["unix_secs", "unix_nsecs", "sysUpTime", stamp], fill: timeFiller(clock) };
  }
  const derived = DERIVED[name];
  if (derived !== undefined) return derived;
  const field = FLOW_FIELDS[fieldIndex(name)];
  if (field === undefined) throw new RangeError(`Cannot print "${name}": there is no such value`);
  return { fields: [field.name], fill: gather(field.kind) };
}

const WIDE_OCTETS = 16;
const WIDE_PREFIX_BITS_MAX = 128;

/** The families of the address that a value shows; nothing where it is none, or always IPv4. */
export function addressFamilies({ fields }: PrintValue, batch: FlowBatch): Uint8Array | undefined {
  return batch.family(fields[0]);
}

/** The text of a value where it is an IPv6 address, or a prefix of one. */
export function wideText(value: PrintValue, batch: FlowBatch, row: number): string | undefined {
  if (addressFamilies(value, batch)?.[row] !== FAMILY_IPV6) return undefined;
  const [address, length] = value.fields;
  const text = formatIPv6(batch.wide(address)!, row * WIDE_OCTETS);
  if (length === undefined) return text;
  const bits = (batch.column(length) as NumberColumn)[row];
  return `${text}/${bits > WIDE_PREFIX_BITS_MAX ? 0 : bits}`;
}

/** The columns that a value needs, of one batch. */
export function valueColumns(value: PrintValue, batch: FlowBatch): NumberColumn[] {
  return value.fields.map((name) => batch.column(name) as NumberColumn);
}
