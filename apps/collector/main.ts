/**
 * The collector: receives export packets over UDP and writes flow-tools files.
 *
 * @module
 */
import { createPduRegistry, PDU_CODECS } from "@flowtools/netflow-pdu";
import { Collector } from "./collector.ts";
import { type CollectorConfig, ConfigError, parseConfig, USAGE } from "./config.ts";
import { SampledLog } from "./sampled_log.ts";
import { FileSink } from "./sinks/file.ts";
import type { DatagramSource } from "./sources/source.ts";
import { listenUdp } from "./sources/udp.ts";

function logLine(line: string): void {
  console.error(`${new Date().toISOString()} ${line}`);
}

function listen({ hostname, port }: CollectorConfig): DatagramSource {
  try {
    return listenUdp(hostname, port);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`cannot listen on udp ${hostname}:${port}: ${reason}`);
  }
}

async function main(config: CollectorConfig): Promise<void> {
  const log = new SampledLog(logLine);
  const source = listen(config);
  const sink = new FileSink(config, (path, flows) => logLine(`wrote ${path}: ${flows} flows`));
  const registry = createPduRegistry(PDU_CODECS);
  const { exporter } = config;
  const collector = new Collector({ source, registry, sinks: [sink], log, exporter });
  const stop = () => source.close();
  Deno.addSignalListener("SIGINT", stop);
  // Windows has no SIGTERM.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
  logLine(`listening on ${source.name}`);
  await collector.run();
  const { packets, flows, flowsFailed, notAllowed, problems } = collector.stats;
  const { lost, reordered, duplicate, reset } = collector.sequences.totals;
  const bad = [...problems].map(([reason, count]) => ` ${reason}=${count}`).join("");
  logLine(
    `stopped: packets=${packets} flows=${flows} failed=${flowsFailed} not-allowed=${notAllowed} ` +
      `lost=${lost} reordered=${reordered} duplicate=${duplicate} reset=${reset}${bad}`,
  );
}

if (import.meta.main) {
  try {
    const config = parseConfig(Deno.args);
    if (config === "help") console.log(USAGE);
    else await main(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`collector: ${error.message}\n\n${USAGE}`);
    Deno.exit(2);
  }
  Deno.exit(0);
}
