import {
  ELEMENT_TYPES,
  type ElementTable,
  type InformationElement,
  REVERSE_ENTERPRISE,
} from "./element.ts";
import {
  ELEMENT_NAME,
  ELEMENT_NAME_RULE,
  elementIdMax,
  ENTERPRISE_MAX,
  IPFIX_ID_MAX,
} from "./element_bounds.ts";
import { ENTERPRISE_TABLES } from "./enterprise_elements/mod.ts";
import { IANA_ELEMENTS } from "./iana_elements.ts";
import { NETFLOW9_TABLES } from "./netflow9_elements.ts";

/**
 * All elements that are built in: IANA's, NetFlow v9's, those of enterprises.
 *
 * IANA's come first, so that a name that several have (`userName`) means IANA's.
 */
export const ELEMENT_TABLES: readonly ElementTable[] = [
  IANA_ELEMENTS,
  ...NETFLOW9_TABLES,
  ...ENTERPRISE_TABLES,
];

/** What the constructor of {@linkcode ElementRegistry} may be told. */
export interface ElementRegistryInit {
  /**
   * Whether the tables of an enterprise are looked at only when it is first asked for; default
   * `false`. What is wrong with them throws then.
   */
  readonly lazily?: boolean;
}

/** What {@linkcode ElementRegistry.with} may be told. */
export interface ElementRegistryOptions {
  /** Whether elements that are known already may be given anew; default `false`: it throws. */
  readonly replace?: boolean;
}

/**
 * Enterprise numbers under which ipfixcol2 carries field types of NetFlow v9 in IPFIX (libfds,
 * `netflow.xml` and `netflowExtra.xml`): what is added to the id.
 */
export const CARRIED_NETFLOW9: ReadonlyMap<number, number> = new Map([
  [0xffff_fffe, 0],
  [0xffff_ffff, 32768],
]);

/** The elements of one enterprise by id. */
type Elements = Map<number, InformationElement>;

interface RegisteredTable {
  readonly table: ElementTable;
  /** Whether its elements take the place of known ones. */
  readonly replace: boolean;
}

/**
 * The information elements that a decoder knows: a value that nothing changes.
 *
 * @example
 * ```ts
 * import { createElementRegistry } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const elements = createElementRegistry();
 * assertEquals(elements.find(0, 1)?.name, "octetDeltaCount");
 * assertEquals(elements.find(29305, 1)?.name, "reverseOctetDeltaCount");
 * assertEquals(elements.find(5951, 130)?.name, "netscalerHttpReqUrl");
 * assertEquals(elements.find(0, 40001)?.name, "xlateSrcAddrIPv4");
 * assertEquals(elements.find(64512, 1), undefined);
 * assertEquals(elements.findName("octetdeltacount")?.id, 1);
 * ```
 */
export class ElementRegistry implements Iterable<InformationElement> {
  /** The tables of each enterprise; those of built-in elements are many and rarely needed. */
  readonly #tables = new Map<number, RegisteredTable[]>();
  /** Their elements, of the enterprises that were asked for. */
  readonly #elements = new Map<number, Elements>();
  /** Elements that are derived when first asked for: reverse ones, carried ones. */
  readonly #derived = new Map<number, Elements>();
  /** Elements by name in lower case; made when first asked for. */
  #names: Map<string, InformationElement[]> | undefined;

  /**
   * Makes a registry; {@linkcode createElementRegistry} makes the usual one.
   *
   * @param tables The elements
   * @param init Whether to look at them now
   * @throws {RangeError} A table has an element that another has or that cannot be, or gives two
   * of its elements the same name
   */
  constructor(tables: readonly ElementTable[], init: ElementRegistryInit = {}) {
    for (const table of tables) this.#add(table, false);
    if (init.lazily !== true) this.#lookAtAll();
  }

  /** How many elements there are, derived ones not counted. */
  get size(): number {
    this.#lookAtAll();
    let size = 0;
    for (const elements of this.#elements.values()) size += elements.size;
    return size;
  }

  /**
   * Finds an element.
   *
   * Reverse elements (RFC 5103, enterprise 29305) are found by the element that they are the
   * reverse of, named `reverse…`. Field types of NetFlow v9, above 32767 too, are those of
   * enterprise 0.
   *
   * @param enterprise 0 for IANA and NetFlow v9, else a private enterprise number
   * @param id Number of the element or field type
   * @returns The element, or `undefined` where nothing is known of it
   */
  find(enterprise: number, id: number): InformationElement | undefined {
    return this.#elementsOf(enterprise)?.get(id) ??
      this.#derived.get(enterprise)?.get(id) ?? this.#derive(enterprise, id);
  }

  /**
   * Finds an element by its name, in whatever case, or by `enterprise.id` in decimal. Of several
   * elements of the same name, it finds the one that was registered first: IANA's, if IANA has it.
   *
   * @param name Name or number
   * @returns The element, or `undefined` where nothing is known of it
   */
  findName(name: string): InformationElement | undefined {
    return this.findNames(name)[0];
  }

  /**
   * Finds all elements that have a name, such as `flowId`, which IANA and several enterprises
   * have. Otherwise like {@linkcode ElementRegistry.findName}.
   *
   * @param name Name, in whatever case, or `enterprise.id`
   * @returns The elements, first registered first
   */
  findNames(name: string): readonly InformationElement[] {
    const number = /^(\d{1,10})\.(\d{1,5})$/.exec(name);
    if (number !== null) {
      const element = this.find(Number(number[1]), Number(number[2]));
      return element === undefined ? [] : [element];
    }
    this.#names ??= this.#indexNames();
    const key = name.toLowerCase();
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    if (!key.startsWith(REVERSE_PREFIX)) return [];
    const reverses: InformationElement[] = [];
    for (const { enterprise, id } of this.#names.get(key.slice(REVERSE_PREFIX.length)) ?? []) {
      const reverse = enterprise === 0
        ? this.find(REVERSE_ENTERPRISE, id)
        : this.find(enterprise, id | this.#reverseBit(enterprise));
      if (reverse?.name.toLowerCase() === key) reverses.push(reverse);
    }
    return reverses;
  }

  /**
   * Makes a registry that knows further elements.
   *
   * @param tables The further elements, such as {@linkcode parseElementTable} reads them
   * @param options Whether known elements may be replaced
   * @returns A new registry; this one stays as it is
   * @throws {RangeError} An element is known already and may not be replaced, or cannot be
   *
   * @example
   * ```ts
   * import { createElementRegistry } from "@flowtools/netflow-pdu";
   * import { assertEquals, assertThrows } from "@std/assert";
   *
   * const known = createElementRegistry();
   * const own = { enterprise: 64512, owner: "Us", elements: [[1, "rackId", "unsigned16"]] as const };
   * assertEquals(known.with([own]).find(64512, 1)?.name, "rackId");
   * assertEquals(known.find(64512, 1), undefined);
   *
   * const other = { enterprise: 0, owner: "Us", elements: [[1, "bytes", "unsigned64"]] as const };
   * assertThrows(() => known.with([other]), RangeError);
   * assertEquals(known.with([other], { replace: true }).find(0, 1)?.name, "bytes");
   * ```
   */
  with(tables: readonly ElementTable[], options: ElementRegistryOptions = {}): ElementRegistry {
    const registry = new ElementRegistry([]);
    for (const [enterprise, known] of this.#tables) registry.#tables.set(enterprise, [...known]);
    for (const [enterprise, known] of this.#elements) registry.#elements.set(enterprise, known);
    for (const table of tables) registry.#add(table, options.replace === true);
    registry.#lookAtTouched(tables);
    return registry;
  }

  /**
   * Goes through all elements, derived ones excepted: by enterprise, first registered first.
   *
   * @returns The elements
   */
  *[Symbol.iterator](): IterableIterator<InformationElement> {
    for (const enterprise of this.#tables.keys()) {
      yield* this.#elementsOf(enterprise)?.values() ?? [];
    }
  }

  #add(table: ElementTable, replace: boolean): void {
    const { enterprise, owner } = table;
    if (!Number.isInteger(enterprise) || enterprise < 0 || enterprise > ENTERPRISE_MAX) {
      throw new RangeError(
        `Cannot register elements of "${owner}": the enterprise number is ${enterprise}, ` +
          `expected 0 to ${ENTERPRISE_MAX}`,
      );
    }
    const tables = this.#tables.get(enterprise);
    if (tables === undefined) this.#tables.set(enterprise, [{ table, replace }]);
    else tables.push({ table, replace });
  }

  #lookAtAll(): void {
    for (const enterprise of this.#tables.keys()) this.#elementsOf(enterprise);
  }

  /** Looks at the enterprises of tables that came after the others were looked at. */
  #lookAtTouched(tables: readonly ElementTable[]): void {
    for (const { enterprise } of tables) this.#elements.delete(enterprise);
    for (const { enterprise } of tables) this.#elementsOf(enterprise);
  }

  #elementsOf(enterprise: number): Elements | undefined {
    const known = this.#elements.get(enterprise);
    if (known !== undefined) return known;
    const tables = this.#tables.get(enterprise);
    if (tables === undefined) return undefined;
    const elements: Elements = new Map();
    for (const { table, replace } of tables) addElements(elements, table, replace);
    this.#elements.set(enterprise, elements);
    return elements;
  }

  #derive(enterprise: number, id: number): InformationElement | undefined {
    const element = this.#reverse(enterprise, id) ?? this.#carried(enterprise, id);
    if (element === undefined) return undefined;
    let elements = this.#derived.get(enterprise);
    if (elements === undefined) this.#derived.set(enterprise, elements = new Map());
    elements.set(id, element);
    return element;
  }

  /** The reverse of a known element. */
  #reverse(enterprise: number, id: number): InformationElement | undefined {
    let forward: InformationElement | undefined;
    if (enterprise === REVERSE_ENTERPRISE) {
      if (id <= IPFIX_ID_MAX) forward = this.#elementsOf(0)?.get(id);
    } else {
      const bit = this.#reverseBit(enterprise);
      if ((id & bit) !== 0) forward = this.#elementsOf(enterprise)?.get(id ^ bit);
    }
    if (forward === undefined) return undefined;
    const { name, type } = forward;
    return { enterprise, id, name: `reverse${name[0].toUpperCase()}${name.slice(1)}`, type };
  }

  /** The bit that marks reverse elements of an enterprise; 0 where it has none. */
  #reverseBit(enterprise: number): number {
    const tables = this.#tables.get(enterprise) ?? [];
    return tables.find(({ table }) => table.reverseBit !== undefined)?.table.reverseBit ?? 0;
  }

  /** A field type of NetFlow v9 under one of the numbers that carry them in IPFIX. */
  #carried(enterprise: number, id: number): InformationElement | undefined {
    const distance = CARRIED_NETFLOW9.get(enterprise);
    if (distance === undefined) return undefined;
    const fieldType = this.#elementsOf(0)?.get(id + distance);
    return fieldType && { ...fieldType, enterprise, id };
  }

  #indexNames(): Map<string, InformationElement[]> {
    const names = new Map<string, InformationElement[]>();
    for (const element of this) {
      const key = element.name.toLowerCase();
      const elements = names.get(key);
      if (elements === undefined) names.set(key, [element]);
      else elements.push(element);
    }
    return names;
  }
}

function addElements(elements: Elements, table: ElementTable, replace: boolean): void {
  const { enterprise, owner } = table;
  const idMax = elementIdMax(enterprise);
  const names = new Set<string>();
  for (const [id, name, type] of table.elements) {
    const where = () => `Cannot register element ${enterprise}.${id} "${name}" of "${owner}"`;
    if (!Number.isInteger(id) || id < 0 || id > idMax) {
      throw new RangeError(`${where()}: its id is ${id}, expected 0 to ${idMax}`);
    }
    if (!ELEMENT_NAME.test(name)) {
      throw new RangeError(`${where()}: its name is not ${ELEMENT_NAME_RULE}`);
    }
    if (!Object.hasOwn(ELEMENT_TYPES, type)) {
      throw new RangeError(`${where()}: its type "${type}" is none of ELEMENT_TYPES`);
    }
    if (names.has(name.toLowerCase())) {
      throw new RangeError(`${where()}: another element of the table has its name`);
    }
    names.add(name.toLowerCase());
    const known = elements.get(id);
    if (known !== undefined && !replace) {
      throw new RangeError(`${where()}: the id is taken by "${known.name}"`);
    }
    elements.set(id, { enterprise, id, name, type });
  }
}

/** What the names of reverse elements begin with, in lower case. */
const REVERSE_PREFIX = "reverse";

let builtIn: ElementRegistry | undefined;

/**
 * Makes a registry of elements; of those built in, always the same.
 *
 * @param tables The elements
 * @returns The registry
 * @throws {RangeError} As the constructor of {@linkcode ElementRegistry}
 *
 * @example Two tables of one's own and nothing else
 * ```ts
 * import { createElementRegistry, IANA_ELEMENTS } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const own = { enterprise: 64512, owner: "Us", elements: [[1, "rackId", "unsigned16"]] as const };
 * const elements = createElementRegistry([IANA_ELEMENTS, own]);
 * assertEquals(elements.findName("rackId"), {
 *   enterprise: 64512,
 *   id: 1,
 *   name: "rackId",
 *   type: "unsigned16",
 * });
 * assertEquals(elements.find(9, 9252), undefined);
 * ```
 */
export function createElementRegistry(
  tables: readonly ElementTable[] = ELEMENT_TABLES,
): ElementRegistry {
  if (tables !== ELEMENT_TABLES) return new ElementRegistry(tables);
  return builtIn ??= new ElementRegistry(tables, { lazily: true });
}
