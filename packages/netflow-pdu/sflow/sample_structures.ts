import { byDataFormat, type SflowStructure, structure } from "./structure.ts";
import { xdr, type XdrNames } from "./xdr.ts";

const NAMES: XdrNames = {
  data_source: xdr("u32 source_id_type source_id_index"),
  interface_expanded: xdr("u32 format value"),
};

// Behind the fields of each stands the number of its records, then the records themselves.

/** A sampled packet. */
export const FLOW_SAMPLE: SflowStructure = structure(
  1,
  "flow_sample",
  xdr(
    "u32 sequence_number; source source_id; u32 sampling_rate sample_pool drops; " +
      "interface input output",
  ),
);

/** Counters of a data source. */
export const COUNTERS_SAMPLE: SflowStructure = structure(
  2,
  "counters_sample",
  xdr("u32 sequence_number; source source_id"),
);

/** A sampled packet, where interface indexes may need all 32 bits. */
export const FLOW_SAMPLE_EXPANDED: SflowStructure = structure(
  3,
  "flow_sample_expanded",
  xdr(
    "u32 sequence_number; data_source source_id; u32 sampling_rate sample_pool drops; " +
      "interface_expanded input output",
    NAMES,
  ),
);

/** Counters of a data source, where its index may need all 32 bits. */
export const COUNTERS_SAMPLE_EXPANDED: SflowStructure = structure(
  4,
  "counters_sample_expanded",
  xdr("u32 sequence_number; data_source source_id", NAMES),
);

/** Notice of a packet that was dropped. */
export const DISCARDED_PACKET: SflowStructure = structure(
  5,
  "discarded_packet",
  xdr(
    "u32 sequence_number; data_source source_id; u32 drops inputifindex outputifindex reason",
    NAMES,
  ),
);

/** The samples whose fields are known, by their data formats. All are of a fixed size. */
export const SAMPLE_STRUCTURE_BY_FORMAT: ReadonlyMap<number, SflowStructure> = byDataFormat([
  FLOW_SAMPLE,
  COUNTERS_SAMPLE,
  FLOW_SAMPLE_EXPANDED,
  COUNTERS_SAMPLE_EXPANDED,
  DISCARDED_PACKET,
]);

/** Whether the records of a sample are counters. */
export function holdsCounters(sample: SflowStructure): boolean {
  return sample === COUNTERS_SAMPLE || sample === COUNTERS_SAMPLE_EXPANDED;
}
