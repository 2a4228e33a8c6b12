import type { ElementTable } from "../element.ts";

/**
 * Elements of Viptela (Cisco SD-WAN vEdge routers).
 */
export const VIPTELA_ELEMENTS: ElementTable = {
  enterprise: 41916,
  owner: "Viptela",
  elements: [
    [4321, "viptelaVPNId", "unsigned64"],
  ],
};
