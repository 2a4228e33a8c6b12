/** How objects follow each other: as an array, or one a line. */
export type JsonFormat = "json" | "ndjson";

/** Makes text of objects, one after the other. */
export class JsonObjects {
  readonly #format: JsonFormat;
  #first = true;

  /** @param format How they follow each other */
  constructor(format: JsonFormat) {
    this.#format = format;
  }

  /** The text of the next object. */
  next(object: unknown): string {
    const text = JSON.stringify(object);
    if (this.#format === "ndjson") return `${text}\n`;
    const before = this.#first ? "[" : ",";
    this.#first = false;
    return `${before}\n  ${text}`;
  }

  /** The text behind the last. */
  end(): string {
    if (this.#format === "ndjson") return "";
    return this.#first ? "[]\n" : "\n]\n";
  }
}

/**
 * Some members of an object.
 *
 * @param object The object
 * @param names Their names, in the order wanted; those that it lacks are left out. Nothing for all
 */
export function picked(
  object: Readonly<Record<string, unknown>>,
  names: readonly string[] | undefined,
): Readonly<Record<string, unknown>> {
  if (names === undefined) return object;
  const members = names.map((name) => [name, object[name]]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}
