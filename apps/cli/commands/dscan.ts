import { FlowSet } from "@flowtools/flowset/select";
import { parseNumberList, SCAN_COLUMNS, ScanDetector, type ScanOptions } from "@flowtools/flowset";
import type { CommandBody } from "../command.ts";
import { eachInput } from "../each_input.ts";
import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { DATA_FORMAT_FLAG, lookFromFlags, TZ_FLAG, UNITS_FLAG, zoneOf } from "../modern_flags.ts";
import { Output } from "../output.ts";
import { PacketWarnings } from "../packet_warnings.ts";
import { DATA_FORMATS, DataSetWriter } from "../render/data_set.ts";
import { SCAN_HEAD, SCAN_NAMES, scanRow } from "../render/scan_view.ts";
import { rowChoiceOf, rowFlags, rowFormatOf } from "../row_choice.ts";
import { RunProfile } from "../run_profile.ts";
import { strictCompat } from "../strict_compat.ts";
import { WhereSelection, withWhere } from "../where_selection.ts";
import { loadSuppressLists, STATE_DEFAULT, SUPPRESS_DEFAULT, writeState } from "../scan_files.ts";
import { type LogLine, ScanLog } from "../scan_log.ts";
import { standardErrorLog, systemLog } from "../scan_syslog.ts";

const U32_MAX = 2 ** 32 - 1;

/** The versions that flow-dscan reads. */
const CLASSIC_VERSIONS: readonly number[] = [1, 5, 6, 7];

/** Interfaces are below this. */
const INTERFACES = 65_536;

/** Findings that a table waits for, to know how wide they are: more of them go below. */
const TABLE_ROWS = 10_000;

/** Milliseconds of work after which signals get their turn. */
const SIGNAL_MS = 100;

/** A flag that takes a number of 32 bits. */
function numberFlag(name: string, letter: string, doc: string): Flag {
  return { name, letter, value: "N", range: [0, U32_MAX], doc };
}

/** Detects scans. */
export const dscanCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    {
      name: "foreground",
      letter: "b",
      doc: "Alerts go to standard error; so it is without -b too, nothing detaches itself",
    },
    { name: "syslog", letter: "B", doc: "Alerts go to the system's log (local6), by logger(1)" },
    numberFlag(
      "host-depth",
      "D",
      "Destinations of a source that make the next one a host scan, below 256 (default: 200)",
    ),
    numberFlag(
      "port-trigger",
      "S",
      "Ports below 1024 of one destination that make a port scan (default: 64)",
    ),
    numberFlag("octets", "O", "Show flows of more octets"),
    numberFlag("packets", "P", "Show flows of more packets"),
    numberFlag("time", "T", "Show flows of more milliseconds"),
    {
      name: "input-interfaces",
      letter: "i",
      value: "LIST",
      doc: "Only flows that came in here: 1,5-10, or !1 for all others",
    },
    {
      name: "output-interfaces",
      letter: "I",
      value: "LIST",
      doc: "Only flows that went out here",
    },
    {
      name: "suppress",
      letter: "L",
      value: "BASENAME",
      doc: "Addresses without alerts, in BASENAME.src and BASENAME.dst: lines of address, " +
        `protocol, source port, destination port, "-" for any (default: ${SUPPRESS_DEFAULT})`,
    },
    { name: "skip-multicast", letter: "m", doc: "Leave multicast out" },
    { name: "skip-inbound-www", letter: "w", doc: "Leave answers of web servers (port 80) out" },
    { name: "skip-outbound-www", letter: "W", doc: "Leave requests to web servers out" },
    numberFlag("ager", "t", "Flows after which a destination is forgotten (default: 90000)"),
    {
      name: "state",
      letter: "s",
      value: "FILE",
      doc: `State file (default: ${STATE_DEFAULT})`,
    },
    { name: "load", letter: "l", doc: "Load the state file first" },
    { name: "dump", letter: "p", doc: "Write the state file at the end; SIGUSR1 does any time" },
    {
      name: "debug",
      letter: "d",
      value: "LEVEL",
      range: [0, 99],
      doc: "Above 0 speed, above 2 runs of the ager, above 5 what it forgets (default: 0)",
    },
    {
      name: "documented",
      doc: "As the manual says, not as flow-dscan does: suppress lists count ports, protocol and " +
        "destinations, start= is the time of the flow",
    },
    {
      ...DATA_FORMAT_FLAG,
      choices: ["classic", ...DATA_FORMATS],
      doc: "How to print; those other than classic go to standard output, with right times " +
        "(default: classic, as flow-dscan, or table where that cannot do it)",
    },
    ...rowFlags(SCAN_NAMES),
    TZ_FLAG,
    UNITS_FLAG,
  ]),
  examples: [
    ["flowtools dscan -b -m -W flows/2023", "Scans in the traffic of a year, web browsing aside"],
    [
      "flowtools dscan -b -I 25 -s dscan.state -p day.ft",
      "Traffic out of interface 25, state kept",
    ],
    ["flowtools dscan -b -D 100 -S 10 --format ndjson day.ft", "Touchier, for programs"],
    ["flowtools dscan -b --fields type,srcaddr --sort srcaddr day.ft", "Who, as a table"],
  ],
  run: async (args) => {
    const profile = new RunProfile("dscan");
    const selection = await WhereSelection.fromArgs(args);
    const strict = strictCompat(args);
    await using target = args.on("syslog") ? systemLog() : standardErrorLog();
    const format = rowFormatOf(args);
    const choice = rowChoiceOf(args, SCAN_NAMES);
    const zone = zoneOf(args);
    const output = Output.open(undefined);
    const findings = format && new DataSetWriter(
      output,
      SCAN_HEAD,
      format,
      lookFromFlags(args),
      { choice, partRows: TABLE_ROWS },
    );
    const log = new ScanLog({
      log: target.log,
      find: findings && ((finding) => findings.row(scanRow(finding, zone))),
      rightTimes: args.on("documented"),
      debug: args.number("debug") ?? 0,
    });
    const detector = new ScanDetector(scanOptions(args), log);
    log.statistics = () => statistics(detector);
    const state = args.value("state") ?? STATE_DEFAULT;
    if (args.on("load")) detector.loadState(Deno.readTextFileSync(state), state);
    // flow-dscan ends where the lists of its default are missing, too.
    const suppress = args.value("suppress") ?? (strict ? SUPPRESS_DEFAULT : undefined);
    const announce = findings === undefined ? target.log : () => {};
    const reload = () => detector.suppress(...loadSuppressLists(suppress, target.log, announce));
    // What loading logs may be taken for the word to signal: the handlers are there before it.
    using _signals = onSignals({
      SIGHUP: guarded(reload, target.log),
      SIGUSR1: guarded(() => writeState(state, detector.stateText()), target.log),
    });
    reload();
    let refused = false;
    let turn = performance.now();
    const packets = new PacketWarnings(args);
    const code = await eachInput(args, async (path) => {
      await using set = await FlowSet.open(path, packets.optionsOf(path, selection));
      if (strict && !CLASSIC_VERSIONS.includes(set.header.exportVersion)) {
        target.log(`Export version ${set.header.exportVersion} not supported by format`);
        target.log("Unsupported export version");
        refused = true;
        return;
      }
      for await (const batch of set.batches({ columns: SCAN_COLUMNS, asRecords: true })) {
        detector.add(batch);
        output.flush();
        if (performance.now() - turn < SIGNAL_MS) continue;
        await new Promise((resolve) => setTimeout(resolve, 0));
        turn = performance.now();
      }
    });
    findings?.end();
    output.close();
    if (refused) return 1;
    reportLosses(detector);
    profile.report(args.number("debug"), detector.flows);
    if (args.on("dump")) writeState(state, detector.stateText());
    return selection.exitCode(packets.finish() || code);
  },
};

function scanOptions(args: ParsedArguments): ScanOptions {
  const list = (name: string) => {
    const text = args.value(name);
    if (text === undefined) return undefined;
    try {
      return parseNumberList(text, INTERFACES);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UsageError(`--${name}: ${error.message}`);
    }
  };
  return {
    hostDepth: args.number("host-depth"),
    portTrigger: args.number("port-trigger"),
    octetTrigger: args.number("octets"),
    packetTrigger: args.number("packets"),
    timeTrigger: args.number("time"),
    agerTimeout: args.number("ager"),
    inputs: list("input-interfaces"),
    outputs: list("output-interfaces"),
    skipMulticast: args.on("skip-multicast"),
    skipInboundWeb: args.on("skip-inbound-www"),
    skipOutboundWeb: args.on("skip-outbound-www"),
    exactSuppress: args.on("documented"),
  };
}

/** What a fault while running does not end. */
function guarded(work: () => void, log: LogLine): () => void {
  return () => {
    try {
      work();
    } catch (error) {
      log(error instanceof Error ? error.message : String(error));
    }
  };
}

/** Handles signals until disposed. */
function onSignals(handlers: Readonly<Partial<Record<Deno.Signal, () => void>>>): Disposable {
  const entries = Object.entries(handlers) as [Deno.Signal, () => void][];
  for (const [signal, handler] of entries) Deno.addSignalListener(signal, handler);
  return {
    [Symbol.dispose]: () => {
      for (const [signal, handler] of entries) Deno.removeSignalListener(signal, handler);
    },
  };
}

/** The memory of a detector in the words of flow-dscan. */
function statistics(detector: ScanDetector): string[] {
  const { hostsAdded, hostsRemoved, destinationsAdded, destinationsRemoved } = detector.counts;
  const { hostsAged, destinationsAged } = detector.counts;
  return [
    `malloc=${hostsAdded + destinationsAdded} free=${hostsRemoved + destinationsRemoved} ` +
    `aged_ip=${destinationsAged} aged_dsr=${hostsAged}`,
    `malloc_dst=${destinationsAdded} malloc_rec=${hostsAdded} ` +
    `free_dst=${destinationsRemoved} free_rec=${hostsRemoved}`,
  ];
}

function reportLosses(detector: ScanDetector): void {
  const { evictions, skippedIPv6 } = detector;
  if (evictions > 0) {
    console.error(
      `flowtools: memory was full: ${evictions} destinations were forgotten early, ` +
        "slow scans may have been missed",
    );
  }
  if (skippedIPv6 > 0) console.error(`flowtools: ${skippedIPv6} IPv6 flows were not looked at`);
}
