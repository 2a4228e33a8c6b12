import { ConfigError, type ConfigPosition } from "./error.ts";

/** The variables of configuration files, by name. */
export type ConfigVariables = ReadonlyMap<string, string>;

/**
 * Reads bindings as `-v` takes them: `NAME=value`, of which neither may be empty; a later one wins.
 *
 * Source: flow-tools `ftvar.c`.
 *
 * @param bindings The texts
 * @returns The variables
 * @throws {RangeError} A text is no binding
 *
 * @example
 * ```ts
 * import { parseVariables } from "@flowtools/flowset";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseVariables(["PORT=80", "EXPR=a=b"]).get("EXPR"), "a=b");
 * assertThrows(() => parseVariables(["PORT="]), RangeError);
 * ```
 */
export function parseVariables(bindings: readonly string[]): Map<string, string> {
  const variables = new Map<string, string>();
  for (const binding of bindings) {
    const equals = binding.indexOf("=");
    if (equals < 1 || equals === binding.length - 1) {
      throw new RangeError(`Cannot bind variable: "${binding}", expected NAME=value`);
    }
    variables.set(binding.slice(0, equals), binding.slice(equals + 1));
  }
  return variables;
}

/** A line after substitution, and where each of its characters was before. */
export interface Substituted {
  readonly text: string;
  /** Index in the original line, one a character, and one more for the end. */
  readonly origins: readonly number[];
}

/**
 * Replaces the variables of a line: `@NAME`, which ends before the first character that is neither
 * letter nor digit, `@{NAME}` and `@{NAME:-default}`. One that is not bound and has no default
 * becomes nothing.
 */
export function substitute(
  line: string,
  variables: ConfigVariables,
  lineStart: ConfigPosition,
): Substituted {
  let text = "";
  const origins: number[] = [];
  const add = (part: string, origin: number, advance: 0 | 1) => {
    text += part;
    for (let i = 0; i < part.length; i++) origins.push(origin + i * advance);
  };
  for (let at = 0; at < line.length;) {
    const variable = line.indexOf("@", at);
    if (variable < 0) {
      add(line.slice(at), at, 1);
      break;
    }
    add(line.slice(at, variable), at, 1);
    const braced = line[variable + 1] === "{";
    const start = variable + (braced ? 2 : 1);
    let end = start;
    while (end < line.length && /[A-Za-z0-9]/.test(line[end])) end++;
    const name = line.slice(start, end);
    let fallback = "";
    if (braced) {
      const close = line.indexOf("}", start);
      const position = { ...lineStart, column: lineStart.column + variable };
      if (close < 0) throw new ConfigError(position, `"@{${name}" is not closed`, '"}"');
      if (end !== close && line.slice(end, end + 2) !== ":-") {
        const found = line.slice(variable, close + 1);
        throw new ConfigError(position, `"${found}" is no variable`, "@{NAME} or @{NAME:-default}");
      }
      fallback = line.slice(end + 2, close);
      end = close + 1;
    }
    add(variables.get(name) ?? fallback, variable, 0);
    at = end;
  }
  origins.push(line.length);
  return { text, origins };
}
