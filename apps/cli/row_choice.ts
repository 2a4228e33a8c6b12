import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { expectedWords } from "@flowtools/common/suggest";
import { wordsOf } from "./modern_flags.ts";
import { DATA_FORMATS, type DataFormat } from "./render/data_set.ts";
import { ALL_ROWS, type RowChoice, type RowOrder } from "./render/row_sieve.ts";

/** Which rows a command prints, in which order, and which of their columns: the same everywhere. */

const FIELDS: Flag = {
  name: "fields",
  value: "NAMES",
  list: true,
  group: "output",
  doc: "Columns to show, comma separated, in this order: the names that JSON has",
};

const SORT: Flag = {
  name: "sort",
  value: "COLUMN",
  group: "output",
  doc: "Order of the rows: a column, least first; with a minus sign before it greatest first",
};

/** How many rows are printed. */
export const ROW_LIMIT_FLAG: Flag = {
  name: "limit",
  value: "N",
  group: "output",
  range: [1, 1e9],
  doc: "Rows to print at most",
};

/** The names of the flags that {@linkcode rowFlags} makes. */
const NAMES: readonly string[] = [FIELDS.name, SORT.name, ROW_LIMIT_FLAG.name];

/**
 * The flags of a command that prints rows.
 *
 * @param columns The columns that it may have, where all calls have the same
 */
export function rowFlags(columns: readonly string[] = []): readonly Flag[] {
  const words = columns.length === 0 ? {} : { words: columns };
  const orders = columns.length === 0
    ? {}
    : { words: columns.flatMap((name) => [name, `-${name}`]) };
  return [{ ...FIELDS, ...words }, { ...SORT, ...orders }, ROW_LIMIT_FLAG];
}

/**
 * Reads which rows and columns a call asks for.
 *
 * @param args The call
 * @param columns The columns that there are
 * @throws {UsageError} There is no such column
 */
export function rowChoiceOf(args: ParsedArguments, columns: readonly string[]): RowChoice {
  return {
    fields: wordsOf(args, FIELDS.name, columns),
    sort: rowOrderOf(args, columns),
    limit: args.number(ROW_LIMIT_FLAG.name) ?? ALL_ROWS.limit,
  };
}

/**
 * Reads the order of rows that a call asks for.
 *
 * @param args The call
 * @param columns The columns that there are
 * @throws {UsageError} There is no such column
 */
export function rowOrderOf(
  args: ParsedArguments,
  columns: readonly string[],
): RowOrder | undefined {
  const text = args.value(SORT.name);
  if (text === undefined) return undefined;
  const descending = text.startsWith("-");
  const name = descending ? text.slice(1) : text;
  if (columns.includes(name)) return { name, descending };
  throw new UsageError(`--sort: there is no "${name}", ${expectedWords(name, columns)}`);
}

/**
 * The format of a call of a command that prints as the classic ones do unless told otherwise: rows
 * that are chosen ask for the table, where no format is named.
 *
 * @returns Nothing for the classic format
 * @throws {UsageError} Rows are chosen, of a format that cannot do that
 */
export function rowFormatOf(args: ParsedArguments): DataFormat | undefined {
  const chosen = rowFlagOf(args);
  const format = args.value("format") ?? (chosen === undefined ? undefined : "table");
  const found = DATA_FORMATS.find((name) => name === format);
  if (found === undefined && chosen !== undefined) refuseRows(args, DATA_FORMATS);
  return found;
}

/**
 * Refuses a call that chooses rows of a format that cannot do that.
 *
 * @param args The call, which names its format
 * @param formats Those that can
 * @param names The flags that it does not go with; default all
 * @throws {UsageError} The call does so
 */
export function refuseRows(
  args: ParsedArguments,
  formats: readonly string[],
  names: readonly string[] = NAMES,
): void {
  const chosen = rowFlagOf(args, names);
  if (chosen === undefined) return;
  throw new UsageError(
    `--${chosen} does not go with --format ${args.value("format")}, expected one of ` +
      formats.join(", "),
  );
}

/** The first flag of a call that chooses rows. */
function rowFlagOf(args: ParsedArguments, names = NAMES): string | undefined {
  return names.find((name) => args.value(name) !== undefined);
}
