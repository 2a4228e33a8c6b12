import type { FlowBatch } from "@flowtools/flow-model";
import type { PduCodec, PduHeader, PduInput, PduResult, PduSession } from "../codec.ts";
import { type HeaderLayout, readHeader } from "../header_layout.ts";
import type { BatchPlanner } from "./batch_plan.ts";
import { PacketWork } from "./packet_work.ts";
import type { TemplateDialect } from "./read_templates.ts";
import { TemplateSession } from "./session.ts";
import { TemplateStore } from "./template_store.ts";
import { hidesRecords, type SetFault, walkSets } from "./walk_sets.ts";

/** What a decoder of packets with templates is made from. */
export interface TemplateDecoderInit {
  /** The codec that results name. */
  readonly codec: PduCodec;
  /** The version. */
  readonly dialect: TemplateDialect;
  /** The header of its packets. */
  readonly header: HeaderLayout;
  /** What its sessions share. */
  readonly store: TemplateStore;
  /** Makes plans of how records become rows. */
  readonly planner: BatchPlanner;
}

/** A packet with a header, and where its sets lie. */
export interface PacketFrame {
  /** The header. */
  readonly header: PduHeader;
  /** Where the first set starts in the view. */
  readonly from: number;
  /** Where the packet ends in the view; for IPFIX what its header says, as far as there is so much. */
  readonly to: number;
  /** Octets of the datagram that are there. */
  readonly length: number;
}

/** Decodes packets of NetFlow v9 and IPFIX. */
export class TemplateDecoder {
  readonly #init: TemplateDecoderInit;
  readonly #work: PacketWork;

  /** @param init The version, its header, and what sessions share */
  constructor(init: TemplateDecoderInit) {
    this.#init = init;
    const { dialect, planner } = init;
    this.#work = new PacketWork(dialect, planner, new TemplateSession(init));
  }

  /**
   * Finds header and sets of a packet.
   *
   * @param input The packet
   * @returns The frame, or what is wrong where the header is not whole
   */
  frame(input: PduInput): PacketFrame | PduResult {
    const { codec, header: layout } = this.#init;
    const { view, offset: start } = input;
    const length = Math.min(input.length, view.byteLength - start);
    const { size } = layout.table;
    if (length < size) {
      return {
        codec,
        rows: 0,
        reason: "short-header",
        offset: length,
        expected: size,
        got: length,
      };
    }
    const header = readHeader(layout, view, start);
    const told = header.length ?? length;
    return { header, from: start + size, to: start + Math.min(told, length), length };
  }

  /**
   * Says what became of a packet.
   *
   * @param frame The packet
   * @param start Where it starts in the view
   * @param fault What is wrong with its sets
   * @param rows Rows appended
   * @param units Data records; -1 where they could not be counted
   */
  result(
    { header, length }: PacketFrame,
    start: number,
    fault: SetFault | undefined,
    rows: number,
    units: number,
  ): PduResult {
    const { codec } = this.#init;
    if (fault !== undefined) {
      const { reason, offset, expected, got } = fault;
      // Behind damage, nobody knows how many records there were.
      const counted = hidesRecords(reason) ? -1 : units;
      const at = offset - start;
      return { codec, header, rows, units: counted, reason, offset: at, expected, got };
    }
    if (header.length === undefined || header.length === length) {
      return { codec, header, rows, units };
    }
    return {
      codec,
      header,
      rows,
      units: header.length > length ? -1 : units,
      reason: "message-length",
      offset: LENGTH_OFFSET,
      expected: length,
      got: header.length,
    };
  }

  /** As `PduCodec.decode`; without a session the packet must bring its own templates. */
  decode(input: PduInput, batch: FlowBatch | undefined, session?: PduSession): PduResult {
    const frame = this.frame(input);
    if (!("header" in frame && "from" in frame)) return frame;
    if (session instanceof TemplateSession) return this.#decode(input, frame, batch, session);
    const { from, to, header } = frame;
    if (batch !== undefined && batch.room < to - from) {
      // What a packet without a session has no room for would be lost: it is counted beforehand.
      this.#walk(input, frame, undefined, this.#passing(), false);
      const rows = this.#work.flows * this.#init.planner.rowsPerRecord;
      if (rows > batch.room) {
        const { codec } = this.#init;
        const offset = from - input.offset;
        const got = batch.room;
        return { codec, header, rows: 0, reason: "batch-full", offset, expected: rows, got };
      }
    }
    const before = batch?.length ?? 0;
    const { fault, units } = this.#walk(input, frame, batch, this.#passing(), false);
    return this.result(frame, input.offset, fault, (batch?.length ?? 0) - before, units);
  }

  /** A session for one packet. */
  #passing(): TemplateSession {
    const { dialect, store, planner } = this.#init;
    return new TemplateSession({ dialect, planner, store: new TemplateStore(store.limits) });
  }

  #decode(
    input: PduInput,
    frame: PacketFrame,
    batch: FlowBatch | undefined,
    session: TemplateSession,
  ): PduResult {
    const before = batch?.length ?? 0;
    if (batch !== undefined) {
      if (session.holds) session.appendHeld(batch);
      // A batch that was empty takes what it can: the session holds the rest.
      const needed = before === 0 ? 0 : this.#rowsBeyondRoom(input, frame, batch, session);
      if (needed > 0) {
        const { codec } = this.#init;
        const rows = batch.length - before;
        const offset = frame.from - input.offset;
        const { header } = frame;
        const got = batch.room;
        return { codec, header, rows, reason: "batch-full", offset, expected: needed, got };
      }
    }
    const { fault, units } = this.#walk(input, frame, batch, session, true);
    return this.result(frame, input.offset, fault, (batch?.length ?? 0) - before, units);
  }

  /**
   * The rows that a packet needs, where the batch must be emptied for them; 0 where there is room.
   */
  #rowsBeyondRoom(
    input: PduInput,
    frame: PacketFrame,
    batch: FlowBatch,
    session: TemplateSession,
  ): number {
    const { header, from, to } = frame;
    if (to - from <= batch.room && !session.holds) return 0;
    this.#work.begin({ header, input, session, batch, keeps: true });
    const rows = this.#work.rowsNeeded(from, to);
    if (session.holds) return Math.max(1, rows);
    return rows > batch.room ? rows : 0;
  }

  #walk(
    input: PduInput,
    { header, from, to }: PacketFrame,
    batch: FlowBatch | undefined,
    session: TemplateSession,
    keeps: boolean,
  ): { fault: SetFault | undefined; units: number } {
    const work = this.#work;
    work.begin({ header, input, session, batch, keeps });
    const fault = walkSets(this.#init.dialect.version, input.view, from, to, work);
    return { fault, units: work.units };
  }
}

/** Where the length of an IPFIX message stands. */
const LENGTH_OFFSET = 2;
