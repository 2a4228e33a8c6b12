import { SFLOW_VERSION } from "@flowtools/flow-model";
import type { PduHeader, PduInput } from "../codec.ts";
import type { ExporterAddress } from "../exporter.ts";
import type { SflowFault } from "./fault.ts";
import { xdr, type XdrField, xdrOffsets } from "./xdr.ts";

/** The only version that is still sent. */
const DATAGRAM_VERSION = 5;

/** The versions before it; other numbers are no sFlow. */
const OLDER_VERSIONS: readonly number[] = [1, 2, 3, 4];

/** The fields at the start of a datagram; behind them stands the number of samples. */
export const DATAGRAM_FIELDS: readonly XdrField[] = xdr(
  "u32 version; address agent_address; u32 sub_agent_id sequence_number uptime",
);

const TYPE_AT = 4;
const ADDRESS_AT = 8;
/** Octets of agent addresses by their type: none, IPv4, IPv6. */
const ADDRESS_BYTES: readonly number[] = [0, 4, 16];

const BEHIND_ADDRESS = xdrOffsets(xdr("u32 sub_agent_id sequence_number uptime count"));
const BEHIND_ADDRESS_BYTES = BEHIND_ADDRESS.count + 4;

/** The header of an agent with an IPv4 address. */
const HEADER_BYTES = ADDRESS_AT + ADDRESS_BYTES[1] + BEHIND_ADDRESS_BYTES;

/** What stands before the samples of a datagram. */
export interface SflowHead {
  /** The header as all protocols have it. */
  readonly header: PduHeader;
  /** Address of the agent, where it has one. */
  readonly agent: ExporterAddress | undefined;
  /** Where the samples start in the view. */
  readonly samplesAt: number;
}

/**
 * Where a datagram ends in its view.
 *
 * @param input The datagram
 * @returns The offset behind its last byte
 */
export function endOf({ view, offset, length }: PduInput): number {
  return offset + Math.min(length, view.byteLength - offset);
}

/**
 * Reads what stands before the samples.
 *
 * @param input The datagram
 * @param fault Told what is wrong
 * @returns The head; `undefined` where it is not whole, or not one of sFlow v5
 */
export function readHead(input: PduInput, fault: SflowFault): SflowHead | undefined {
  const { view, offset: start, receivedAt } = input;
  const length = endOf(input) - start;
  if (length < ADDRESS_AT) return tooShort(fault, input, HEADER_BYTES);
  const version = view.getUint32(start);
  if (version !== DATAGRAM_VERSION) {
    if (OLDER_VERSIONS.includes(version)) {
      fault.note("unknown-version", start, DATAGRAM_VERSION, version);
    } else {
      fault.note("unknown-version", start, undefined, SFLOW_VERSION);
    }
    return undefined;
  }
  const type = view.getUint32(start + TYPE_AT);
  const addressBytes = ADDRESS_BYTES[type];
  if (addressBytes === undefined) {
    fault.note("unknown-agent-address", start + TYPE_AT, 1, type);
    return undefined;
  }
  const behind = start + ADDRESS_AT + addressBytes;
  const headerBytes = behind - start + BEHIND_ADDRESS_BYTES;
  if (length < headerBytes) return tooShort(fault, input, headerBytes);
  const ms = receivedAt ?? 0;
  const header: PduHeader = {
    version: SFLOW_VERSION,
    count: view.getUint32(behind + BEHIND_ADDRESS.count),
    sysUpTime: view.getUint32(behind + BEHIND_ADDRESS.uptime),
    unix_secs: Math.floor(ms / 1000),
    unix_nsecs: Math.floor((ms % 1000) * 1e6),
    sequence: view.getUint32(behind + BEHIND_ADDRESS.sequence_number),
    source_id: view.getUint32(behind + BEHIND_ADDRESS.sub_agent_id),
  };
  return { header, agent: readAgent(view, start, type), samplesAt: start + headerBytes };
}

function readAgent(view: DataView, start: number, type: number): ExporterAddress | undefined {
  const at = start + ADDRESS_AT;
  if (type === 0) return undefined;
  if (type === 1) return view.getUint32(at);
  return new Uint8Array(view.buffer.slice(view.byteOffset + at, view.byteOffset + at + 16));
}

function tooShort(fault: SflowFault, input: PduInput, expected: number): undefined {
  const end = endOf(input);
  fault.note("short-header", end, expected, end - input.offset);
}
