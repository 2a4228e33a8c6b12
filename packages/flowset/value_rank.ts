import { fieldIndex, type FlowFieldName } from "@flowtools/flow-model";

/**
 * The place of a value in the text of flow-export and flow-import: that of the field, except that
 * `extra_pkts` and `marked_tos` have changed places. (The names in the first line have not.)
 */
export function valueRank(name: FlowFieldName): number {
  if (name === "marked_tos") return fieldIndex("extra_pkts");
  return fieldIndex(name === "extra_pkts" ? "marked_tos" : name);
}
