import { type FlowSchema, FlowToolsError } from "@flowtools/flow-model";
import { FT_LAYOUTS } from "@flowtools/ft-format";

/**
 * What is wrong with an expression.
 *
 * | code | meaning |
 * | --- | --- |
 * | `where-syntax` | something else is expected here |
 * | `where-word` | no field or keyword has that name |
 * | `where-value` | a number, address, time or name is none, or cannot be |
 * | `where-filter` | there is no filter definition of that name |
 * | `where-limit` | it is longer, deeper or larger than is allowed |
 */
export type WhereErrorCode =
  | "where-syntax"
  | "where-word"
  | "where-value"
  | "where-filter"
  | "where-limit";

/** What a {@linkcode WhereError} is made from. */
export interface WhereErrorInit {
  /** What kind of fault it is. */
  readonly code: WhereErrorCode;
  /** The whole expression. */
  readonly expression: string;
  /** Where the fault begins: UTF-16 units from the start of the expression. */
  readonly offset: number;
  /** How many units it covers; 0 at the end of the expression. */
  readonly length: number;
  /** What is wrong, as the middle of a sentence. */
  readonly state: string;
  /** What would be right. */
  readonly expected: string;
  /** A word that may be meant, or what else helps. */
  readonly hint?: string;
}

/** Characters of a line that are shown around a fault. */
const DRAWING_COLUMNS = 72;

/**
 * A `where` expression cannot be understood. The message draws the line and marks the place.
 *
 * @example
 * ```ts
 * import { compileWhere, WhereError } from "@flowtools/flowset";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const error = assertThrows(() => compileWhere("src ip 10.0.0.1 and prt 80"), WhereError);
 * assertEquals([error.code, error.line, error.column], ["where-word", 1, 21]);
 * assertEquals(error.message.split("\n").slice(1), [
 *   "  src ip 10.0.0.1 and prt 80",
 *   "                      ^^^",
 * ]);
 * ```
 */
export class WhereError extends FlowToolsError {
  /** What kind of fault it is. */
  declare readonly code: WhereErrorCode;
  /** The whole expression. */
  readonly expression: string;
  /** Where the fault begins: UTF-16 units from the start of the expression. */
  readonly offset: number;
  /** The line of the fault, from 1. */
  readonly line: number;
  /** The column of the fault in its line, from 1. */
  readonly column: number;
  /** What stands there; the empty string at the end of the expression. */
  readonly got: string;
  /** What would be right. */
  readonly expected: string;
  /** A word that may be meant, or what else helps. */
  readonly hint: string | undefined;

  /**
   * Makes an error.
   *
   * @param init What is wrong, and where
   */
  constructor(init: WhereErrorInit) {
    const { code, expression, offset, length, state, expected, hint } = init;
    const before = expression.slice(0, offset).split("\n");
    const line = before.length;
    const column = before[line - 1].length + 1;
    const text = expression.split("\n")[line - 1];
    super(
      code,
      `Cannot use where expression: line ${line}, column ${column}: ${state}, ` +
        `expected ${expected}${hint === undefined ? "" : `; ${hint}`}\n` +
        drawing(text, column - 1, length),
    );
    this.expression = expression;
    this.offset = offset;
    this.line = line;
    this.column = column;
    this.got = expression.slice(offset, offset + length);
    this.expected = expected;
    this.hint = hint;
  }
}

/** The line, cut to what fits around the fault, and carets below the fault. */
function drawing(line: string, at: number, length: number): string {
  const start = line.length <= DRAWING_COLUMNS ? 0 : Math.max(0, at - DRAWING_COLUMNS / 2);
  const end = Math.min(line.length, start + DRAWING_COLUMNS);
  const [head, tail] = [start > 0 ? "…" : "", end < line.length ? "…" : ""];
  // A tab or an escape sequence would draw the line other than it is counted.
  const shown = line.slice(start, end).replace(/\p{Cc}/gu, " ");
  const carets = Math.max(1, Math.min(length, end - at));
  return `  ${head}${shown}${tail}\n  ${" ".repeat(head.length + at - start)}${"^".repeat(carets)}`;
}

/**
 * Flows lack every field by which a condition of an expression could be answered.
 *
 * @example
 * ```ts
 * import { compileWhere, WhereFieldError } from "@flowtools/flowset";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const where = compileWhere("src as 64500");
 * const v1 = findFtLayout(1)!.schema;
 * const error = assertThrows(() => where.check(v1), WhereFieldError);
 * assertEquals(error.fields, ["src_as"]);
 * assertEquals(error.versions.slice(0, 2), ["v5", "v6"]);
 * ```
 */
export class WhereFieldError extends FlowToolsError {
  /** The condition. */
  readonly condition: string;
  /** The shape of the flows. */
  readonly schema: FlowSchema;
  /** The fields that they lack, one at least of which would do. */
  readonly fields: readonly string[];
  /** The versions whose records have what is needed, such as `v5`, `v8.14`. */
  readonly versions: readonly string[];

  /**
   * Makes an error.
   *
   * @param condition The condition, as the expression has it
   * @param schema The shape of the flows
   * @param alternatives Fields that are needed together, in every way that would do
   */
  constructor(
    condition: string,
    schema: FlowSchema,
    alternatives: readonly (readonly string[])[],
  ) {
    const fields = [...new Set(alternatives.flat().filter((name) => !schema.has(name)))];
    const versions = [
      ...new Set(
        FT_LAYOUTS.filter((layout) =>
          alternatives.some((names) => names.every((name) => layout.schema.has(name)))
        ).map((layout) => layout.schema.label),
      ),
    ];
    super(
      "where-field",
      `Cannot select flows: "${condition}" needs ${fields.join(" or ")}, which ${schema.label} ` +
        `records lack, expected records of ${
          versions.length === 0 ? "a version that has it (v9, IPFIX)" : versions.join(", ")
        }`,
    );
    this.condition = condition;
    this.schema = schema;
    this.fields = fields;
    this.versions = versions;
  }
}
