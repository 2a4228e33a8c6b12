import type { RowTest } from "../filter/narrow.ts";

/** What one condition of an expression needs of records. */
export interface ConditionNeeds {
  /** The condition, as the expression has it. */
  readonly text: string;
  /** Fields that are needed together, in every way that would do; none where all records do. */
  readonly alternatives: readonly (readonly string[])[];
  /** Whether it reads elements out of the octets of records. */
  readonly octets?: boolean;
}

/** An expression, or a part of it, ready to run. */
export interface Condition {
  readonly test: RowTest;
  readonly needs: readonly ConditionNeeds[];
  /** How it was understood, a line each, parts further to the right. */
  readonly lines: readonly string[];
}

/** The lines of the parts of something. */
export function indent(head: string, parts: readonly Condition[]): string[] {
  return [head, ...parts.flatMap(({ lines }) => lines.map((line) => `  ${line}`))];
}
