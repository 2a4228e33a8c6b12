import type { Output } from "../output.ts";

/** An object that is shown: a value by the name of its column. */
export type ShownObject = Readonly<Record<string, unknown>>;

/** Writes objects as an array or one a line, with everything that they have. */
export class ObjectSetWriter {
  readonly #output: Output;
  readonly #format: "json" | "ndjson";
  readonly #fields: readonly string[] | undefined;
  #objects = 0;

  /**
   * Begins.
   *
   * @param output Where the objects go
   * @param format An array, or a line each
   * @param fields What is shown of them, where they have it; default all
   */
  constructor(output: Output, format: "json" | "ndjson", fields: readonly string[] | undefined) {
    this.#output = output;
    this.#format = format;
    this.#fields = fields;
  }

  /** Writes an object. */
  add(object: ShownObject): void {
    const text = JSON.stringify(this.#picked(object));
    const first = this.#objects++ === 0;
    this.#output.text(this.#format === "json" ? `${first ? "[" : ","}\n  ${text}` : `${text}\n`);
  }

  /** Ends the array. */
  end(): void {
    if (this.#format === "json") this.#output.text(this.#objects === 0 ? "[]\n" : "\n]\n");
  }

  #picked(object: ShownObject): ShownObject {
    if (this.#fields === undefined) return object;
    const members = this.#fields.map((name) => [name, object[name]]);
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  }
}

/** A value of an object as a cell has it: lists of words with blanks between, others as JSON. */
export function cellValue(value: unknown): string | number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "string") return value;
  const words = Array.isArray(value) && value.every((word) => typeof word === "string");
  return words ? value.join(" ") : JSON.stringify(value);
}
