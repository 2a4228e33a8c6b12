import { FlowToolsError } from "@flowtools/flow-model";
import { ELEMENT_TYPES, type ElementRow, type ElementTable, type ElementType } from "./element.ts";
import { ELEMENT_NAME, ELEMENT_NAME_RULE, elementIdMax, ENTERPRISE_MAX } from "./element_bounds.ts";

/**
 * Elements that one table may bring. The largest vendors define some hundreds; a file beyond this
 * is no table of elements.
 */
export const USER_ELEMENTS_MAX = 65_536;

const COLUMNS = ["enterprise", "id", "name", "type"] as const;

/** A table of elements could not be read. */
export class ElementTableError extends FlowToolsError {
  /** The file, as it was named. */
  readonly path: string;
  /** The line of the fault, the first is 1. */
  readonly line: number;

  /**
   * Makes an error.
   *
   * @param path The file
   * @param line The line of the fault, the first is 1
   * @param problem What is wrong there, as the end of the sentence
   */
  constructor(path: string, line: number, problem: string) {
    super("element-table", `Cannot read element table ${path}:${line}: ${problem}`);
    this.path = path;
    this.line = line;
  }
}

/**
 * Reads elements that users supply: a line each of enterprise number, id, name and type, between
 * tabs, commas or spaces. Names may stand in double quotes. Empty lines and what follows a `#` say
 * nothing; neither does a first line with the names of the columns.
 *
 * @param text The table
 * @param path The file that it comes from, for errors
 * @returns The elements, a table for each enterprise; `ElementRegistry.with` takes them
 * @throws {ElementTableError} A line is none of these, or tells an element twice
 *
 * @example
 * ```ts
 * import { createElementRegistry, parseElementTable } from "@flowtools/netflow-pdu";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const text = "enterprise,id,name,type\n64512,1,rackId,unsigned16 # where it stands\n";
 * const elements = createElementRegistry().with(parseElementTable(text, "racks.csv"));
 * assertEquals(elements.find(64512, 1)?.name, "rackId");
 *
 * assertThrows(() => parseElementTable("64512 1 rackId u16", "racks.txt"), Error, "racks.txt:1");
 * ```
 */
export function parseElementTable(text: string, path: string): readonly ElementTable[] {
  const enterprises = new Map<number, EnterpriseRows>();
  let count = 0;
  for (const [index, source] of text.split(/\r\n|\r|\n/).entries()) {
    const fields = splitLine(index === 0 ? source.replace(/^\ufeff/, "") : source);
    if (fields === undefined) continue;
    if (count === 0 && fields.join() === COLUMNS.join()) continue;
    const line = index + 1;
    const [enterprise, row] = parseRow(fields, path, line);
    let rows = enterprises.get(enterprise);
    if (rows === undefined) {
      enterprises.set(enterprise, rows = { byId: new Map(), byName: new Map() });
    }
    addRow(rows, row, path, line);
    if (++count > USER_ELEMENTS_MAX) {
      throw new ElementTableError(
        path,
        line,
        `expected at most ${USER_ELEMENTS_MAX} elements, got more`,
      );
    }
  }
  return Array.from(enterprises, ([enterprise, { byId }]) => ({
    enterprise,
    owner: path,
    elements: [...byId.values()],
  }));
}

/** The elements of an enterprise, so far. */
interface EnterpriseRows {
  readonly byId: Map<number, ElementRow>;
  /** By name in lower case. */
  readonly byName: Map<string, ElementRow>;
}

function addRow(rows: EnterpriseRows, row: ElementRow, path: string, line: number): void {
  const [id, name] = row;
  const sameId = rows.byId.get(id);
  if (sameId !== undefined) {
    const got = `${id} as "${name}" after "${sameId[1]}"`;
    throw new ElementTableError(path, line, `expected each id once, got ${got}`);
  }
  const sameName = rows.byName.get(name.toLowerCase());
  if (sameName !== undefined) {
    const got = `"${name}" as ${id} after ${sameName[0]}`;
    throw new ElementTableError(path, line, `expected each name once, got ${got}`);
  }
  rows.byId.set(id, row);
  rows.byName.set(name.toLowerCase(), row);
}

/** The fields of a line; `undefined` where it says nothing. */
function splitLine(source: string): string[] | undefined {
  const content = source.replace(/#.*$/, "").trim();
  if (content === "") return undefined;
  const separator = content.includes("\t") ? "\t" : content.includes(",") ? "," : /\s+/;
  return content.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
}

function parseRow(
  fields: readonly string[],
  path: string,
  line: number,
): readonly [enterprise: number, row: ElementRow] {
  const fail = (expected: string, got: string): never => {
    throw new ElementTableError(path, line, `expected ${expected}, got ${got}`);
  };
  const number = (text: string, what: string, max: number): number => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    return value <= max ? value : fail(`${what} from 0 to ${max}`, `"${text}"`);
  };
  if (fields.length !== COLUMNS.length) {
    fail(`${COLUMNS.length} columns (${COLUMNS.join(", ")})`, String(fields.length));
  }
  const [enterpriseText, idText, name, type] = fields;
  const enterprise = number(enterpriseText, "an enterprise number", ENTERPRISE_MAX);
  const id = number(idText, "an id", elementIdMax(enterprise));
  if (!ELEMENT_NAME.test(name)) fail(`a name (${ELEMENT_NAME_RULE})`, `"${name}"`);
  if (!isElementType(type)) fail(`a type (${Object.keys(ELEMENT_TYPES).join(", ")})`, `"${type}"`);
  return [enterprise, [id, name, type as ElementType]];
}

function isElementType(text: string): text is ElementType {
  return Object.hasOwn(ELEMENT_TYPES, text);
}
