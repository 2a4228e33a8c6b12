import type { ElementTable } from "../element.ts";

/**
 * Elements of Huawei: GPON ports.
 */
export const HUAWEI_ELEMENTS: ElementTable = {
  enterprise: 2011,
  owner: "Huawei",
  elements: [
    [1, "ingressGponGemPortId", "unsigned16"],
    [2, "egressGponGemPortId", "unsigned16"],
  ],
};
