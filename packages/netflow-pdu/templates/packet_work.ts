import type { FlowBatch } from "@flowtools/flow-model";
import type { PduHeader, PduInput } from "../codec.ts";
import type { BatchPlanner } from "./batch_plan.ts";
import { DomainFacts } from "./domain_facts.ts";
import type { SetToHold } from "./held_sets.ts";
import { type PacketFacts, UPTIME_UNKNOWN } from "./packet_facts.ts";
import {
  DATA_SET_MIN,
  readTemplates,
  SET_NUMBERS,
  type TemplateDialect,
  type TemplateReceiver,
} from "./read_templates.ts";
import { templateKey, type TemplateSession } from "./session.ts";
import { countRecords, RecordFields, type Template } from "./template.ts";
import type { SetFault, SetReceiver } from "./walk_sets.ts";

/** A packet to be worked on. */
export interface PacketToDecode {
  readonly header: PduHeader;
  readonly input: PduInput;
  readonly session: TemplateSession;
  readonly batch: FlowBatch | undefined;
  /** Whether records that cannot be decoded yet are kept. */
  readonly keeps: boolean;
}

/** The facts of the packet that is worked on; what is held has a copy of them. */
type MutableFacts = { -readonly [Name in keyof PacketFacts]: PacketFacts[Name] };

const EMPTY = new DataView(new ArrayBuffer(0));

/** The work on one packet after the other: one object for all of them. */
export class PacketWork implements SetReceiver, TemplateReceiver {
  /** Data records so far, -1 where some could not be counted. */
  units = 0;
  /** Records that would be flows, of a packet that is only checked. */
  flows = 0;
  readonly #dialect: TemplateDialect;
  readonly #planner: BatchPlanner;
  readonly #fields = new RecordFields();
  readonly #facts: MutableFacts = {
    exporter: 0,
    unixSecs: 0,
    sysUpTime: 0,
    domain: new DomainFacts(),
  };
  #view: DataView = EMPTY;
  #session: TemplateSession;
  #batch: FlowBatch | undefined;
  #keeps = false;
  #domain = 0;
  #now = 0;
  /** A template of the set that was too large. */
  #refused: Template | undefined;

  /**
   * Makes the work.
   *
   * @param dialect The version
   * @param planner Makes plans of how records become rows
   * @param session A session that stands in until there is a packet
   */
  constructor(dialect: TemplateDialect, planner: BatchPlanner, session: TemplateSession) {
    this.#dialect = dialect;
    this.#planner = planner;
    this.#session = session;
  }

  /** Sets the packet. */
  begin({ header, input, session, batch, keeps }: PacketToDecode): void {
    this.units = 0;
    this.flows = 0;
    this.#refused = undefined;
    this.#view = input.view;
    this.#session = session;
    this.#batch = batch;
    this.#keeps = keeps;
    this.#domain = header.source_id ?? 0;
    this.#now = input.receivedAt ?? 0;
    const facts = this.#facts;
    facts.exporter = input.exporter;
    facts.unixSecs = header.unix_secs;
    facts.domain = session.factsToLearn(this.#domain);
    facts.sysUpTime = this.#dialect.version === 9
      ? header.sysUpTime
      : uptimeOf(header, facts.domain);
    if (this.#now > 0 && session.held.waiting > 0) session.held.expire(this.#now);
  }

  /** The rows that the packet may need, as far as its templates are known. */
  rowsNeeded(from: number, to: number): number {
    let records = 0;
    for (let offset = from; offset + 4 <= to;) {
      const length = this.#view.getUint16(offset + 2);
      if (length < 4) break;
      const id = this.#view.getUint16(offset);
      const template = id < DATA_SET_MIN
        ? undefined
        : this.#session.find(this.#domain, id, this.#now);
      if (template !== undefined && !template.options) {
        const octets = Math.min(length, to - offset) - 4;
        records += Math.floor(octets / template.minOctets);
      }
      offset += length;
    }
    return records * this.#planner.rowsPerRecord;
  }

  templates(options: boolean, from: number, to: number): SetFault | undefined {
    const { dialect } = this.#session;
    const fault = readTemplates(dialect, options, this.#view, from, to, this);
    if (this.#session.holds) this.#appendHeld();
    if (fault !== undefined) return { reason: "bad-template", ...fault };
    const refused = this.#refused;
    if (refused === undefined) return undefined;
    this.#refused = undefined;
    const expected = refused.minOctets === 0 ? 1 : this.#session.fieldsMax;
    const got = refused.minOctets === 0 ? 0 : refused.fields.length;
    return { reason: "template-limit", offset: from, expected, got };
  }

  template(template: Template): void {
    if (!this.#session.learn(this.#domain, template, this.#now)) this.#refused ??= template;
  }

  withdraw(id: number, options: boolean): void {
    const numbers = SET_NUMBERS[this.#dialect.version];
    if (id === (options ? numbers.options : numbers.template)) {
      this.#session.withdrawAll(this.#domain, options);
    } else {
      this.#session.withdraw(this.#domain, id);
    }
  }

  data(id: number, from: number, to: number): SetFault | undefined {
    const session = this.#session;
    const template = session.find(this.#domain, id, this.#now);
    if (template === undefined) return to > from ? this.#wait(id, from, to) : undefined;
    const batch = this.#batch;
    if (template.options || batch === undefined) return this.#learn(template, from, to);
    // Nothing overtakes records that came before.
    if (session.holds) return this.#defer(template, from, to);
    const plan = this.#planner.planOf(template, batch, session, this.#domain);
    const end = plan.append(this.#view, from, to, this.#facts);
    if (this.units >= 0) this.units += plan.records;
    if (to - end < template.minOctets) return undefined;
    return plan.full ? this.#defer(template, end, to) : this.#badRecord(template, end, to);
  }

  /** Keeps a set until its template comes. */
  #wait(id: number, from: number, to: number): SetFault | undefined {
    this.units = -1;
    if (this.#keeps) {
      // Without a batch nobody wants the records.
      if (this.#batch === undefined) return undefined;
      if (this.#session.held.wait(templateKey(this.#domain, id), this.#toHold(id, from, to))) {
        return undefined;
      }
    }
    return { reason: "unknown-template", offset: from - SET_HEAD, expected: 0, got: id };
  }

  /** Keeps records that there is no room for. */
  #defer(template: Template, from: number, to: number): SetFault | undefined {
    const { records, end } = countRecords(template, this.#view, from, to, this.#fields);
    if (this.units >= 0) this.units += records;
    if (records > 0) {
      const key = templateKey(this.#domain, template.id);
      if (!this.#session.held.defer(key, template, this.#toHold(template.id, from, end))) {
        return { reason: "no-room", offset: from, expected: records, got: 0 };
      }
    }
    return to - end < template.minOctets ? undefined : this.#badRecord(template, end, to);
  }

  #toHold(id: number, from: number, to: number): SetToHold {
    const facts = this.#facts;
    return { domain: this.#domain, id, facts, now: this.#now, view: this.#view, from, to };
  }

  #appendHeld(): void {
    if (this.#batch !== undefined) this.#session.appendHeld(this.#batch);
  }

  /** Takes records that become no flows, and learns what those of options tell. */
  #learn(template: Template, from: number, to: number): SetFault | undefined {
    const view = this.#view;
    const { records, end } = template.options
      ? this.#session.learnFrom(template, this.#domain, view, from, to)
      : countRecords(template, view, from, to, this.#fields);
    if (this.units >= 0) this.units += records;
    if (!template.options) this.flows += records;
    return to - end < template.minOctets ? undefined : this.#badRecord(template, end, to);
  }

  #badRecord({ minOctets }: Template, offset: number, to: number): SetFault {
    return { reason: "bad-record", offset, expected: minOctets, got: to - offset };
  }
}

/** Octets of the head of a set. */
const SET_HEAD = 4;

/** The uptime of a packet that does not tell it. */
function uptimeOf({ unix_secs }: PduHeader, { bootMs }: DomainFacts): number {
  const uptime = bootMs === undefined ? -1 : unix_secs * 1000 - bootMs;
  return uptime < 0 ? UPTIME_UNKNOWN : uptime % 2 ** 32;
}
