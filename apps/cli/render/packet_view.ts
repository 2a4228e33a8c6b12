import type { TimeZone } from "@flowtools/flowset/groups";
import type { Output } from "../output.ts";
import type { DataColumn } from "./data_set.ts";
import { ObjectView, type ObjectViewOptions, type ShownObject } from "./object_view.ts";

/** The version in headers of IPFIX. */
const IPFIX_VERSION = 10;

/** Packets that a table waits for, to know how wide they are: more of them go below. */
const PACKET_TABLE_ROWS = 10_000;

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

/** What only objects have of a packet. */
const FURTHER_NAMES = [
  "count",
  "length",
  "sysUpTime",
  "unix_nsecs",
  "engine_type",
  "engine_id",
  "sampling_mode",
  "sampling_interval",
  "aggregation",
  "agg_version",
  "agent",
  "message",
  "flows",
  "sets",
  "resumed",
  "samples",
] as const;

/** Everything that may be told of a packet. */
export const PACKET_NAMES: readonly string[] = [
  ...COLUMNS.map(({ name }) => name),
  ...FURTHER_NAMES,
];

/**
 * Shows packets in the formats of rows.
 *
 * @param output Where packets go
 * @param options How
 */
export function packetView(output: Output, options: ObjectViewOptions): ObjectView {
  const { fields } = options.choice;
  return new ObjectView(output, options, {
    columns: fields?.map(columnOf) ?? COLUMNS,
    text: fields === undefined ? usualText : timeText,
    added: countsOf,
    partRows: PACKET_TABLE_ROWS,
  });
}

function columnOf(name: string): DataColumn {
  const known = COLUMNS.find((column) => column.name === name);
  return { ...known, name, title: name, detail: undefined };
}

/** What is not in a packet itself: how many records and templates it holds, sets that wait. */
function countsOf(packet: ShownObject): ShownObject {
  const sets = [...listOf(packet.sets), ...listOf(packet.resumed)];
  const count = (member: string) => sets.reduce((sum, set) => sum + listOf(set[member]).length, 0);
  const { version } = packet;
  return {
    protocol: packet.protocol ?? (version === undefined ? undefined : protocolOf(version)),
    records: packet.sets === undefined ? listOf(packet.flows).length : count("records"),
    templates: count("templates"),
    waiting: sets.filter(({ waiting }) => waiting === true).length,
  };
}

/** What a table shows of a packet where no columns are chosen. */
function usualText(packet: ShownObject, name: string, zone: TimeZone): string | undefined {
  // Of what most packets have none, a column of zeros says nothing.
  const rare = name === "templates" || name === "waiting";
  return rare && packet[name] === 0 ? "" : timeText(packet, name, zone);
}

function timeText(packet: ShownObject, name: string, zone: TimeZone): string | undefined {
  const secs = packet[name];
  return name === "unix_secs" && typeof secs === "number" ? zone.text(secs * 1000) : undefined;
}

function protocolOf(version: unknown): string {
  return version === IPFIX_VERSION ? "IPFIX" : "NetFlow";
}

function listOf(value: unknown): readonly ShownObject[] {
  return Array.isArray(value) ? value : [];
}
