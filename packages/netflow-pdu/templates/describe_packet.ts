import { valueText } from "@flowtools/flow-model";
import type { PduInput } from "../codec.ts";
import { hexOctets, type PduFieldDump } from "../dump.ts";
import {
  readTemplates,
  SET_NUMBERS,
  type TemplateDialect,
  type TemplateReceiver,
} from "./read_templates.ts";
import { ListReader } from "./structured.ts";
import type { PacketFrame } from "./template_codec.ts";
import { RecordFields, type Template, type TemplateField, VARIABLE_LENGTH } from "./template.ts";
import { type SetReceiver, walkSets } from "./walk_sets.ts";

/** What is needed to take a packet apart. */
export interface DescribeInit {
  readonly input: PduInput;
  readonly frame: PacketFrame;
  readonly dialect: TemplateDialect;
  /** Finds a template that an earlier packet brought. */
  readonly find: (id: number) => Template | undefined;
}

/**
 * Lists what follows the header of a packet of NetFlow v9 or IPFIX, as far as it goes.
 *
 * @param init The packet, and what is known of its exporter
 * @returns Sets, templates and fields of records in wire order; every octet stands in one of them
 */
export function describeSets(init: DescribeInit): PduFieldDump[] {
  const { input, frame, dialect } = init;
  const dumper = new SetDumper(init);
  walkSets(dialect.version, input.view, frame.from, frame.to, dumper);
  dumper.rest(input.offset + frame.length);
  return dumper.dumps;
}

class SetDumper implements SetReceiver, TemplateReceiver {
  readonly dumps: PduFieldDump[] = [];
  readonly #init: DescribeInit;
  readonly #view: DataView;
  /** Templates of the packet itself. */
  readonly #templates = new Map<number, Template>();
  readonly #fields = new RecordFields();
  /** The first octet that was not listed, in the view. */
  #at: number;
  #record = -1;

  constructor(init: DescribeInit) {
    this.#init = init;
    this.#view = init.input.view;
    this.#at = init.frame.from;
  }

  templates(options: boolean, from: number, to: number): undefined {
    this.#head(from, options ? "Set of options templates" : "Set of templates");
    readTemplates(this.#init.dialect, options, this.#view, from, to, this);
    this.#octets(to, "padding", "Octets of the set that are no whole template");
    return undefined;
  }

  template(template: Template): void {
    const { id, fields, options, scopeCount } = template;
    const ipfix = this.#init.dialect.version === 10;
    this.#number("templateId", 2, "Number of the template", id);
    if (options && !ipfix) {
      this.#number("scopeLength", 2, "Octets of the scope fields that follow");
      this.#number("optionLength", 2, "Octets of the other fields that follow");
    } else {
      this.#number("fieldCount", 2, "Fields that follow", fields.length);
      if (options) this.#number("scopeFieldCount", 2, "How many are scope", scopeCount);
    }
    for (const field of fields) {
      const privately = ipfix && (this.#view.getUint16(this.#at) & ENTERPRISE_BIT) !== 0;
      const doc = field.scope ? "Scope field of the template" : "Field of the template";
      this.#field(this.#at + (privately ? 8 : 4), field.name, textOf(field), doc);
    }
    this.#templates.set(id, template);
  }

  withdraw(id: number, options: boolean): void {
    const numbers = SET_NUMBERS[this.#init.dialect.version];
    const all = id === (options ? numbers.options : numbers.template);
    const doc = all ? "All templates of the kind are no more" : "The template is no more";
    this.#number("templateId", 2, doc, id);
    this.#number("fieldCount", 2, "0 takes a template back", 0);
    this.#templates.delete(id);
  }

  data(id: number, from: number, to: number): undefined {
    const template = this.#templates.get(id) ?? this.#init.find(id);
    this.#head(from, "Set of records");
    if (template === undefined) {
      this.#octets(to, "records", `Records of template ${id}, which is not known`);
      return undefined;
    }
    const { minOctets } = template;
    while (minOctets > 0 && to - this.#at >= minOctets) {
      const end = this.#fields.locate(template, this.#view, this.#at, to);
      if (end < 0) break;
      this.#record++;
      this.#values(template);
    }
    this.#octets(to, "padding", "Octets of the set that are no whole record");
    return undefined;
  }

  /** Lists octets up to the end of the datagram that belong to no set. */
  rest(end: number): void {
    this.#octets(end, "trailing", "Octets that are no set");
  }

  #head(from: number, doc: string): void {
    this.#octets(from - SET_HEAD, "set", "Set that means nothing");
    this.#number("setId", 2, doc);
    this.#number("setLength", 2, "Octets of the set, this head included");
  }

  /** Lists the fields of the record that was located. Fields without octets have no place. */
  #values(template: Template): void {
    const { offsets, lengths } = this.#fields;
    const { dialect, find } = this.#init;
    const reader = new ListReader(this.#view, {
      dialect,
      findTemplate: (id) => this.#templates.get(id) ?? find(id),
    });
    for (const [index, { name, element }] of template.fields.entries()) {
      const end = offsets[index] + lengths[index];
      if (end === this.#at) continue;
      const value = reader.field(template, index, this.#fields);
      const shown = Number.isFinite(value) ? value as number : valueText(value);
      const doc = element === undefined ? "Element that is not known" : element.type;
      this.#field(end, name, shown, doc, this.#record);
    }
  }

  #number(name: string, width: 2, doc: string, value?: number): void {
    const at = this.#at;
    this.#field(at + width, name, value ?? this.#view.getUint16(at), doc);
  }

  /** Lists octets that are no field, where there are some. */
  #octets(end: number, name: string, doc: string): void {
    if (end > this.#at) this.#field(end, name, `${end - this.#at} bytes`, doc);
  }

  #field(end: number, name: string, value: number | string, doc: string, record?: number): void {
    const offset = this.#at - this.#init.input.offset;
    const width = end - this.#at;
    const dump = { offset, width, name, value, hex: hexOctets(this.#view, this.#at, width), doc };
    this.dumps.push(record === undefined ? dump : { ...dump, record });
    this.#at = end;
  }
}

const SET_HEAD = 4;
const ENTERPRISE_BIT = 0x8000;

function textOf({ enterprise, id, length }: TemplateField): string {
  const element = enterprise === 0 ? `element ${id}` : `element ${enterprise}.${id}`;
  return `${element}, ${length === VARIABLE_LENGTH ? "variable length" : `${length} bytes`}`;
}
