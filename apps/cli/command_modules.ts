import { SUMMARIES } from "@flowtools/collector/summaries";
import type { Command, CommandBody } from "./command.ts";
import { DECODE_FLAGS } from "@flowtools/common/decode_flags";
import { STRICT_COMPAT_FLAG } from "./strict_compat.ts";

/** One command, before it is loaded. */
export interface CommandRow {
  /** One line of help. */
  readonly summary: string;
  /** Whether it decodes packets where it reads flows: it takes the flags for that then. */
  readonly decodes?: true;
  /** Whether standard output gets flows as they are stored, unless a file is named. */
  readonly stores?: true;
  /** Loads the rest. Only the command that is called is loaded: loading all takes longer. */
  readonly load: () => Promise<CommandBody>;
}

/** Commands that belong together in the help. */
export interface CommandGroup {
  /** What they do, as a heading. */
  readonly title: string;
  /** The commands, by name. */
  readonly commands: Readonly<Record<string, CommandRow>>;
}

/** Every command, in the order of the help: the table from which everything about them derives. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  {
    title: "See flows",
    commands: {
      print: {
        summary: "Print flows as text",
        decodes: true,
        load: async () => (await import("./commands/print.ts")).printCommand,
      },
      top: {
        summary: "Top talkers: the leading groups of flows, by any keys and any counter, exact",
        decodes: true,
        load: async () => (await import("./commands/top.ts")).topCommand,
      },
      series: {
        summary: "Flows over time: sums of each span, by any keys, as bars or sparklines",
        decodes: true,
        load: async () => (await import("./commands/series.ts")).seriesCommand,
      },
      hist: {
        summary: "Distribution of the sizes, times or rates of flows, as bars",
        decodes: true,
        load: async () => (await import("./commands/hist.ts")).histCommand,
      },
      plot: {
        summary: "Charts of flows as SVG, or as an HTML page that needs nothing else",
        decodes: true,
        load: async () => (await import("./commands/plot.ts")).plotCommand,
      },
      stat: {
        summary: "Statistics of flows: top talkers, ports, protocols, distributions",
        decodes: true,
        load: async () => (await import("./commands/stat.ts")).statCommand,
      },
      report: {
        summary: "Reports of flows by a definition of a configuration file",
        decodes: true,
        load: async () => (await import("./commands/report.ts")).reportCommand,
      },
      rptfmt: {
        summary: "Format the output of report as a text or HTML table",
        load: async () => (await import("./commands/rptfmt.ts")).rptfmtCommand,
      },
      header: {
        summary: "Show the header of flow-tools files",
        load: async () => (await import("./commands/header.ts")).headerCommand,
      },
      decode: {
        summary: "Decode export packets: raw payloads, pcap and pcapng captures, IPFIX files",
        decodes: true,
        load: async () => (await import("./commands/decode.ts")).decodeCommand,
      },
      dscan: {
        summary: "Detect host scans, port scans and very large flows",
        decodes: true,
        load: async () => (await import("./commands/dscan.ts")).dscanCommand,
      },
    },
  },
  {
    title: "Choose and change flows",
    commands: {
      nfilter: {
        summary: "Filter flows by a definition of a configuration file",
        decodes: true,
        stores: true,
        load: async () => (await import("./commands/nfilter.ts")).nfilterCommand,
      },
      filter: {
        summary: "Filter flows by lists of numbers, and by access lists",
        decodes: true,
        stores: true,
        load: async () => (await import("./commands/filter.ts")).filterCommand,
      },
      tag: {
        summary: "Tag flows by prefixes, AS numbers, ports and more",
        decodes: true,
        stores: true,
        load: async () => (await import("./commands/tag.ts")).tagCommand,
      },
      xlate: {
        summary: "Rewrite fields of flows (anonymize, mask, scale), or their version",
        decodes: true,
        stores: true,
        load: async () => (await import("./commands/xlate.ts")).xlateCommand,
      },
      mask: {
        summary: "Set the source and destination mask lengths of flows by prefixes",
        decodes: true,
        stores: true,
        load: async () => (await import("./commands/mask.ts")).maskCommand,
      },
    },
  },
  {
    title: "Join, split and convert files",
    commands: {
      cat: {
        summary: "Concatenate flow-tools files into one stream",
        decodes: true,
        stores: true,
        load: async () => (await import("./commands/cat.ts")).catCommand,
      },
      merge: {
        summary: "Merge flow-tools files in order of time",
        decodes: true,
        stores: true,
        load: async () => (await import("./commands/merge.ts")).mergeCommand,
      },
      split: {
        summary: "Split flows into files by count, time or tag",
        decodes: true,
        load: async () => (await import("./commands/split.ts")).splitCommand,
      },
      export: {
        summary: "Export flows to other formats",
        decodes: true,
        load: async () => (await import("./commands/export.ts")).exportCommand,
      },
      import: {
        summary: "Import flows from other formats",
        stores: true,
        load: async () => (await import("./commands/import.ts")).importCommand,
      },
      expire: {
        summary: "Remove the oldest capture files of a directory",
        load: async () => (await import("./commands/expire.ts")).expireCommand,
      },
      log2rrd: {
        summary:
          "Time series of flows, packets and losses from the STAT lines of capture and fanout",
        load: async () => (await import("./commands/log2rrd.ts")).log2rrdCommand,
      },
      rpt2rrd: {
        summary: "Time series of chosen keys from the output of report, a value a report",
        load: async () => (await import("./commands/rpt2rrd.ts")).rpt2rrdCommand,
      },
    },
  },
  {
    title: "Receive, send and generate flows",
    commands: {
      capture: {
        summary: SUMMARIES.capture,
        load: async () => (await import("./commands/capture.ts")).captureCommand,
      },
      receive: {
        summary: SUMMARIES.receive,
        load: async () => (await import("./commands/receive.ts")).receiveCommand,
      },
      fanout: {
        summary: SUMMARIES.fanout,
        load: async () => (await import("./commands/fanout.ts")).fanoutCommand,
      },
      send: {
        summary: "Send flows as export packets over UDP",
        decodes: true,
        load: async () => (await import("./commands/send.ts")).sendCommand,
      },
      gen: {
        summary: "Generate a test pattern of flows",
        stores: true,
        load: async () => (await import("./commands/gen.ts")).genCommand,
      },
    },
  },
  {
    title: "Help",
    commands: {
      help: {
        summary: "Show all commands, the flags of one, or a topic",
        load: async () => (await import("./commands/help.ts")).helpCommand,
      },
      man: {
        summary: "Print a man page: of the program, or of a command",
        load: async () => (await import("./commands/man.ts")).manCommand,
      },
      completions: {
        summary: "Print the script by which a shell completes calls",
        load: async () => (await import("./commands/completions.ts")).completionsCommand,
      },
    },
  },
];

const ROWS: ReadonlyMap<string, CommandRow> = new Map(
  COMMAND_GROUPS.flatMap(({ commands }) => Object.entries(commands)),
);

/** The names of all commands, in the order of the help. */
export const COMMAND_NAMES: readonly string[] = [...ROWS.keys()];

/** A command with all flags that it has beside the common ones; `undefined` where there is none. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  const row = ROWS.get(name);
  if (row === undefined) return undefined;
  const body = await row.load();
  const flags = [...body.flags, ...(row.decodes ? DECODE_FLAGS : []), STRICT_COMPAT_FLAG];
  return { ...body, name, summary: row.summary, flags, stores: row.stores };
}
