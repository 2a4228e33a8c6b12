import { countLost, type FlowBatch } from "@flowtools/flow-model";
import type { PduHeader } from "../codec.ts";
import type { ElementRegistry } from "../elements/registry.ts";
import type { HeaderLayout } from "../header_layout.ts";
import { PacketClock, RowClocks } from "./encode_clock.ts";
import { PacketBuilder } from "./encode_packet.ts";
import { type Sampler, SAMPLER_RECORD_OCTETS, Samplers } from "./encode_samplers.ts";
import { type FactRecord, FactTeller } from "./encode_facts.ts";
import { BOOT_DEFINITION, BOOT_RECORD_OCTETS, writeBoot } from "./encode_boot.ts";
import type { Definition, EncodeSource, Told } from "./encode_shape.ts";
import { RowShapes } from "./encode_shapes.ts";
import { ListReferences } from "./encode_lists.ts";
import { type SentTemplate, SentTemplates } from "./encode_templates.ts";
import type { FactOrigin } from "./fact_origin.ts";
import type { SchemaTemplate } from "./record_reader.ts";

/** What makes packets of rows. */
export interface RowPackerInit {
  /** Export version to write. */
  readonly version: 9 | 10;
  /** The header of its packets. */
  readonly header: HeaderLayout;
  /** Octets of a packet at most. */
  readonly octetsMax: number;
  /** Packets after which what is in use is told again. */
  readonly resendPackets: number;
  /** Milliseconds after which what is in use is told again. */
  readonly resendMs: number;
  /** The observation domain. */
  readonly domain: number;
  /** The sequence number of the first packet. */
  readonly sequence: number;
  /** Whether records tell the exporter of rows. */
  readonly exporters: boolean;
  /** Whether records are written from octets where the rows have them. */
  readonly octets: boolean;
  /** Whether rows share a packet only where their clocks are the same. */
  readonly splitClocks: boolean;
  /** Known elements. */
  readonly elements: ElementRegistry;
  /** Where the names come from that go with the rows; none where they all may be of others. */
  readonly origin: FactOrigin | undefined;
  /** Told, per field, how many values could not be held. */
  readonly lost: Map<string, number>;
  /** Takes each packet, with the data records in it. */
  readonly take: (packet: Uint8Array<ArrayBuffer>, records: number) => void;
}

/** Packs rows into packets, with the templates that they need. */
export class RowPacker {
  /** Packets so far. */
  packets = 0;
  /** Templates sent so far, those of options and repetitions included. */
  templates = 0;
  /** Rows that were written. */
  rows = 0;
  /** Rows that are in the record of the row before them, and were not written again. */
  merged = 0;
  /** Rows that no packet has room for, or whose records would be empty: they were not written. */
  refused = 0;
  readonly #init: RowPackerInit;
  readonly #builder: PacketBuilder;
  readonly #shapes: RowShapes;
  readonly #clocks = new RowClocks();
  readonly #clock: PacketClock;
  readonly #templates = new SentTemplates();
  readonly #samplers: Samplers;
  /** Tells names and described elements; not there where nobody told any. */
  readonly #teller: FactTeller | undefined;
  /** Whether it may have something to tell. */
  #factsDue = false;
  #batch: FlowBatch | undefined;
  #now = 0;
  #sequence: number;
  readonly #references: ListReferences;
  /** When the exporter of uptimes started, as it was told last. */
  #bootMs = NaN;
  readonly #bootTold: Told = { atPacket: -1, atMs: 0 };

  /** @param init Version, bounds, where packets go */
  constructor(init: RowPackerInit) {
    const { version, header, octetsMax, elements, exporters, octets, splitClocks, origin } = init;
    this.#init = init;
    this.#builder = new PacketBuilder(version, header, octetsMax);
    this.#shapes = new RowShapes({ version, elements, exporters, octets });
    this.#clock = new PacketClock(version, this.#clocks, splitClocks);
    this.#teller = origin && new FactTeller(version, origin, {
      packets: init.resendPackets,
      ms: init.resendMs,
    });
    this.#samplers = new Samplers(version, (id) => this.#teller?.namesSampler(id) ?? false);
    this.#references = new ListReferences(this.#templates, elements);
    this.#sequence = init.sequence;
  }

  /** The sequence number of the next packet. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Sets the clock of all packets, whatever rows have. */
  fixClock(secs: number, sysUpTime: number): void {
    this.#clock.fix(secs, sysUpTime);
  }

  /** Has everything told again before it is used. */
  forget(): void {
    this.#templates.forget();
    this.#samplers.forget();
    this.#bootTold.atPacket = -1;
    this.#teller?.forget();
  }

  /**
   * Adds rows; packets that are full are given out.
   *
   * @param batch The rows
   * @param from The first
   * @param count Rows
   * @param now Unix milliseconds
   * @throws {FlowAttributeError} The batch does not keep a column that the records need
   */
  add(batch: FlowBatch, from: number, count: number, now: number): void {
    this.#batch = batch;
    this.#now = now;
    this.#clocks.begin(batch, now);
    this.#shapes.begin(batch, from);
    this.#factsDue = this.#teller?.isDue(this.packets, now) ?? false;
    const end = from + count;
    for (let row = from; row < end;) row += this.#addRun(batch, row, end);
  }

  /** Gives out the packet that is not full. */
  flush(): void {
    if (this.#builder.empty) return;
    const { version, domain, take } = this.#init;
    const { secs, sysUpTime } = this.#clock;
    const records = this.#builder.dataRecords;
    const header: Partial<PduHeader> = {
      unix_secs: secs,
      sysUpTime,
      source_id: domain,
      sequence: this.#sequence,
    };
    const packet = this.#builder.finish(header);
    this.#sequence = (this.#sequence + (version === 9 ? 1 : records)) >>> 0;
    this.packets++;
    this.#clock.clear();
    take(packet, records);
  }

  /** Adds a row and those behind it that go into the same set; returns how many. */
  #addRun(batch: FlowBatch, row: number, end: number): number {
    const shape = this.#shapes.of(row);
    if (shape === undefined) {
      this.merged++;
      return 1;
    }
    const { need } = shape;
    const moments = shape.moments.map((field) => batch.columnAt(field))
      .filter((column) => column instanceof Uint32Array);
    if (this.#clock.isSet && !this.#clock.admits(row, need, moments)) this.flush();
    const open = () => this.#clock.open(row, need, moments);
    open();
    if (this.#factsDue) this.#tellFacts(this.#teller!, open);
    const rate = this.#shapes.rate(row);
    const { samplerElement, needsBoot } = shape;
    const sampler = samplerElement === 0 ? undefined : this.#samplers.get(samplerElement, rate);
    const bootMs = needsBoot ? this.#clocks.bootMs(row) : undefined;
    const octets = shape.octets(batch, row);
    const template = this.#templates.get(shape.definition);
    // A packet that is full goes first: what is due is due in the next.
    this.#makeRoom(template.id, octets, open);
    const room = octets > 0 &&
      (sampler === undefined || this.#tellSampler(sampler, samplerElement, open)) &&
      (bootMs === undefined || this.#tellBoot(bootMs, open)) &&
      (shape.lists === undefined || this.#tellReferences(shape.lists, row, open)) &&
      this.#send(template, open) && this.#makeRoom(template.id, octets, open);
    if (!room) {
      this.refused++;
      return 1;
    }
    const places = Math.floor(this.#builder.room(template.id) / octets);
    const most = shape.fixed ? Math.min(end - row, places) : 1;
    let count = 1;
    while (
      count < most && this.#shapes.of(row + count) === shape &&
      (sampler === undefined || this.#shapes.rate(row + count) === rate) &&
      (bootMs === undefined || this.#clocks.bootMs(row + count) === bootMs) &&
      this.#clock.admits(row + count, need, moments)
    ) count++;
    const at = this.#builder.takeRecords(template.id, count, octets, template.shortest);
    shape.write(this.#source(sampler?.id ?? 0), row, count, this.#builder.view, at);
    if (shape.lists !== undefined) this.#references.write(this.#builder.view, at);
    this.rows += count;
    return count;
  }

  #source(sampler: number): EncodeSource {
    return {
      batch: this.#batch!,
      clocks: this.#clocks,
      clock: this.#clock,
      sampler,
      lost: this.#init.lost,
    };
  }

  /** Tells of a sampler if that is due; `false` if there can be no room. */
  #tellSampler(sampler: Sampler, element: number, open: () => void): boolean {
    if (!this.#isDue(sampler)) return true;
    const octets = SAMPLER_RECORD_OCTETS[this.#init.version];
    const at = this.#takeOptions(this.#samplers.definition(element), octets, open);
    if (at === undefined) return false;
    this.#samplers.write(sampler, this.#builder.view, at, this.#init.lost);
    this.#note(sampler);
    return true;
  }

  /** Tells when the exporter started if that is due; `false` if there can be no room. */
  #tellBoot(bootMs: number, open: () => void): boolean {
    if (this.#bootMs === bootMs && !this.#isDue(this.#bootTold)) return true;
    const at = this.#takeOptions(BOOT_DEFINITION, BOOT_RECORD_OCTETS, open);
    if (at === undefined) return false;
    const { domain, lost } = this.#init;
    writeBoot(domain, bootMs, this.#builder.view, at, lost);
    this.#bootMs = bootMs;
    this.#note(this.#bootTold);
    return true;
  }

  /** Tells the names and described elements that are due. */
  #tellFacts(teller: FactTeller, open: () => void): void {
    this.#factsDue = false;
    const before = this.packets;
    const { elements, names, describesNew } = teller.take(before, this.#now);
    for (const element of elements) this.#tellFact(element, open);
    // Receivers know an element by its name in the templates that come after.
    if (describesNew) this.#templates.forget();
    for (const name of names) this.#tellFact(name, open);
    teller.noteTaken(this.packets - before);
  }

  #tellFact({ definition, octets, name }: FactRecord, open: () => void): void {
    const at = octets && this.#takeOptions(definition, octets.length, open);
    if (octets === undefined || at === undefined) return countLost(this.#init.lost, name, 1);
    const { buffer, byteOffset } = this.#builder.view;
    new Uint8Array(buffer, byteOffset + at, octets.length).set(octets);
  }

  /** Takes room for a record of options, and sends its template if that is due. */
  #takeOptions(definition: Definition, octets: number, open: () => void): number | undefined {
    const options = this.#templates.get(definition);
    if (!this.#send(options, open) || !this.#makeRoom(options.id, octets, open)) return undefined;
    return this.#builder.takeRecords(options.id, 1, octets, options.shortest);
  }

  /** Sends the templates that lists of a row refer to, as far as they are due. */
  #tellReferences(origin: SchemaTemplate, row: number, open: () => void): boolean {
    const batch = this.#batch!;
    const { version } = batch.schemas[batch.schemaOf[row]];
    const found = this.#references.find(origin, batch.octets!.read(row)!, version === 9 ? 9 : 10);
    if (found === undefined) return false;
    for (const template of found) if (!this.#send(template, open)) return false;
    return true;
  }

  /** Sends a template if it is due. */
  #send(template: SentTemplate, open: () => void): boolean {
    if (!this.#isDue(template)) return true;
    const { definition, id } = template;
    const builder = this.#builder;
    const octets = builder.templateOctets(definition);
    if (!this.#makeRoom(builder.templateSet(definition), octets, open)) return false;
    builder.writeTemplate(id, definition);
    this.#note(template);
    this.templates++;
    return true;
  }

  #makeRoom(setId: number, octets: number, open: () => void): boolean {
    const builder = this.#builder;
    if (builder.room(setId) >= octets) return true;
    this.flush();
    open();
    return builder.room(setId) >= octets;
  }

  #isDue({ atPacket, atMs }: Told): boolean {
    const { resendPackets, resendMs } = this.#init;
    return atPacket < 0 || this.packets - atPacket >= resendPackets ||
      this.#now - atMs >= resendMs;
  }

  #note(told: Told): void {
    told.atPacket = this.packets;
    told.atMs = this.#now;
  }
}
