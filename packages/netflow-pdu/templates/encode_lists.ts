import type { ElementRegistry } from "../elements/registry.ts";
import { defineTemplate, type Definition } from "./encode_shape.ts";
import type { SentTemplate, SentTemplates } from "./encode_templates.ts";
import { translateFields } from "./encode_translate.ts";
import { NESTED_TEMPLATES_MAX } from "./encode_limits.ts";
import { DATA_SET_MIN } from "./read_templates.ts";
import type { SchemaTemplate } from "./record_reader.ts";
import { findListNumbers } from "./structured.ts";
import { RecordFields, type Template } from "./template.ts";

/** A place in a record that tells the number of a template. */
interface Reference {
  /** Octets from the start of the record. */
  readonly offset: number;
  /** The template as it is sent. */
  readonly sent: SentTemplate;
}

/**
 * The templates that lists in copied records refer to (RFC 6313): which have to be sent before a
 * record, and under which numbers, which it has to tell then.
 */
export class ListReferences {
  readonly #templates: SentTemplates;
  readonly #elements: ElementRegistry;
  readonly #located = new RecordFields();
  readonly #definitions = new WeakMap<Template, Definition>();
  /** Those of the record that was looked at last. */
  #references: readonly Reference[] = [];

  /**
   * @param templates Gives templates their numbers
   * @param elements Known elements
   */
  constructor(templates: SentTemplates, elements: ElementRegistry) {
    this.#templates = templates;
    this.#elements = elements;
  }

  /**
   * Finds what a record refers to.
   *
   * @param origin Its shape, and the templates of its exporter
   * @param octets The record
   * @param version Export version that it came in
   * @returns The templates to be sent before it, each once; `undefined` where they are too many
   */
  find(
    { template, lists }: SchemaTemplate,
    octets: Uint8Array,
    version: 9 | 10,
  ): ReadonlySet<SentTemplate> | undefined {
    this.#references = [];
    const toSend = new Set<SentTemplate>();
    if (lists === undefined) return toSend;
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    this.#located.locate(template, view, 0, octets.length);
    const sent = new Map<number, SentTemplate>();
    const references: Reference[] = [];
    for (const offset of findListNumbers(template, view, this.#located, lists)) {
      const id = view.getUint16(offset);
      // Lists without records may have no template.
      if (id < DATA_SET_MIN) continue;
      let known = sent.get(id);
      if (known === undefined) {
        if (sent.size >= NESTED_TEMPLATES_MAX) return undefined;
        const nested = lists.findTemplate(id);
        known = nested === undefined
          ? this.#templates.setAside(id)
          : this.#templates.getAs(this.#definition(nested, version));
        if (nested !== undefined) toSend.add(known);
        sent.set(id, known);
      }
      references.push({ offset, sent: known });
    }
    this.#references = references;
    return toSend;
  }

  /**
   * Has the copy of the record that was looked at last tell the numbers that are sent.
   *
   * @param view Octets that hold the copy
   * @param at Where it starts
   */
  write(view: DataView, at: number): void {
    for (const { offset, sent } of this.#references) view.setUint16(at + offset, sent.id);
  }

  #definition(template: Template, version: 9 | 10): Definition {
    let definition = this.#definitions.get(template);
    if (definition === undefined) {
      const fields = translateFields(template, version, 10, this.#elements)
        .flatMap(({ field }) => field ?? []);
      definition = defineTemplate(fields, { preferredId: template.id });
      this.#definitions.set(template, definition);
    }
    return definition;
  }
}
