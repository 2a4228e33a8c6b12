/** Every fuzz target, by name. */
import { CANARY_TARGET, HANG_CANARY_TARGET, LEAK_CANARY_TARGET } from "./canary.ts";
import { CAPTURE_TARGET } from "./capture.ts";
import { FILE_TARGET, ZFILE_TARGET } from "./file.ts";
import { HEADER_TARGET } from "./header.ts";
import { PDU_TARGET } from "./pdu.ts";
import type { FuzzTarget } from "./target.ts";
import { TEMPLATES_TARGET } from "./templates.ts";

/** The targets. The canaries come last: one of them leaves the process large. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  PDU_TARGET,
  TEMPLATES_TARGET,
  FILE_TARGET,
  ZFILE_TARGET,
  HEADER_TARGET,
  CAPTURE_TARGET,
  CANARY_TARGET,
  HANG_CANARY_TARGET,
  LEAK_CANARY_TARGET,
];
