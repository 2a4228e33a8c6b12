/**
 * sFlow v5 beyond the codec: all that datagrams hold, by the names of the specification.
 *
 * @module
 */
export {
  SFLOW_NESTING_MAX,
  SFLOW_PATH_MAX,
  SFLOW_SAMPLES_MAX,
  SFLOW_TUNNELS_MAX,
} from "./limits.ts";
export {
  readSflow,
  type SflowDatagram,
  type SflowPart,
  type SflowRecord,
  type SflowSample,
} from "./read.ts";
export type { SflowPacket } from "./sampled_packet.ts";
export type { SflowValue } from "./value_reader.ts";
