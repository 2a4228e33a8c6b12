import type { ConfigPosition } from "../config/error.ts";
import type { ConfigWord } from "../config/lexer.ts";
import type { NamedEntries } from "../config/sections.ts";
import type { ReportSpec } from "../report/reports.ts";
import type { ReportFieldName, ReportOption } from "./fields.ts";

/** The moment that the name of an output file is made from. */
export type ReportTime = "now" | "start" | "end" | "mid";

/** A name in a configuration, and where it stands. */
export interface ConfigName extends ConfigPosition {
  /** The name. */
  readonly text: string;
}

/** One output of a report. */
export interface ReportOutput {
  /** What a line has. */
  readonly fields: ReadonlySet<ReportFieldName>;
  /** What stands around the lines, and how numbers are shown. */
  readonly options: ReadonlySet<ReportOption>;
  /** What lines are sorted by; `+` is greatest first. */
  readonly sort?: { readonly field: ReportFieldName; readonly sign: "+" | "-" };
  /** Lines at most; 0 is all. */
  readonly records: number;
  /** Lines between two subtotals; 0 is none. */
  readonly tally: number;
  /** A file, with conversions of strftime(); a command after `|`; standard output where not given. */
  readonly path?: string;
  /** The moment for the conversions. */
  readonly time: ReportTime;
}

/** How a report shows the addresses of one direction. */
export interface AddressDisplay {
  /** With the length of their prefix. */
  readonly lengths: boolean;
  /** Without their bits behind it, too. */
  readonly networks: boolean;
}

/** One `stat-report`. */
export interface ConfiguredReport {
  /** Its name. */
  readonly name: string;
  /** What it reports. */
  readonly spec: ReportSpec;
  /** The filter that flows must pass. */
  readonly filter?: ConfigName;
  /** What octets and packets are multiplied by; 0 is not at all. */
  readonly scale: number;
  /** The bits of source and destination tags that count. */
  readonly tagMask?: readonly [source: number, destination: number];
  /** How source addresses are shown. */
  readonly source: AddressDisplay;
  /** How destination addresses are shown. */
  readonly destination: AddressDisplay;
  /** Where it goes. */
  readonly outputs: readonly ReportOutput[];
}

/** One `stat-definition`: reports that are made together. */
export interface ReportDefinition {
  /** Its name. */
  readonly name: string;
  /** The filter that flows must pass. */
  readonly filter?: ConfigName;
  /** The definition by which flows are tagged first. */
  readonly tag?: ConfigName;
  /** The definition by which flows get other masks first. */
  readonly mask?: ConfigName;
  /** The reports. */
  readonly reports: readonly ConfiguredReport[];
  /** Seconds after which all reports begin anew; 0 is never. */
  readonly timeSeries: number;
}

/** Configurations that others are looked up in, by the kind of definition. */
export type ReportIncludes = {
  readonly [Kind in "filter" | "tag" | "mask"]?: string;
};

/** What has been read of a report so far. */
export interface ReportDraft {
  readonly name: ConfigWord;
  spec?: ReportSpec;
  filter?: ConfigWord;
  scale: number;
  tagMask?: readonly [number, number];
  source: AddressDisplay;
  destination: AddressDisplay;
  readonly outputs: OutputDraft[];
}

/** What has been read of an output so far. */
export interface OutputDraft {
  readonly fields: Set<ReportFieldName>;
  readonly options: Set<ReportOption>;
  sort?: { field: ReportFieldName; sign: "+" | "-" };
  records: number;
  tally: number;
  path?: string;
  time: ReportTime;
}

/** What has been read of a definition so far. */
export interface DefinitionDraft {
  readonly name: ConfigWord;
  filter?: ConfigWord;
  tag?: ConfigWord;
  mask?: ConfigWord;
  readonly reports: ConfigWord[];
  timeSeries: number;
}

/** What has been read so far. */
export interface ReportState {
  readonly includes: { filter?: string; tag?: string; mask?: string };
  readonly reports: NamedEntries<ReportDraft>;
  readonly definitions: NamedEntries<DefinitionDraft>;
  report?: ReportDraft;
  definition?: DefinitionDraft;
}
