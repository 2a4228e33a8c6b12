/**
 * Sinks that pass flows on: to other collectors, to one stream, as JSON. How to add one of one's own
 * stands in `docs/SINKS.md`.
 *
 * @module
 */
export { createFanout, type Fanout } from "./fanout.ts";
export {
  fanoutListeners,
  type FanoutSettings,
  fanoutSettings,
  type TargetSettings,
} from "./fanout_settings.ts";
export type { FanoutTarget } from "./fanout_sink.ts";
export { createNdjsonSink } from "./ndjson_sink.ts";
export { type NdjsonSettings, ndjsonSettings } from "./ndjson_settings.ts";
export type { OutputHooks } from "./output_thread.ts";
export { checkReceiveSink, createReceiveSink } from "./receive_sink.ts";
export { SINK_KINDS } from "./sink_kinds.ts";
export { createStreamSink } from "./stream_sink.ts";
