import type { PduHeader, PduHeaderName } from "../codec.ts";
import { type HeaderLayout, writeHeaderField } from "../header_layout.ts";
import type { Definition } from "./encode_shape.ts";
import { SET_NUMBERS } from "./read_templates.ts";

/** Octets of the head of a set. */
const SET_HEAD = 4;
/** NetFlow v9 fills sets up to so many octets (RFC 3954, section 5.3). */
const ALIGNMENT = 4;
const ENTERPRISE_BIT = 0x8000;
/** Octets of a field of a template, and of the number of its enterprise. */
const FIELD_OCTETS = 4;

/** One packet that is being filled, set by set. */
export class PacketBuilder {
  /** Records so far, those of templates included. */
  records = 0;
  /** Data records so far. */
  dataRecords = 0;
  readonly view: DataView;
  readonly #version: 9 | 10;
  readonly #header: HeaderLayout;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #max: number;
  #length: number;
  /** The set that is open, or -1. */
  #setId = -1;
  #setStart = 0;
  /** Octets of the shortest record of that set: padding must be shorter. */
  #shortest = 0;

  /**
   * Makes an empty packet.
   *
   * @param version Export version
   * @param header Its header
   * @param octetsMax Octets of a packet at most
   */
  constructor(version: 9 | 10, header: HeaderLayout, octetsMax: number) {
    this.#version = version;
    this.#header = header;
    // What fills a set up has room, always.
    this.#max = version === 9 ? octetsMax - octetsMax % ALIGNMENT : octetsMax;
    this.#bytes = new Uint8Array(octetsMax);
    this.view = new DataView(this.#bytes.buffer);
    this.#length = header.table.size;
  }

  /** Whether there is nothing in it but the header. */
  get empty(): boolean {
    return this.#length === this.#header.table.size;
  }

  /** Octets that records of a set may still take. */
  room(setId: number): number {
    return this.#max - this.#length - (setId === this.#setId ? 0 : this.#padding() + SET_HEAD);
  }

  /**
   * Takes room for data records.
   *
   * @param setId The number of their template
   * @param count How many
   * @param octets Octets of each; there is `room`
   * @param shortest Octets that a record of the set has at least
   * @returns Where the first goes
   */
  takeRecords(setId: number, count: number, octets: number, shortest: number): number {
    this.#openSet(setId, shortest);
    const offset = this.#length;
    this.#length += count * octets;
    this.records += count;
    this.dataRecords += count;
    return offset;
  }

  /** Octets of a template. */
  templateOctets({ fields, scopeCount }: Definition): number {
    const enterprises = fields.filter(({ enterprise }) => enterprise !== 0).length;
    return (scopeCount === undefined ? 4 : 6) + FIELD_OCTETS * (fields.length + enterprises);
  }

  /** The number of the set that templates of a kind are in. */
  templateSet({ scopeCount }: Definition): number {
    const { template, options } = SET_NUMBERS[this.#version];
    return scopeCount === undefined ? template : options;
  }

  /**
   * Writes a template; there is `room` for it.
   *
   * @param id Its number
   * @param definition What it says
   */
  writeTemplate(id: number, definition: Definition): void {
    const { fields, scopeCount } = definition;
    const { view } = this;
    this.#openSet(this.templateSet(definition), HEAD_OCTETS_MIN);
    this.records++;
    let at = this.#length;
    const put = (value: number) => {
      view.setUint16(at, value);
      at += 2;
    };
    put(id);
    if (scopeCount === undefined || this.#version === 10) put(fields.length);
    if (scopeCount !== undefined && this.#version === 10) put(scopeCount);
    if (scopeCount !== undefined && this.#version === 9) {
      put(scopeCount * FIELD_OCTETS);
      put((fields.length - scopeCount) * FIELD_OCTETS);
    }
    for (const { enterprise, id, length } of fields) {
      put(enterprise === 0 ? id : id | ENTERPRISE_BIT);
      put(length);
      if (enterprise === 0) continue;
      view.setUint32(at, enterprise);
      at += 4;
    }
    this.#length = at;
  }

  /**
   * Completes the packet and empties the builder.
   *
   * @param header What the header says; version, count and length are set here
   * @returns The packet, a copy
   */
  finish(header: Partial<PduHeader>): Uint8Array<ArrayBuffer> {
    this.#closeSet();
    const length = this.#length;
    this.#bytes.fill(0, 0, this.#header.table.size);
    const own: Partial<Record<PduHeaderName, number>> = {
      ...header,
      version: this.#version,
      count: this.records,
      length,
    };
    for (const field of this.#header.fields) {
      writeHeaderField(field, own[field.name] ?? 0, this.view);
    }
    this.#length = this.#header.table.size;
    this.records = 0;
    this.dataRecords = 0;
    return this.#bytes.slice(0, length);
  }

  #openSet(setId: number, shortest: number): void {
    if (setId === this.#setId) return;
    this.#closeSet();
    this.#setId = setId;
    this.#setStart = this.#length;
    this.#shortest = shortest;
    this.view.setUint16(this.#length, setId);
    this.#length += SET_HEAD;
  }

  #closeSet(): void {
    if (this.#setId < 0) return;
    const padding = this.#padding();
    this.#bytes.fill(0, this.#length, this.#length + padding);
    this.#length += padding;
    this.view.setUint16(this.#setStart + 2, this.#length - this.#setStart);
    this.#setId = -1;
  }

  /** Octets that fill the open set up; none where they have no room or could be taken for a record. */
  #padding(): number {
    if (this.#version === 10 || this.#setId < 0) return 0;
    const padding = -(this.#length - this.#setStart) & (ALIGNMENT - 1);
    const fits = this.#length + padding <= this.#bytes.length;
    return fits && padding < this.#shortest ? padding : 0;
  }
}

/** Octets of the shortest template: fewer are padding. */
const HEAD_OCTETS_MIN = 4;
