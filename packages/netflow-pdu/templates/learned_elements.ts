import { fieldIndex } from "@flowtools/flow-model";
import {
  ELEMENT_TYPE_NAMES,
  type ElementRow,
  type InformationElement,
} from "../elements/element.ts";
import { ELEMENT_NAME, ENTERPRISE_MAX, IPFIX_ID_MAX } from "../elements/element_bounds.ts";
import type { DescribedElements } from "./fact_origin.ts";
import { readNumber } from "./number.ts";
import { textAt } from "./text.ts";
import type { TemplateStore } from "./template_store.ts";
import type { RecordFields, Template } from "./template.ts";

/** Elements that describe elements (RFC 5610, section 3). */
export const DESCRIPTION = { enterprise: 346, id: 303, type: 339, name: 341 } as const;

/** A reverse or other element of an enterprise may come with the bit that says so. */
const ID_MASK = IPFIX_ID_MAX;

/** Where the records of an options template describe elements. */
type DescriptionFields = Readonly<Record<keyof typeof DESCRIPTION, number>>;

/** What an exporter told of the elements that it uses. */
export class LearnedElements implements DescribedElements {
  #revision = 0;
  readonly #store: TemplateStore;
  readonly #elements = new Map<number, InformationElement>();
  /** Where templates describe elements; `undefined` for those that do not. */
  readonly #fields = new WeakMap<Template, DescriptionFields | undefined>();

  /** @param store What it shares with the other exporters of the codec */
  constructor(store: TemplateStore) {
    this.#store = store;
  }

  /**
   * Finds an element that was described.
   *
   * @param enterprise Who defined it
   * @param id Its number
   */
  find(enterprise: number, id: number): InformationElement | undefined {
    return this.#elements.size === 0 ? undefined : this.#elements.get(keyOf(enterprise, id));
  }

  /** Another number whenever an element was described anew. */
  get revision(): number {
    return this.#revision;
  }

  /** The elements that were described. */
  [Symbol.iterator](): IterableIterator<InformationElement> {
    return this.#elements.values();
  }

  /**
   * Learns from an options record, where it describes an element.
   *
   * @param template The shape of the record
   * @param view Octets that hold it
   * @param located Where its fields are
   */
  learn(template: Template, view: DataView, located: RecordFields): void {
    const fields = this.#fieldsOf(template);
    if (fields === undefined) return;
    const { offsets, lengths } = located;
    const read = (index: number) => readNumber(view, offsets[index], lengths[index]);
    const enterprise = fields.enterprise < 0 ? 0 : read(fields.enterprise);
    const type = fields.type < 0 ? "octetArray" : ELEMENT_TYPE_NAMES[read(fields.type)];
    const name = textAt(view, offsets[fields.name], lengths[fields.name]);
    if (type === undefined || !this.add(enterprise, [read(fields.id) & ID_MASK, name, type])) {
      this.#store.counters.elementsRefused++;
    }
  }

  /**
   * Adds an element.
   *
   * @param enterprise Who defined it
   * @param row The element
   * @returns Whether it was taken; it is not where its name cannot be one, or there are too many
   */
  add(enterprise: number, [id, name, type]: ElementRow): boolean {
    const key = keyOf(enterprise, id);
    const nameable = ELEMENT_NAME.test(name) && fieldIndex(name) < 0;
    if (!nameable || enterprise > ENTERPRISE_MAX) return false;
    if (!this.#elements.has(key) && this.#elements.size >= this.#store.limits.elements) {
      return false;
    }
    const known = this.#elements.get(key);
    if (known?.name !== name || known.type !== type) {
      this.#elements.set(key, { enterprise, id, name, type });
      this.#revision++;
    }
    return true;
  }

  #fieldsOf(template: Template): DescriptionFields | undefined {
    if (this.#fields.has(template)) return this.#fields.get(template);
    const at = (wanted: number) =>
      template.fields.findIndex(({ enterprise, id }) => enterprise === 0 && id === wanted);
    const found: DescriptionFields = {
      enterprise: at(DESCRIPTION.enterprise),
      id: at(DESCRIPTION.id),
      type: at(DESCRIPTION.type),
      name: at(DESCRIPTION.name),
    };
    const fields = found.id >= 0 && found.name >= 0 ? found : undefined;
    this.#fields.set(template, fields);
    return fields;
  }
}

/** Enterprise and number as one exact number of 48 bits. */
function keyOf(enterprise: number, id: number): number {
  return enterprise * 2 ** 16 + id;
}
