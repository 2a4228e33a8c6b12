import type { Log } from "../log.ts";
import { loadFilter } from "../pipeline/load_pipeline.ts";
import type { Forwarder } from "../sinks/forwarder.ts";
import type { WorkerStart } from "../supervised_thread.ts";
import type { OpenSinks } from "../sinks/sink_kind.ts";
import { type FanoutShared, FanoutTarget } from "./fanout_sink.ts";
import type { FanoutSettings } from "./fanout_settings.ts";
import { MisfitNotice } from "./misfit_notice.ts";
import { RawTarget } from "./raw_target.ts";
import { RowChanges } from "./row_changes.ts";
import { SendThread } from "./send_thread.ts";
import { SourceRuns } from "./source_runs.ts";
import { lookUpTarget } from "./target.ts";
import { WireRecords } from "./wire_records.ts";

/** The targets of a fan-out. */
export interface Fanout extends Required<OpenSinks> {
  /** Those that get flows. */
  readonly sinks: readonly FanoutTarget[];
}

/**
 * Makes a fan-out. The targets share one sending thread, which ends when the last of them is
 * closed.
 *
 * @param settings What each target gets
 * @param log Told of trouble
 * @param internals How the sending thread is started, where it is not to be as usual
 * @returns The targets, in their order
 * @throws {UsageError} The name of a target is not known
 * @throws {ConfigError} A filter configuration is wrong
 * @throws {Error} A target cannot be sent to
 */
export async function createFanout(
  settings: FanoutSettings,
  log: Log,
  internals: WorkerStart = {},
): Promise<Fanout> {
  const { targets, queueBytes, drainSeconds } = settings;
  const addresses = await Promise.all(targets.map(({ target }) => lookUpTarget(target)));
  const { variables, symbols } = settings;
  const loaders = targets.map(({ filter }) => async () => {
    return (await loadFilter({ filter, variables, symbols }, log))?.();
  });
  // Filters are read before the thread starts, so that a wrong one leaves nothing behind.
  for (const load of loaders) await load();
  const thread = await SendThread.start({
    targets: targets.map(({ spoof, delayMicros }, index) => {
      return { ...addresses[index], spoof, delayMicros };
    }),
    queueBytes,
    log,
    ...internals,
  });
  const misfits = new MisfitNotice("fanout", log);
  const records = new WireRecords(misfits.counts);
  const runs = new SourceRuns();
  const shared: FanoutShared = { thread, runs, records, misfits, log, drainSeconds };
  log.info(`sending to ${addresses.map(({ name }) => name).join(", ")}`, { how: thread.how });
  const sinks: FanoutTarget[] = [];
  const forwarders: Forwarder[] = [];
  for (const [index, { raw, codec, changes, sharedSequence }] of targets.entries()) {
    const { name } = addresses[index];
    if (raw) {
      forwarders.push(new RawTarget({ index, name, thread, drainSeconds }));
      continue;
    }
    const sink = await FanoutTarget.create(shared, {
      index,
      name,
      codec,
      changes: new RowChanges(changes),
      sharedSequence,
      loadFilter: loaders[index],
    });
    sinks.push(sink);
  }
  const hangup = async () => {
    for (const sink of sinks) await sink.reload();
  };
  return { sinks, forwarders, hangup };
}
