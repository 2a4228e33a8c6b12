import { FT_LAYOUTS } from "@flowtools/ft-format";
import { IPFIX_CODEC, type TemplateCodec, V9_CODEC } from "@flowtools/netflow-pdu";
import { UsageError } from "./flags.ts";

/** An export version, as `-V` takes it. */
export interface ExportVersion {
  readonly version: number;
  readonly aggregation?: number;
}

/** The export versions that there are records of, as `-V` takes them. */
export const EXPORT_VERSIONS: readonly string[] = [
  ...new Set(FT_LAYOUTS.map(({ schema }) => schema.label.slice(1))),
];

/** Versions whose flows are no records of flow-tools files, as `-V` takes them. */
const TEMPLATE_CODECS: ReadonlyMap<string, TemplateCodec> = new Map([
  ["9", V9_CODEC],
  ["10", IPFIX_CODEC],
  ["ipfix", IPFIX_CODEC],
]);

/** The texts of those versions. */
export const TEMPLATE_VERSIONS: readonly string[] = [...TEMPLATE_CODECS.keys()];

/**
 * Reads `9`, `10`, `ipfix`.
 *
 * @returns The codec; `undefined` for anything else
 */
export function parseTemplateVersion(text: string): TemplateCodec | undefined {
  return TEMPLATE_CODECS.get(text.toLowerCase());
}

/**
 * Reads `5`, `8.14`, `1005`.
 *
 * @param text The version
 * @param further What else the caller takes, for the message
 * @throws {UsageError} There is no such record format
 */
export function parseVersion(text: string, further: readonly string[] = []): ExportVersion {
  // The reference takes a bare 8 for 8.1.
  const label = `v${text === "8" ? "8.1" : text}`;
  const layout = FT_LAYOUTS.find((candidate) => candidate.schema.label === label);
  if (layout === undefined) {
    const known = [...EXPORT_VERSIONS, ...further];
    const why = parseTemplateVersion(text) === undefined
      ? ""
      : ": flow-tools files hold no others, send and export make packets of 9 and 10";
    throw new UsageError(`export version is "${text}", expected one of ${known.join(", ")}${why}`);
  }
  return layout.schema;
}
