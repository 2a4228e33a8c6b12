import { ENCODED_TEMPLATES_MAX } from "./encode_limits.ts";
import type { Definition, Told } from "./encode_shape.ts";
import { DATA_SET_MIN } from "./read_templates.ts";
import { VARIABLE_LENGTH } from "./template.ts";

const ID_MAX = 0xffff;

/** A template as it is sent. */
export interface SentTemplate extends Told {
  readonly id: number;
  readonly definition: Definition;
  /** Octets that a record has at least. */
  readonly shortest: number;
}

/** The templates of an encoder, and their numbers. */
export class SentTemplates {
  /** By what they say; the one used least recently comes first. */
  readonly #byKey = new Map<string, SentTemplate>();
  readonly #ids = new Set<number>();
  #next = DATA_SET_MIN;
  #newest: SentTemplate | undefined;

  /** Templates that have a number. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The template that says what a definition does; a new one gets a number. */
  get(definition: Definition): SentTemplate {
    if (this.#newest?.definition === definition) return this.#newest;
    const { key } = definition;
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      this.#byKey.delete(key);
      this.#byKey.set(key, known);
      return this.#newest = known;
    }
    return this.#newest = this.#add(definition, this.#numberOf(definition));
  }

  /**
   * A template that records refer to by its number: one that says the same under another number will
   * not do where its own is free, since the number may tell what records are about.
   */
  getAs(definition: Definition): SentTemplate {
    const { key, preferredId } = definition;
    const known = this.#byKey.get(key);
    const own = `${key}=${preferredId}`;
    const same = known === undefined || known.id === preferredId ||
      (preferredId !== undefined && this.#ids.has(preferredId) && !this.#byKey.has(own));
    return this.get(same ? definition : { ...definition, key: own });
  }

  /**
   * A number for a template that nobody knows: it means nothing else.
   *
   * @param id The number that it had, which it keeps if that is free
   */
  setAside(id: number): SentTemplate {
    return this.get({ fields: [], preferredId: id, key: `?${id}` });
  }

  #add(definition: Definition, id: number): SentTemplate {
    if (this.#byKey.size >= ENCODED_TEMPLATES_MAX) this.#forgetOldest();
    const template: SentTemplate = {
      id,
      definition,
      shortest: definition.fields.reduce((sum, { length }) => {
        return sum + (length === VARIABLE_LENGTH ? 1 : length);
      }, 0),
      atPacket: -1,
      atMs: 0,
    };
    this.#byKey.set(definition.key, template);
    this.#ids.add(id);
    return template;
  }

  /** Has all of them sent again before they are used. */
  forget(): void {
    for (const template of this.#byKey.values()) template.atPacket = -1;
  }

  #forgetOldest(): void {
    for (const [key, { id }] of this.#byKey) {
      this.#byKey.delete(key);
      this.#ids.delete(id);
      return;
    }
  }

  #numberOf({ preferredId }: Definition): number {
    if (preferredId !== undefined && !this.#ids.has(preferredId)) return preferredId;
    while (this.#ids.has(this.#next)) {
      this.#next = this.#next === ID_MAX ? DATA_SET_MIN : this.#next + 1;
    }
    return this.#next;
  }
}
