import { FlowToolsError } from "@flowtools/flow-model";

/** A place in a configuration file. */
export interface ConfigPosition {
  /** The file, as it was named. */
  readonly file: string;
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1, before variables are replaced. */
  readonly column: number;
}

/**
 * A configuration file does not say what it should.
 *
 * @example
 * ```ts
 * import { ConfigError, parseFilterConfig } from "@flowtools/flowset";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const error = assertThrows(
 *   () => parseFilterConfig("filter-primitive WEB\n  type ip-prt\n", { file: "nf.cfg" }),
 *   ConfigError,
 * );
 * assertEquals([error.file, error.line, error.column], ["nf.cfg", 2, 8]);
 * assertEquals(error.message.startsWith('nf.cfg:2:8: unknown type "ip-prt", expected one of as'), true);
 * ```
 */
export class ConfigError extends FlowToolsError implements ConfigPosition {
  /** The file, as it was named. */
  readonly file: string;
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1, before variables are replaced. */
  readonly column: number;
  /** What would be right. */
  readonly expected: string;

  /**
   * Makes an error.
   *
   * @param position Where it is wrong
   * @param state What is there
   * @param expected What would be right
   */
  constructor(position: ConfigPosition, state: string, expected: string) {
    const { file, line, column } = position;
    super("bad-config", `${file}:${line}:${column}: ${state}, expected ${expected}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.expected = expected;
  }
}
