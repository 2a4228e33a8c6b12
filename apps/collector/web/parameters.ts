import { HttpError } from "./http_error.ts";

/** One parameter of a request: the row from which checking and the API's document derive. */
export interface Parameter {
  /** Its name in the query part of the address. */
  readonly name: string;
  /** What it means, for the API's document. */
  readonly doc: string;
  /** The values allowed, where they can be listed. */
  readonly choices?: readonly string[];
  /** It is a whole number within these bounds. */
  readonly range?: readonly [number, number];
  /** Characters of a text at most. */
  readonly lengthMax?: number;
  /** The value where none is given; a parameter without one may be left out. */
  readonly fallback?: string;
}

/** The parameters of a request, checked. */
export interface Parameters {
  /** The value of a parameter that has a fallback, or is there. */
  text(name: string): string;
  /** The value of a parameter that may be left out. */
  optional(name: string): string | undefined;
  /** The value of a parameter that is a number. */
  number(name: string): number;
}

/**
 * Checks the parameters of a request.
 *
 * @param given The query part of its address
 * @param rows What is allowed
 * @returns Their values
 * @throws {HttpError} One is unknown, given twice, or has a value that is not allowed
 */
export function readParameters(given: URLSearchParams, rows: readonly Parameter[]): Parameters {
  const values = new Map<string, string>();
  for (const { name, fallback } of rows) if (fallback !== undefined) values.set(name, fallback);
  const seen = new Set<string>();
  for (const [name, value] of given) {
    const row = rows.find((candidate) => candidate.name === name);
    if (row === undefined) {
      const names = rows.map((candidate) => candidate.name).join(", ") || "no parameter";
      throw bad(`Parameter "${shorten(name)}" is unknown, expected ${names}`);
    }
    if (seen.has(name)) throw bad(`Parameter "${name}" is given twice, expected once`);
    seen.add(name);
    check(row, value);
    values.set(name, value);
  }
  const text = (name: string): string => values.get(name) ?? "";
  return {
    text,
    optional: (name) => values.get(name),
    number: (name) => Number(text(name)),
  };
}

function check({ name, choices, range, lengthMax }: Parameter, value: string): void {
  const got = `Parameter "${name}" is "${shorten(value)}", expected`;
  if (choices !== undefined && !choices.includes(value)) {
    throw bad(`${got} one of ${choices.join(", ")}`);
  }
  if (range !== undefined) {
    const number = Number(value);
    if (!/^\d{1,15}$/.test(value) || number < range[0] || number > range[1]) {
      throw bad(`${got} a whole number ${range[0]} to ${range[1]}`);
    }
  }
  if (lengthMax !== undefined && value.length > lengthMax) {
    throw bad(`${got} at most ${lengthMax} characters`);
  }
}

function bad(message: string): HttpError {
  return new HttpError(400, "bad-parameter", message);
}

/** Enough of a wrong value to know it again. */
function shorten(value: string): string {
  return value.length > 80 ? `${value.slice(0, 80)}…` : value;
}
