import type { TimeZone } from "@flowtools/flowset/groups";
import type { DataColumn, DataHead, DataRow } from "./data_set.ts";

/** A packet as `decode` shows it: the fields of its header, and what it holds. */
export type ShownPacket = Readonly<Record<string, unknown>>;

/** The version in headers of IPFIX. */
const IPFIX_VERSION = 10;

/** Packets that a table waits for, to know how wide they are: more of them go below. */
export const PACKET_TABLE_ROWS = 10_000;

/** What a line has room for of a packet: where it comes from, and how much it holds. */
const COLUMNS: readonly DataColumn[] = [
  { name: "file", title: "file", detail: 9 },
  { name: "frame", title: "frame", right: true, quantity: "id", detail: 2 },
  { name: "unix_secs", title: "exported", detail: 1 },
  { name: "exporter", title: "exporter" },
  { name: "exporter_port", title: "port", right: true, quantity: "id", detail: 8 },
  { name: "protocol", title: "protocol", detail: 3 },
  { name: "version", title: "version", right: true, quantity: "id", detail: 0 },
  { name: "source_id", title: "source", right: true, quantity: "id", detail: 7 },
  { name: "sequence", title: "sequence", right: true, quantity: "id", detail: 4 },
  { name: "records", title: "records", right: true },
  { name: "templates", title: "templates", right: true, detail: 5 },
  { name: "waiting", title: "waiting", right: true, detail: 6 },
  { name: "problem", title: "problem", detail: 0 },
];

/** What is told of packets. */
export const PACKET_HEAD: DataHead = { schema: "flowtools/decode/1", about: {}, columns: COLUMNS };

/**
 * A packet as a row: how many records and templates it holds, and sets that wait for theirs.
 *
 * @param packet The packet
 * @param zone The time zone of tables
 */
export function packetRow(packet: ShownPacket, zone: TimeZone): DataRow {
  const sets = [...listOf(packet.sets), ...listOf(packet.resumed)];
  const count = (member: string) => sets.reduce((sum, set) => sum + listOf(set[member]).length, 0);
  const { version } = packet;
  const shown: ShownPacket = {
    ...packet,
    protocol: packet.protocol ?? (version === undefined ? null : protocolOf(version)),
    records: packet.sets === undefined ? listOf(packet.flows).length : count("records"),
    templates: count("templates"),
    waiting: sets.filter(({ waiting }) => waiting === true).length,
  };
  const values = COLUMNS.map(({ name }) => {
    const value = shown[name];
    return typeof value === "number" || typeof value === "string" ? value : null;
  });
  const texts = COLUMNS.map(({ name }, at) => {
    const value = values[at];
    if (name === "unix_secs" && typeof value === "number") return zone.text(value * 1000);
    // Of what most packets have none, a column of zeros says nothing.
    return (name === "templates" || name === "waiting") && value === 0 ? "" : undefined;
  });
  return { values, texts };
}

function protocolOf(version: unknown): string {
  return version === IPFIX_VERSION ? "IPFIX" : "NetFlow";
}

function listOf(value: unknown): readonly ShownPacket[] {
  return Array.isArray(value) ? value : [];
}
