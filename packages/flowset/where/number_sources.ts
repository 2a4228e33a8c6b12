import {
  type FlowBatch,
  flowDurationMs,
  type FlowFieldName,
  uptimeToUnixMs,
} from "@flowtools/flow-model";

/** Numbers of a batch, one a row; those of rows that are not selected may be anything. */
export type RowNumbers = Float64Array | Uint32Array | Uint16Array;

/** A number of each flow: a field, a part of one, or what is worked out from several. */
export type NumberSource =
  | {
    readonly kind: "field";
    readonly field: FlowFieldName;
    /** Of a column of 8 or 16 bits only some bits: so many are cut off, and these of the rest count. */
    readonly bits?: { readonly shift: number; readonly mask: number };
  }
  | WorkedSource;

/** Numbers that are worked out for the rows of a selection. */
export interface WorkedSource {
  readonly kind: "worked";
  readonly fields: readonly FlowFieldName[];
  /** Gives the numbers; `scratch` has room for one a row. */
  readonly numbers: (
    batch: FlowBatch,
    rows: Uint32Array,
    count: number,
    scratch: Float64Array,
  ) => RowNumbers;
}

/** How long flows lasted, ms; right across a wrap of the uptime. */
export const DURATION_SOURCE: WorkedSource = {
  kind: "worked",
  fields: ["first", "last"],
  numbers: (batch, rows, count, scratch) => {
    const first = batch.column("first");
    const last = batch.column("last");
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      scratch[row] = flowDurationMs(first[row], last[row]);
    }
    return scratch;
  },
};

/** A counter a second, times a factor; 0 where the flow took no time. */
export function rateSource(field: "dPkts" | "dOctets", factor: number): WorkedSource {
  return {
    kind: "worked",
    fields: [field, ...DURATION_SOURCE.fields],
    numbers: (batch, rows, count, scratch) => {
      DURATION_SOURCE.numbers(batch, rows, count, scratch);
      const column = batch.column(field);
      for (let i = 0; i < count; i++) {
        const row = rows[i];
        const duration = scratch[row];
        scratch[row] = duration > 0 ? column[row] * factor * 1000 / duration : 0;
      }
      return scratch;
    },
  };
}

/** Octets of a packet on the average; 0 where there is no packet. */
export const PACKET_SIZE_SOURCE: WorkedSource = {
  kind: "worked",
  fields: ["dOctets", "dPkts"],
  numbers: (batch, rows, count, scratch) => {
    const octets = batch.column("dOctets");
    const packets = batch.column("dPkts");
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      scratch[row] = packets[row] > 0 ? octets[row] / packets[row] : 0;
    }
    return scratch;
  },
};

/** The flows that a record stands for: one, unless it is aggregated. */
export const FLOWS_SOURCE: WorkedSource = {
  kind: "worked",
  fields: ["dFlows"],
  numbers: (batch, rows, count, scratch) => {
    const { schemas, schemaOf } = batch;
    const aggregated = Uint8Array.from(schemas, (schema) => schema.has("dFlows") ? 1 : 0);
    for (let i = 0; i < count; i++) scratch[rows[i]] = 1;
    if (!aggregated.includes(1)) return scratch;
    const flows = batch.column("dFlows");
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      if (aggregated[schemaOf[row]] === 1) scratch[row] = flows[row];
    }
    return scratch;
  },
};

/** A further column of numbers. */
export function elementSource(name: string): WorkedSource {
  return {
    kind: "worked",
    fields: [],
    numbers: (batch, rows, count, scratch) => {
      const column = batch.extra(name);
      // Shapes may name what a reader of fewer columns left out: then no number is the right one.
      if (column === undefined || Array.isArray(column)) return scratch.fill(NaN, 0, batch.length);
      for (let i = 0; i < count; i++) scratch[rows[i]] = column[rows[i]];
      return scratch;
    },
  };
}

/** The Unix time of one of the flow's stamps, ms. */
export function clockSource(stamp: "first" | "last"): WorkedSource {
  return {
    kind: "worked",
    fields: [stamp, "unix_secs", "unix_nsecs", "sysUpTime"],
    numbers: (batch, rows, count, scratch) => {
      const uptimes = batch.column(stamp);
      const secs = batch.column("unix_secs");
      const nsecs = batch.column("unix_nsecs");
      const bases = batch.column("sysUpTime");
      for (let i = 0; i < count; i++) {
        const row = rows[i];
        scratch[row] = uptimeToUnixMs(secs[row], nsecs[row], bases[row], uptimes[row]);
      }
      return scratch;
    },
  };
}
