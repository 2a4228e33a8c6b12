import { FlowBatch, type FlowSchema, SAMPLING_COLUMN } from "@flowtools/flow-model";
import { type LocatedRecord, type PduRegistry, templateOf } from "@flowtools/netflow-pdu";
import { type ExportPacket, PacketFlows, PacketSessions } from "@flowtools/flowset";
import type { Where } from "@flowtools/flowset/select";
import type { WhereSelection } from "./where_selection.ts";

/** Flows of packets that are looked at together at most: no datagram has more. */
const BATCH_ROWS = 65_536;

/** The flows of a packet that pass. */
export interface PassedFlows {
  /** How many. */
  readonly count: number;
  /** Whether a flow passes, by its number in a packet whose version brings no templates. */
  row(index: number): boolean;
  /** Whether a record passes, of a packet whose version brings templates. */
  record(record: LocatedRecord): boolean;
}

/**
 * Finds the flows that `--where` asks for, for who shows packets as they are. They are decoded as
 * every reader of flows does it, with a memory of exporters of their own.
 */
export class PacketSelection {
  readonly #where: Where;
  readonly #selection: WhereSelection;
  readonly #sessions: PacketSessions;
  readonly #batch: FlowBatch;
  readonly #rows = new Uint32Array(BATCH_ROWS);
  #flows: PacketFlows;
  /** Whether the input had flows that may answer what is asked for. */
  #answers = false;

  /**
   * Begins.
   *
   * @param where What flows have to pass
   * @param selection Told how many passed
   * @param registry The codecs; nobody else may use them
   */
  constructor(where: Where, selection: WhereSelection, registry: PduRegistry) {
    this.#where = where;
    this.#selection = selection;
    this.#sessions = new PacketSessions(registry);
    this.#flows = new PacketFlows(this.#sessions);
    this.#batch = new FlowBatch({
      columns: where.fields,
      capacity: BATCH_ROWS,
      octets: true,
      extras: [{ name: SAMPLING_COLUMN, kind: "u32" }],
    });
  }

  /** Begins with another input. */
  beginInput(): void {
    this.#flows = new PacketFlows(this.#sessions);
    this.#answers = false;
  }

  /**
   * Finds the flows of the next packet, and of earlier ones that waited for its templates.
   *
   * @throws {WhereFieldError} It cannot answer what is asked for, and none before it could
   */
  select(packet: ExportPacket): PassedFlows {
    const batch = this.#batch;
    const rows = new Set<number>();
    const records = new Set<string>();
    let count = 0;
    let before = 0;
    const take = () => {
      for (const row of this.#passing()) {
        const template = templateOf(schemaOf(batch, row))?.template;
        count++;
        if (template === undefined) rows.add(before + row);
        else records.add(recordKey(template.id, batch.octets!.read(row)));
      }
      before += batch.length;
      batch.reset();
    };
    while (!this.#flows.add(packet, batch)) take();
    take();
    return {
      count,
      row: (index) => rows.has(index),
      record: ({ template, view, from, to }) => {
        const octets = new Uint8Array(view.buffer, view.byteOffset + from, to - from);
        return records.has(recordKey(template.id, octets));
      },
    };
  }

  /**
   * What is to be said of the packets of an input that were not faultless, which may not be shown.
   *
   * @returns A sentence for each reason
   */
  problems(): string[] {
    return [...this.#flows.problems].map(([reason, { packets, first }]) =>
      `${reason}: ${packets} packets, the first is ${first}`
    );
  }

  /** What is to be said of names that no exporter told. */
  notes(): string[] {
    return this.#selection.notes(this.#sessions);
  }

  #passing(): Uint32Array {
    const batch = this.#batch;
    if (batch.length === 0) return this.#rows.subarray(0, 0);
    const where = this.#where;
    this.#answers ||= batch.schemas.some((schema) => where.mayAnswer(schema));
    // Exporters of one input differ, and not all of their flows can have what is asked for.
    if (!this.#answers) { for (const schema of batch.schemas) where.check(schema); }
    const passed = where.select(batch, this.#rows, this.#sessions);
    this.#selection.options.onSelected?.(batch.length, passed);
    return this.#rows.subarray(0, passed);
  }
}

function schemaOf({ schemas, schemaOf }: FlowBatch, row: number): FlowSchema {
  return schemas[schemaOf[row]];
}

/** Records of a packet that have the same octets and template answer alike. */
function recordKey(template: number, octets: Uint8Array | undefined): string {
  return `${template} ${octets?.toHex() ?? ""}`;
}
