import { VARIABLE_FLAG } from "@flowtools/common/config_file";
import type { Flag, ParsedArguments } from "@flowtools/common/flags";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { parseSize } from "@flowtools/common/parse_size";
import { PIPELINE_OPTIONS } from "../pipeline/options.ts";
import { OUTPUT_QUEUE_BYTES, TARGET_QUEUE_BYTES } from "./limits.ts";

/** The bound of queues. */
function queueFlag(what: string, bytes: number): Flag {
  return {
    name: "queue-size",
    value: "SIZE",
    doc: `Bytes that may wait for ${what}, with K, M or G behind them (default: ${bytes >> 20}M)`,
  };
}

/** Where the flows of one output go. */
const OUTPUT_FLAG: Flag = {
  name: "output",
  letter: "o",
  value: "FILE",
  doc: "Write to a file instead of standard output",
};

/**
 * What can be set for each target by itself, behind its address:
 * `10.0.0.1:9995,filter-definition=web,export-version=7`.
 */
export const TARGET_OPTIONS: readonly Flag[] = [
  {
    name: "replace-as",
    letter: "A",
    value: "AS",
    range: [0, 65535],
    doc: "AS number to put in the place of 0",
  },
  {
    name: "where",
    value: "EXPR",
    doc: 'Send only flows that pass, such as "src net 10.0.0.0/8 and dst port in [80 443]"; ' +
      '"filter NAME" is a definition of --filter-file',
  },
  {
    name: "filter-file",
    letter: "f",
    value: "FILE",
    doc:
      "Filter configuration (default: cfg/filter.cfg in FLOWTOOLS_CONFIG_DIR or /etc/flow-tools)",
  },
  {
    name: "filter-definition",
    letter: "F",
    value: "NAME",
    doc: "Send only the flows that this definition permits",
  },
  {
    name: "privacy-mask",
    letter: "m",
    value: "MASK",
    doc: "Keep only these bits of addresses, such as 255.255.255.0; multicast stays",
  },
  {
    name: "spoof",
    letter: "s",
    doc: "Send from the address of the exporter, or from LOCALIP where one is given " +
      "(raw socket: needs root or CAP_NET_RAW)",
  },
  {
    name: "export-version",
    letter: "V",
    value: "VERSION",
    doc:
      "Version to send: 1, 5, 6, 7, 8.1 to 8.14, 9 or 10, which is IPFIX (default: that of the " +
      "flows; sFlow goes as IPFIX)",
  },
  {
    name: "delay",
    letter: "x",
    value: "USEC",
    range: [0, 2 ** 32 - 1],
    doc: "Microseconds to wait after each packet (default: 0)",
  },
  {
    name: "raw",
    doc: "Send datagrams as they came, whatever they hold; they cannot be filtered or changed",
  },
  {
    name: "sequence",
    value: "SCOPE",
    choices: ["source", "target"],
    doc:
      "What has a sequence of its own: each source, sent from a port of its own, or the target " +
      "for all sources, for receivers that tell sources by address alone (default: source)",
  },
];

/** The options of the fan-out. */
export const FANOUT_OPTIONS: readonly Flag[] = [
  ...TARGET_OPTIONS,
  VARIABLE_FLAG,
  SYMBOLS_FLAG,
  queueFlag("each target", TARGET_QUEUE_BYTES),
];

/** Sends flows on beside what else is done with them. */
export const FANOUT_SINK_FLAG: Flag = {
  name: "fanout",
  value: "TARGET",
  repeated: true,
  doc: "Send flows on to a collector, too: HOST:PORT or LOCALIP/REMOTEIP/PORT, with what is set " +
    "for it behind commas, as targets of the fanout program have it; may be given several times",
};

/** Writes flows as JSON beside what else is done with them. */
export const NDJSON_SINK_FLAG: Flag = {
  name: "ndjson",
  value: "FILE",
  doc: "Write flows as JSON, too, one object a line, to a file, or - for standard output",
};

/** What shapes a flow-tools stream, with flow-receive's letters. */
const STREAM_FLAGS: readonly Flag[] = [
  {
    name: "byte-order",
    letter: "b",
    value: "ORDER",
    choices: ["little", "big"],
    doc: "Byte order of the output (default: little)",
  },
  { name: "comment", letter: "C", value: "TEXT", doc: "Comment for the header of the output" },
  {
    name: "compress",
    letter: "z",
    value: "LEVEL",
    range: [0, 9],
    doc: "Level of zlib compression, 0 for none (default: 0)",
  },
];

/** The version of a stream, which has one for all flows. */
const STREAM_VERSION_FLAG: Flag = {
  name: "export-version",
  letter: "V",
  value: "VERSION",
  doc: "Store as 1, 5, 6, 7, 8.1 to 8.14 or 1005 (default: that of the first flows, others are " +
    "converted to it; NetFlow v9, IPFIX and sFlow as 5, IPv4 only)",
};

/** What means nothing for JSON. */
export const STREAM_ONLY: readonly string[] = [
  ...STREAM_FLAGS.map(({ name }) => name),
  ...["export-version", "tag-file", "tag-definition", "xlate-file", "xlate-definition"],
];

/** The options of `receive`: a flow-tools stream, or JSON. */
export const RECEIVE_OPTIONS: readonly Flag[] = [
  {
    name: "format",
    value: "FORMAT",
    choices: ["ft", "ndjson"],
    doc: "What to write: a flow-tools stream, or flows as JSON, one a line (default: ft)",
  },
  OUTPUT_FLAG,
  ...STREAM_FLAGS,
  ...PIPELINE_OPTIONS.map((flag) => flag.name === "export-version" ? STREAM_VERSION_FLAG : flag),
  queueFlag("a slow reader", OUTPUT_QUEUE_BYTES),
  {
    name: "fields",
    value: "NAMES",
    doc: "Attributes to write as JSON, comma separated (default: all)",
  },
];

/** Bytes that may wait for a slow reader. */
export function outputQueueBytes(args: ParsedArguments): number {
  const size = args.value("queue-size");
  return size === undefined ? OUTPUT_QUEUE_BYTES : parseSize("queue-size", size);
}
