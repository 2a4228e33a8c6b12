import type { TimeZone } from "@flowtools/flowset/groups";
import type { Output } from "../output.ts";
import { type DataColumn, type DataFormat, type DataRow, DataSetWriter } from "./data_set.ts";
import type { Look } from "./look.ts";
import { cellValue, ObjectSetWriter, type ShownObject } from "./object_set.ts";
import { type RowChoice, RowSieve } from "./row_sieve.ts";

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

/** How packets are shown. */
export interface PacketViewOptions {
  readonly format: DataFormat;
  readonly choice: RowChoice;
  /** The time zone of tables. */
  readonly zone: TimeZone;
  readonly look: Look;
}

/** Shows packets in the formats of rows. */
export class PacketView {
  readonly #sieve: RowSieve<ShownObject>;
  readonly #writer: { end(): void };
  /** Whether more is shown than what objects have anyway. */
  readonly #counts: boolean;

  /**
   * Begins.
   *
   * @param output Where packets go
   * @param options How
   */
  constructor(output: Output, { format, choice, zone, look }: PacketViewOptions) {
    const { fields, sort } = choice;
    let write: (packet: ShownObject) => void;
    if (format === "json" || format === "ndjson") {
      const writer = new ObjectSetWriter(output, format, fields);
      this.#writer = writer;
      this.#counts = fields !== undefined || sort !== undefined;
      write = (packet) => writer.add(packet);
    } else {
      const columns = fields?.map(columnOf) ?? COLUMNS;
      const partRows = PACKET_TABLE_ROWS;
      const writer = new DataSetWriter(output, { columns }, format, look, { partRows });
      this.#writer = writer;
      this.#counts = true;
      write = (packet) => writer.row(packetRow(packet, columns, zone, fields === undefined));
    }
    this.#sieve = new RowSieve(choice, (packet, name) => packet[name], write);
  }

  /** Whether no further packet can be shown. */
  get full(): boolean {
    return this.#sieve.full;
  }

  /** Shows a packet. */
  add(packet: ShownObject): void {
    this.#sieve.add(this.#counts ? { ...packet, ...countsOf(packet) } : packet);
  }

  /** Ends the document. */
  end(): void {
    this.#sieve.end();
    this.#writer.end();
  }
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

function packetRow(
  packet: ShownObject,
  columns: readonly DataColumn[],
  zone: TimeZone,
  usual: boolean,
): DataRow {
  const values = columns.map(({ name }) => cellValue(packet[name]));
  const texts = columns.map(({ name }, at) => {
    const value = values[at];
    if (name === "unix_secs" && typeof value === "number") return zone.text(value * 1000);
    // Of what most packets have none, a column of zeros says nothing.
    const rare = usual && (name === "templates" || name === "waiting");
    return rare && value === 0 ? "" : undefined;
  });
  return { values, texts };
}

function protocolOf(version: unknown): string {
  return version === IPFIX_VERSION ? "IPFIX" : "NetFlow";
}

function listOf(value: unknown): readonly ShownObject[] {
  return Array.isArray(value) ? value : [];
}
