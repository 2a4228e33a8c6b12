import type { ElementTable } from "../element.ts";

/**
 * Elements of pmacct: its tags and label.
 */
export const PMACCT_ELEMENTS: ElementTable = {
  enterprise: 43874,
  owner: "pmacct",
  elements: [
    [1, "tag", "unsigned64"],
    [2, "tag2", "unsigned64"],
    [3, "label", "string"],
  ],
};
