import type { Flag } from "./flags.ts";

/** Brings elements that nobody else knows. */
export const ELEMENTS_FLAG: Flag = {
  name: "elements",
  value: "FILE",
  repeated: true,
  doc: "Further information elements of NetFlow v9 and IPFIX: a line each of enterprise, number, " +
    "name and type",
};

/** What becomes of records of both directions. */
export const BIFLOW_FLAG: Flag = {
  name: "biflow",
  value: "HOW",
  choices: ["record", "split"],
  doc: "NetFlow v9 and IPFIX records of both directions become one flow, or one for each " +
    "(default: record)",
};

/** Looks into tunnels. */
export const INNER_FLAG: Flag = {
  name: "sflow-inner",
  doc:
    "Of sFlow, flows of the packets within tunnels (GRE, VXLAN, Geneve, IP in IP), not of those " +
    "that carry them",
};

/** Makes flows of discarded packets. */
export const DISCARDED_FLAG: Flag = {
  name: "sflow-discarded",
  doc: "Of sFlow, flows of notices of discarded packets, too",
};

/** Flags of everything that decodes packets: what is known of elements, and what becomes a flow. */
export const DECODE_FLAGS: readonly Flag[] = [
  ELEMENTS_FLAG,
  BIFLOW_FLAG,
  INNER_FLAG,
  DISCARDED_FLAG,
];
