import type { ElementTable } from "../element.ts";

/**
 * Elements of Juniper: the common properties of inline monitoring and of the resiliency interface
 * (the kind of property in the upper six bits, its value in the rest).
 */
export const JUNIPER_ELEMENTS: ElementTable = {
  enterprise: 2636,
  owner: "Juniper",
  elements: [
    [137, "commonPropertiesId", "unsigned64"],
  ],
};
