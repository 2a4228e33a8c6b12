import { fieldIndex, FLOW_FIELDS, type FlowFieldName } from "@flowtools/flow-model";
import { REVERSE_ENTERPRISE } from "../elements/element.ts";
import { ELEMENT_COLUMNS, elementColumnRanks, type ElementConversion } from "./element_columns.ts";
import { type Template, type TemplateField, VARIABLE_LENGTH } from "./template.ts";

/** A field of a template that fills a column, and how. */
export interface ColumnSource {
  readonly index: number;
  readonly field: TemplateField;
  readonly conversion: ElementConversion;
}

/** The fields that fill each column: the best of each, and those that belong together. */
export type ChosenColumns = ReadonlyMap<FlowFieldName, readonly ColumnSource[]>;

/** A way that a field could fill a column; the lowest rank is the best. */
interface Candidate extends ColumnSource {
  readonly rank: number;
  readonly column: FlowFieldName;
}

/**
 * Chooses which fields fill which columns.
 *
 * @param template The shape of the records
 * @param version Export version
 * @returns The fields by column
 */
export function chooseColumns(template: Template, version: number): ChosenColumns {
  return choose(template.fields.flatMap((field, index) => candidates(field, index)), version);
}

/** Columns that change places in what goes back. */
const OPPOSITE: Readonly<Partial<Record<FlowFieldName, FlowFieldName>>> = {
  srcaddr: "dstaddr",
  dstaddr: "srcaddr",
  srcport: "dstport",
  dstport: "srcport",
  input: "output",
  output: "input",
  src_mask: "dst_mask",
  dst_mask: "src_mask",
  src_as: "dst_as",
  dst_as: "src_as",
};

/** Columns that are about one direction alone: what goes back has them from elements of its own. */
const ONE_WAY: ReadonlySet<FlowFieldName> = new Set<FlowFieldName>([
  "dFlows",
  "dPkts",
  "dOctets",
  "tcp_flags",
  "tos",
  "nexthop",
  "peer_nexthop",
]);

/** Elements of IANA that count what goes back, and those that count the same of what goes there. */
const RESPONDER: ReadonlyMap<number, number> = new Map([[232, 231], [299, 298]]);

/** Elements of IANA whose reverses count octets or packets. */
const COUNTERS: ReadonlySet<number> = new Set([1, 2, 85, 86]);

/**
 * Chooses which fields fill which columns of a row of its own for what goes back (RFC 5103): the
 * reverse elements, and addresses, ports and interfaces the other way round.
 *
 * @param template The shape of the records
 * @param version Export version
 * @returns The fields by column, and the indexes of those that count; `undefined` where the records
 * do not count what goes back
 */
export function chooseReverseColumns(
  template: Template,
  version: number,
): { chosen: ChosenColumns; counters: readonly number[] } | undefined {
  const { fields } = template;
  const counters = fields.flatMap(({ enterprise, id, length }, index) => {
    const counts = enterprise === REVERSE_ENTERPRISE
      ? COUNTERS.has(id)
      : enterprise === 0 && RESPONDER.has(id);
    return counts && length > 0 ? [index] : [];
  });
  if (counters.length === 0) return undefined;
  const found = fields.flatMap((field, index): Candidate[] => {
    const { enterprise, id } = field;
    const forward = enterprise === REVERSE_ENTERPRISE
      ? id
      : enterprise === 0
      ? RESPONDER.get(id)
      : undefined;
    // Reverse elements come before those that hold for both directions.
    if (forward !== undefined) {
      return candidates({ ...field, enterprise: 0, id: forward }, index)
        .map((candidate) => ({ ...candidate, rank: candidate.rank - ELEMENT_COLUMNS.length }));
    }
    return candidates(field, index).flatMap((candidate) => {
      const { column, conversion } = candidate;
      const icmp = isIcmp(conversion, field);
      if (ONE_WAY.has(column) || icmp) return [];
      return { ...candidate, column: OPPOSITE[column] ?? column };
    });
  });
  return { chosen: choose(found, version), counters };
}

function candidates(field: TemplateField, index: number): Candidate[] {
  if (field.scope || field.length === 0) return [];
  return elementColumnRanks(field.enterprise, field.id).flatMap((rank): Candidate[] => {
    const { column, conversion } = ELEMENT_COLUMNS[rank];
    const fits = conversion !== "copy" || FLOW_FIELDS[fieldIndex(column)].kind !== "address" ||
      field.length === NARROW_OCTETS || field.length === WIDE_OCTETS;
    return fits ? [{ rank, column, index, field, conversion }] : [];
  });
}

function choose(found: readonly Candidate[], version: number): ChosenColumns {
  const chosen = new Map<FlowFieldName, ColumnSource[]>();
  // Messages of IPFIX tell no uptime that those of flows could be compared with: moments are better.
  const rankOf = ({ rank, column, conversion }: Candidate) =>
    version === 10 && conversion === "copy" && (column === "first" || column === "last")
      ? rank + ELEMENT_COLUMNS.length
      : rank;
  for (const candidate of found.toSorted((a, b) => rankOf(a) - rankOf(b) || a.index - b.index)) {
    const { column, index, field, conversion } = candidate;
    const sources = chosen.get(column) ?? [];
    if (sources.length === 0 || belongsTo(sources, conversion, field)) {
      sources.push({ index, field, conversion });
      chosen.set(column, sources);
    }
  }
  // Packets that tell their uptime need no start of the exporter, and moments need no uptime.
  if (version === 9 || !usesUptime(chosen)) chosen.delete("sysUpTime");
  return chosen;
}

/**
 * Whether the times of records are uptimes.
 *
 * @param chosen The fields by column
 */
export function usesUptime(chosen: ChosenColumns): boolean {
  return chosen.get("first")?.[0].conversion === "copy" ||
    chosen.get("last")?.[0].conversion === "copy";
}

const NARROW_OCTETS = 4;
const WIDE_OCTETS = 16;

/** ICMP type and code in one number, of either family. */
const ICMP_ELEMENTS: ReadonlySet<number> = new Set([32, 139]);

function isIcmp(conversion: ElementConversion, { id }: TemplateField): boolean {
  return conversion === "icmp-type" || conversion === "icmp-code" || ICMP_ELEMENTS.has(id);
}

/** Elements of IANA: lengths of IPv4 prefixes, and those of IPv6 prefixes of the same side. */
const PREFIX_LENGTHS: ReadonlyMap<number, number> = new Map([[9, 29], [13, 30]]);

/**
 * Addresses of both families, the lengths of their prefixes, and ports with what ICMP has in their
 * place, fill a column together.
 */
function belongsTo(
  sources: readonly ColumnSource[],
  conversion: ElementConversion,
  field: TemplateField,
): boolean {
  if (isIcmp(conversion, field)) return true;
  if (PREFIX_LENGTHS.get(sources[0].field.id) === field.id) return true;
  return sources.length === 1 && sources[0].field.length === NARROW_OCTETS &&
    field.length === WIDE_OCTETS && conversion === "copy";
}

/**
 * The field that has the uptime at the end of a flow.
 *
 * @param chosen The fields by column
 * @returns Its index, or -1
 */
export function uptimeField(chosen: ChosenColumns): number {
  const source = chosen.get("last")?.[0] ?? chosen.get("first")?.[0];
  return source?.conversion === "copy" && source.field.length !== VARIABLE_LENGTH
    ? source.index
    : -1;
}
