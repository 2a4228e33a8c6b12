/**
 * What `capture`, `receive` and `fanout` can be told, from which parsing, help, the environment and
 * the file of settings derive. It loads nothing of what they do.
 *
 * @module
 */
import type { CommandDescription } from "@flowtools/common/command_text";
import { DECODE_FLAGS } from "@flowtools/common/decode_flags";
import type { Flag } from "@flowtools/common/flags";
import { DEBUG_FLAG, LISTEN_FLAG, OPERATION_OPTIONS, PEERS_FLAG } from "./operation_options.ts";
import {
  FANOUT_OPTIONS,
  FANOUT_SINK_FLAG,
  NDJSON_SINK_FLAG,
  RECEIVE_OPTIONS,
} from "./relay/options.ts";
import { FILE_OPTIONS } from "./sinks/files/options.ts";
import { IPFIX_SINK_FLAG } from "./sinks/ipfix/options.ts";
import { SOURCE_OPTIONS } from "./sources/options.ts";
import { SUMMARIES } from "./summaries.ts";
import { WEB_OPTIONS } from "./web/options.ts";

/** The options of the page where nobody has one unless it is asked for. */
const WEB_OPTIONS_OFF: readonly Flag[] = WEB_OPTIONS.map((flag) =>
  flag.name === "http"
    ? { ...flag, doc: flag.doc.replace(/\(default: .*\)/, "(default: off)") }
    : flag
);

/** The program that stores flows in files, as flow-capture does, and shows them on a page. */
export const CAPTURE: CommandDescription = {
  name: "capture",
  summary: SUMMARIES.capture,
  operands: "[HOST:PORT | LOCALIP/REMOTEIP/PORT]…",
  flags: [
    ...FILE_OPTIONS,
    FANOUT_SINK_FLAG,
    NDJSON_SINK_FLAG,
    IPFIX_SINK_FLAG,
    LISTEN_FLAG,
    ...SOURCE_OPTIONS,
    ...DECODE_FLAGS,
    ...WEB_OPTIONS,
    ...OPERATION_OPTIONS,
  ],
  examples: [
    ["flowtools capture -w /var/flows 0/0/9991", "Files of 15 minutes, a page on 127.0.0.1:9990"],
    [
      "flowtools capture -w /var/flows -n 287 -E 50G --allow 192.0.2.0/24 :2055 :9995",
      "Files of 5 minutes, 50 GB at most, from routers of one network to two ports",
    ],
    [
      "flowtools capture -w /var/flows --fanout 10.0.0.1:9995,raw --ndjson flows.json :9991",
      "Files, datagrams as they came to another collector, flows as JSON",
    ],
    [
      "flowtools capture -w /var/flows --ipfix /var/ipfix :2055 :4739 :6343",
      "NetFlow, IPFIX and sFlow; all that flows have in IPFIX files, too",
    ],
    [
      "flowtools capture --config /etc/flowtools/collector.toml --check-config",
      "What the file of settings, the environment and the flags come to",
    ],
  ],
};

/** The program that writes one stream to standard output, as flow-receive does. */
export const RECEIVE: CommandDescription = {
  name: "receive",
  summary: SUMMARIES.receive,
  operands: "[HOST:PORT | LOCALIP/REMOTEIP/PORT]…",
  flags: [
    ...RECEIVE_OPTIONS,
    DEBUG_FLAG,
    LISTEN_FLAG,
    ...SOURCE_OPTIONS,
    ...DECODE_FLAGS,
    ...WEB_OPTIONS_OFF,
    ...OPERATION_OPTIONS,
  ],
  examples: [
    ["flowtools receive 0/0/9991 | flowtools print", "Show flows as they come"],
    [
      "flowtools receive --source trace.pcap -o flows.ft",
      "The flows of a packet capture as a file",
    ],
  ],
};

/** The program that sends what it receives on to others, as flow-fanout does. */
export const FANOUT: CommandDescription = {
  name: "fanout",
  summary: SUMMARIES.fanout,
  operands: "LISTENER TARGET…",
  flags: [
    ...FANOUT_OPTIONS,
    DEBUG_FLAG,
    PEERS_FLAG,
    ...SOURCE_OPTIONS,
    ...DECODE_FLAGS,
    ...WEB_OPTIONS_OFF,
    ...OPERATION_OPTIONS,
  ],
  examples: [
    ["flowtools fanout 0/0/9991 0/10.0.0.1/9991 0/10.0.0.2/9991", "One stream to two collectors"],
    [
      "flowtools fanout 0/0/9991 10.0.0.1:9991,export-version=5,privacy-mask=255.255.255.0",
      "As version 5, the last byte of addresses 0",
    ],
    [
      "flowtools fanout --raw 0/0/9991 10.0.0.1:9991 [2001:db8::7]:2055",
      "Datagrams as they came, of any version",
    ],
    [
      "flowtools fanout --source trace.pcap 10.0.0.1:9991",
      "What a packet capture holds to a collector",
    ],
  ],
};
