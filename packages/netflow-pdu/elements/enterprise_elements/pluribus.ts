import type { ElementTable } from "../element.ts";

/**
 * Elements of Pluribus Networks switches.
 */
export const PLURIBUS_ELEMENTS: ElementTable = {
  enterprise: 47269,
  owner: "Pluribus",
  elements: [
    [1, "latencyMicroseconds", "unsigned64"],
  ],
};
