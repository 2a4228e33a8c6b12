import type { StatFormat } from "./stat_formats.ts";

/** What stands above every report of flow-stat. */
export interface StatPreamble {
  readonly comment: string;
  readonly title: string | undefined;
  readonly percent: boolean;
  readonly names: boolean;
  /** Whether octets and packets are multiplied by rates of sampling. */
  readonly scaled: boolean;
  /** flow-stat's order: n + 1 to sort by field n descending, -(n + 1) ascending, 0 for not. */
  readonly sortOrder: number;
  readonly format: StatFormat;
  /** The program and its arguments as they were typed. */
  readonly call: readonly string[];
}

/** The text above a report. */
export function preambleText(preamble: StatPreamble): string {
  const { comment, title, sortOrder } = preamble;
  const direction = sortOrder === 0 ? "None" : sortOrder > 0 ? "Descending" : "Ascending";
  const field = sortOrder === 0 ? "" : ` Field ${Math.abs(sortOrder) - 1}`;
  const lines = [
    "  --- ---- ---- Report Information --- --- ---",
    "",
    ...(title === undefined ? [] : [` Title:     ${title}`]),
    ` Fields:    ${preamble.percent ? "Percent " : ""}Total`,
    ` Symbols:   ${preamble.names ? "Enabled" : "Disabled"}`,
    ...(preamble.scaled ? [" Scaled:    Octets and packets by the rate of sampling"] : []),
    ` Sorting:   ${direction}${field}`,
    ` Name:      ${preamble.format.title}`,
    "",
    ` Args:      ${preamble.call.map((word) => `${printable(word)} `).join("")}`,
    "",
  ];
  return lines.map((line) => `${comment}${line}\n`).join("");
}

/** Only what isprint() lets through. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "");
}
