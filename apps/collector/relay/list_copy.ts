import type { FlowBatch, FlowSchema } from "@flowtools/flow-model";
import {
  findListNumbers,
  type InformationElement,
  type ListContext,
  RecordFields,
  Template,
  type TemplateDialect,
  type TemplateField,
  templateOf,
} from "@flowtools/netflow-pdu";

/** A template of flows, as it can be posted. */
export interface TemplateCopy {
  readonly id: number;
  readonly fields: readonly TemplateField[];
}

/** What the lists in records of one shape refer to, as it can be posted. */
export interface ListsCopy {
  readonly version: TemplateDialect["version"];
  readonly templates: readonly TemplateCopy[];
  readonly elements: readonly InformationElement[];
}

/**
 * Finds what the lists in records of a batch refer to (RFC 6313).
 *
 * @param batch The flows
 * @returns By shape; only those of records with lists
 */
export function copyLists(batch: FlowBatch): ReadonlyMap<FlowSchema, ListsCopy> {
  const copies = new Map<FlowSchema, ListsCopy>();
  for (const [index, schema] of batch.schemas.entries()) {
    const { template, lists } = templateOf(schema) ?? {};
    if (template === undefined || lists === undefined) continue;
    const copy = new ListsCopier(template, lists);
    for (let row = 0; row < batch.length; row++) {
      if (batch.schemaOf[row] === index) copy.add(batch.octets?.read(row));
    }
    copies.set(schema, copy.result());
  }
  return copies;
}

const FIELDS = new RecordFields();

/** Notes what lists ask for while they are taken apart. */
class ListsCopier {
  readonly #template: Template;
  readonly #version: TemplateDialect["version"];
  readonly #context: ListContext;
  readonly #templates = new Map<number, TemplateCopy>();
  readonly #elements = new Map<string, InformationElement>();

  constructor(template: Template, { dialect, findTemplate }: ListContext) {
    this.#template = template;
    this.#version = dialect.version;
    this.#context = {
      findTemplate: (id) => {
        const found = findTemplate(id);
        if (found !== undefined) this.#templates.set(id, { id, fields: found.fields });
        return found;
      },
      dialect: {
        version: dialect.version,
        findElement: (enterprise, id) => {
          const element = dialect.findElement(enterprise, id);
          if (element !== undefined) this.#elements.set(`${enterprise}.${id}`, element);
          return element;
        },
      },
    };
  }

  add(octets: Uint8Array | undefined): void {
    if (octets === undefined) return;
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    if (FIELDS.locate(this.#template, view, 0, octets.length) < 0) return;
    findListNumbers(this.#template, view, FIELDS, this.#context);
  }

  result(): ListsCopy {
    const version = this.#version;
    return {
      version,
      templates: [...this.#templates.values()],
      elements: [...this.#elements.values()],
    };
  }
}

/**
 * What lists are taken apart with.
 *
 * @param copy The copy, as it was posted
 * @returns Templates and elements of the copy
 */
export function listsFrom({ version, templates, elements }: ListsCopy): ListContext {
  const byId = new Map(templates.map(({ id, fields }) => [id, new Template(id, fields)]));
  const byNumber = new Map(
    elements.map((element) => [`${element.enterprise}.${element.id}`, element]),
  );
  return {
    findTemplate: (id) => byId.get(id),
    dialect: {
      version,
      findElement: (enterprise, id) => byNumber.get(`${enterprise}.${id}`),
    },
  };
}
