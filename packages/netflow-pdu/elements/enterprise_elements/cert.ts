import type { ElementTable } from "../element.ts";
import { CERT_TOOL_ELEMENTS } from "./cert_tools.ts";
import { CERT_YAF_ELEMENTS } from "./cert_yaf.ts";

/**
 * Elements of the CERT Coordination Center: YAF, SiLK, super_mediator. Bit 14 of the id marks the
 * reverse direction.
 *
 * Source: the CERT IPFIX registry (cert_ipfix.xml of libfixbuf).
 */
export const CERT_ELEMENTS: ElementTable = {
  enterprise: 6871,
  owner: "CERT",
  reverseBit: 0x4000,
  elements: [...CERT_YAF_ELEMENTS, ...CERT_TOOL_ELEMENTS],
};
