import { FT_LAYOUTS } from "@flowtools/ft-format";
import { UsageError } from "./flags.ts";

/** An export version, as `-V` takes it. */
export interface ExportVersion {
  readonly version: number;
  readonly aggregation?: number;
}

/**
 * Reads `5`, `8.14`, `1005`.
 *
 * @throws {UsageError} There is no such record format
 */
export function parseVersion(text: string): ExportVersion {
  // The reference takes a bare 8 for 8.1.
  const label = `v${text === "8" ? "8.1" : text}`;
  const layout = FT_LAYOUTS.find((candidate) => candidate.schema.label === label);
  if (layout === undefined) {
    const known = [...new Set(FT_LAYOUTS.map(({ schema }) => schema.label.slice(1)))];
    throw new UsageError(`export version is "${text}", expected one of ${known.join(", ")}`);
  }
  return layout.schema;
}
