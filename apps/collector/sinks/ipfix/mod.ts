/**
 * The sink that writes IPFIX files.
 *
 * @module
 */
import { DRAIN_SECONDS } from "../../operation_options.ts";
import type { SinkKind } from "../sink_kind.ts";
import { createIpfixSink } from "./ipfix_sink.ts";
import { IPFIX_SINK_FLAG, ipfixSettings } from "./options.ts";

/** Flows in IPFIX files. */
export const IPFIX_KIND: SinkKind = {
  flag: IPFIX_SINK_FLAG,
  check: (settings) => void ipfixSettings(settings, DRAIN_SECONDS),
  open: async ({ settings, drainSeconds, log }) => {
    const sink = await createIpfixSink(ipfixSettings(settings, drainSeconds), log);
    return { sinks: [sink], hangup: () => sink.rotate() };
  },
};
