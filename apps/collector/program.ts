import type { CommandDescription } from "@flowtools/common/command_text";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { decodeRegistry } from "@flowtools/common/decode_registry";
import type { PduRegistry } from "@flowtools/netflow-pdu";
import { Collector } from "./collector.ts";
import { type Configuration, configurationText, readConfiguration } from "./config.ts";
import { live, messageOf } from "./life_cycle.ts";
import type { Log } from "./log.ts";
import { LOG_FORMATS } from "./log_format.ts";
import { openLog } from "./log_output.ts";
import { DRAIN_SECONDS, stateFile } from "./operation_options.ts";
import { CAPTURE, FANOUT, RECEIVE } from "./options.ts";
import { writePidFile } from "./pid_file.ts";
import { SessionFile } from "./session_file.ts";
import { faultsOf, SettingsError } from "./settings_error.ts";
import { SignalListener } from "./signals.ts";
import type { OpenSinks, SinkContext } from "./sinks/sink_kind.ts";
import { type Listener, parseListener } from "./sources/listeners.ts";
import { openSources } from "./sources/open_sources.ts";
import { captureFile, readSourceSettings, type SourceSettings } from "./sources/options.ts";
import type { DatagramSource } from "./sources/source.ts";
import { startPage } from "./start_page.ts";
import { type WebSettings, webSettings } from "./web/mod.ts";

/** One of the programs: what it does with the flows. */
export interface Program {
  /** Its name, its flags. */
  readonly description: CommandDescription;
  /** The flag that holds the operands where the call has none. */
  readonly operandsFlag: string;
  /** Whether there is a page without being asked for. */
  readonly pageDefault: boolean;
  /** The listeners among the operands. */
  readonly listeners: (settings: ParsedArguments) => readonly string[];
  /** Looks at the settings of its sinks without doing anything. */
  readonly check: (settings: ParsedArguments) => void;
  /** Where its files are, where it has files. */
  readonly directory: (settings: ParsedArguments) => string | undefined;
  /** Makes its sinks. */
  readonly openSinks: (context: SinkContext) => Promise<OpenSinks>;
}

/** What is set, as the parts take it. */
interface Plan {
  readonly configuration: Configuration;
  readonly sources: SourceSettings;
  /** The codecs. */
  readonly registry: PduRegistry;
  readonly page: WebSettings | undefined;
  /** Where files are, where there are any. */
  readonly directory: string | undefined;
}

/**
 * Runs a program until it is told to end.
 *
 * @param program What it does
 * @param args The call
 * @param version The version, for the page
 * @returns The exit code
 * @throws {UsageError} The settings are wrong, or something that they name cannot be had
 */
export async function runProgram(
  program: Program,
  args: ParsedArguments,
  version: string,
): Promise<number> {
  const plan = readPlan(program, args, version);
  const { settings } = plan.configuration;
  const { name, flags } = program.description;
  if (args.on("check-config")) {
    const text = configurationText(name, plan.configuration, flags);
    await new Blob([text]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
    return 0;
  }
  const statProgram = `flow-${name}` as "flow-capture" | "flow-receive" | "flow-fanout";
  const log = openLog({
    format: LOG_FORMATS.find((format) => format === settings.value("log-format")) ?? "auto",
    level: settings.value("log-level") === "warn" ? "warn" : "info",
    program: statProgram,
  });
  const drainSeconds = settings.number("drain-seconds") ?? DRAIN_SECONDS;
  using signals = new SignalListener(Deno.exit);
  await using opened = new Opened();
  const sources = await opened.sources(plan.sources, log);
  const port = sources.find((source) => source.port !== undefined)?.port;
  const { promise: outputEnd, resolve: outputEnded } = Promise.withResolvers<string | undefined>();
  const listener = soleListener(plan.sources);
  const address = listener?.multicast === true ? undefined : listener?.address;
  const context = { settings, drainSeconds, log, port, address, outputEnded };
  const { sinks: own, forwarders, hangup } = await opened.sinks(program, context);
  const page = plan.page === undefined
    ? undefined
    : await opened.page(plan.page, log, plan.configuration.set.has("http"));
  const pidFile = settings.value("pid-file");
  if (pidFile !== undefined && pidFile !== "" && pidFile !== "-") {
    opened.defer(writePidFile(pidFile, port));
  }
  // A capture is of another time than the templates of the last run.
  const reads = captureFile(settings) !== undefined;
  const statePath = stateFile(settings, reads ? undefined : plan.directory);
  const state = statePath === undefined ? undefined : await SessionFile.open(statePath, log);
  const collector = new Collector({
    sources,
    registry: plan.registry,
    sinks: page === undefined ? own : [...own, page.sink],
    forwarders,
    log,
    allow: plan.sources.allow,
    state,
  });
  opened.handOver();
  return await live(collector, {
    log,
    program: statProgram,
    statMinutes: settings.number("stat-minutes") ?? 0,
    localAddress: listener?.address ?? "0.0.0.0",
    drainSeconds,
    publish: page === undefined ? undefined : (snapshot) => {
      page.publish(snapshot, collector.knownSessions());
    },
    hangup,
    outputEnd,
    signals,
    exit: Deno.exit,
  });
}

/** Reads every setting; what is wrong is told all at once. */
function readPlan(program: Program, args: ParsedArguments, version: string): Plan {
  const { flags } = program.description;
  const sisters = [CAPTURE, RECEIVE, FANOUT].flatMap((sister) => sister.flags);
  const configuration = readConfiguration(
    args,
    { flags, operandsFlag: program.operandsFlag },
    sisters,
  );
  const { settings, set } = configuration;
  const faults: string[] = [];
  const read = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (error instanceof UsageError) faults.push(...faultsOf(error));
      else if (error instanceof RangeError) faults.push(error.message);
      else throw error;
      return undefined;
    }
  };
  const listeners = read(() => program.listeners(settings)) ?? [];
  // One that is wrong does not keep the others, and the rest of the settings, from being looked at.
  for (const listener of listeners) read(() => parseListener(listener));
  const sources = read(() => readSourceSettings(settings, listeners));
  const registry = read(() => decodeRegistry(settings));
  read(() => program.check(settings));
  const wanted = program.pageDefault || set.has("http");
  const directory = read(() => program.directory(settings));
  const page = wanted ? read(() => webSettings(settings, { directory, version })) : undefined;
  if (sources === undefined || registry === undefined || faults.length > 0) {
    throw new SettingsError([...new Set(faults)]);
  }
  return { configuration, sources, registry, page, directory };
}

/** The one listener; STAT lines name its address. */
function soleListener({ listeners }: SourceSettings): Listener | undefined {
  return listeners.length === 1 ? listeners[0] : undefined;
}

/** What is open, and must be closed where the rest cannot be opened. */
class Opened implements AsyncDisposable {
  readonly #always: (() => void | Promise<void>)[] = [];
  #onFailure: (() => void | Promise<void>)[] = [];

  async sources(settings: SourceSettings, log: Log): Promise<readonly DatagramSource[]> {
    const sources = await attempt(() => openSources(settings, log));
    this.#onFailure.push(() => sources.forEach((source) => source.close()));
    return sources;
  }

  async sinks(program: Program, context: SinkContext): Promise<OpenSinks> {
    const open = await attempt(() => program.openSinks(context));
    for (const it of [...open.sinks, ...open.forwarders ?? []]) {
      this.#onFailure.push(() => it.close());
    }
    return open;
  }

  async page(settings: WebSettings, log: Log, insisted: boolean): ReturnType<typeof startPage> {
    const page = await attempt(() => startPage(settings, log, insisted));
    if (page !== undefined) this.#always.push(() => page.close());
    return page;
  }

  /** Does something at the end, whatever comes. */
  defer(work: () => void): void {
    this.#always.push(work);
  }

  /** From here on sources and sinks are closed by the collector. */
  handOver(): void {
    this.#onFailure = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of [...this.#onFailure, ...this.#always].toReversed()) await close();
  }
}

/** What cannot be opened is a fault of the call, and said without a trace of the stack. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    throw new UsageError(messageOf(error), { cause: error });
  }
}
