import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { parseSize } from "@flowtools/common/parse_size";
import { GroupTableLimitError } from "@flowtools/flowset/groups";

/** How much memory the groups of a report may take. */
export const MEMORY_FLAG: Flag = {
  name: "memory",
  value: "SIZE",
  doc: "Memory for the groups of each report at most, with K, M or G behind it (default: 1G)",
};

/** The bytes that {@linkcode MEMORY_FLAG} allows; `undefined` for the default. */
export function groupTableBytes(args: ParsedArguments): number | undefined {
  const text = args.value(MEMORY_FLAG.name);
  if (text === undefined) return undefined;
  const bytes = parseSize(MEMORY_FLAG.name, text);
  if (bytes === 0) throw new UsageError(`--${MEMORY_FLAG.name} is "${text}", expected more`);
  return bytes;
}

/** Says of an error that ends a report how to go on, where more memory would do. */
export function withMemoryHint(error: unknown): unknown {
  if (error instanceof GroupTableLimitError) {
    error.message += `; --${MEMORY_FLAG.name} allows more, a filter makes fewer groups`;
  }
  return error;
}
