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
  "bad-set": "A set (FlowSet) has a length that cannot be, or a number that means nothing",
  "bad-template": "A template has a number below 256, or more fields than its set has room for",
  "template-limit": "A template has more fields than are taken, or none with octets",
  "unknown-template":
    "The template of a set is not known, and the set was not kept: there is no session, or no room",
  "no-room": "The batch has no room for all records of a PDU, nor the session to keep the rest",
  "bad-record": "A record with fields of variable length goes on behind the end of its set",
  "message-length": "The length in the header of an IPFIX message is not that of the datagram",
  "unknown-agent-address":
    "The agent address of an sFlow datagram is neither IPv4 nor IPv6 nor none",
  "short-sample": "An sFlow sample is shorter than its fields, or holds fewer records than it says",
  "short-record": "A record of an sFlow sample is shorter than its fields; the others were used",
  "batch-full": "The batch has no room for all records of the PDU; none of them was appended",
} as const;

/** Why a datagram is not a faultless PDU; {@linkcode PDU_REASONS} explains each. */
export type PduReason = keyof typeof PDU_REASONS;
