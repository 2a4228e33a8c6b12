import { IPFIX_KIND } from "../sinks/ipfix/mod.ts";
import type { SinkKind } from "../sinks/sink_kind.ts";
import { createFanout } from "./fanout.ts";
import { fanoutSinkSettings } from "./fanout_settings.ts";
import { createNdjsonSink } from "./ndjson_sink.ts";
import { ndjsonSinkSettings } from "./ndjson_settings.ts";
import { FANOUT_SINK_FLAG, NDJSON_SINK_FLAG } from "./options.ts";

/** Flows as JSON. */
const NDJSON_KIND: SinkKind = {
  flag: NDJSON_SINK_FLAG,
  check: ndjsonSinkSettings,
  open: async ({ settings, log }) => {
    const ended = (fault: string | undefined) =>
      log.warn("output", `no more flows are written as JSON: ${fault ?? "nobody reads them"}`);
    return { sinks: [await createNdjsonSink(ndjsonSinkSettings(settings), log, { ended })] };
  },
};

/** Packets to other collectors. */
const FANOUT_KIND: SinkKind = {
  flag: FANOUT_SINK_FLAG,
  check: fanoutSinkSettings,
  open: ({ settings, log }) => createFanout(fanoutSinkSettings(settings), log),
};

/** The sinks that `capture` can have beside the files. With one's own: `[...SINK_KINDS, mine]`. */
export const SINK_KINDS: readonly SinkKind[] = [NDJSON_KIND, FANOUT_KIND, IPFIX_KIND];
