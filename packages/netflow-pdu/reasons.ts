/**
 * Every reason why a datagram is not a faultless PDU, with what it means. The list is closed: a
 * counter per reason covers all that can happen.
 *
 * @example
 * ```ts
 * import { PDU_REASONS } from "@flowtools/netflow-pdu";
 * import { assert } from "@std/assert";
 *
 * assert("short-datagram" in PDU_REASONS);
 * ```
 */
export const PDU_REASONS = {
  "short-header": "The datagram is shorter than the header of its version, or than 4 bytes",
  "unknown-version": "No codec is registered for the version",
  "unknown-aggregation": "No codec is registered for the aggregation method of a v8 PDU",
  "unknown-aggregation-version":
    "The aggregation version of a v8 PDU is not 2 (0 passes for 2: Juniper routers send it)",
  "count-zero": "The header says that there are no records",
  "count-over-maximum": "The header says more records than a PDU of its version may hold",
  "short-datagram": "The datagram holds fewer whole records than the header says",
  "trailing-bytes": "Bytes follow the last record, other than the zeros of v8.6 to v8.8",
  "batch-full": "The batch has no room for all records of the PDU; nothing was appended",
} as const;

/** Why a datagram is not a faultless PDU; {@linkcode PDU_REASONS} explains each. */
export type PduReason = keyof typeof PDU_REASONS;
