import { strftime } from "@flowtools/common/strftime";
import { formatIPv4 } from "@flowtools/flow-model";
import { FT_FLAGS, type FtHeader, type RawTlv } from "@flowtools/ft-format";

/** Aggregation methods of version 8 as flow-header names them, from 1. */
const AGGREGATION_NAMES: readonly string[] = [
  "AS",
  "Protocol Port",
  "Source Prefix",
  "Destination Prefix",
  "Prefix",
  "Destination",
  "Source Destination",
  "Full Flow",
  "ToS AS",
  "ToS Proto Port",
  "ToS Source Prefix",
  "ToS Destination Prefix",
  "ToS Prefix",
  "ToS Prefix Port",
];

/** The header as flow-header prints it, to the byte. */
export function headerText(header: FtHeader, comment = "#"): string {
  const { flags } = header;
  const streaming = (flags & FT_FLAGS.STREAMING) !== 0;
  const preloaded = (flags & FT_FLAGS.PRELOADED) !== 0;
  const counts = !streaming || preloaded;
  const whole = (flags & FT_FLAGS.DONE) !== 0 || preloaded;
  const lines: string[] = [""];
  const add = (label: string, value: string | number | undefined) => {
    if (value !== undefined) lines.push(` ${(label + ":").padEnd(21)} ${value}`);
  };
  add("mode", streaming ? "streaming" : "normal");
  if (flags & FT_FLAGS.XLATE) add("translated", "yes");
  if (!streaming) {
    add("capture hostname", header.hostname);
    add("exporter IP address", optional(header.exporterAddress, formatIPv4));
  }
  if (counts) {
    const { captureStart, captureEnd } = header;
    add("capture start", optional(captureStart, timeText));
    if (whole) {
      add("capture end", optional(captureEnd, timeText));
      if (captureStart !== undefined && captureEnd !== undefined) {
        add("capture period", `${(captureEnd - captureStart) >>> 0} seconds`);
      }
    }
  }
  add("compress", flags & FT_FLAGS.COMPRESS ? "on" : "off");
  add("byte order", header.byteOrder);
  add("stream version", header.streamVersion);
  add("export version", header.exportVersion);
  if (header.exportVersion === 8 && header.aggregation !== undefined) {
    add("export agg_version", header.aggregationVersion);
    const name = AGGREGATION_NAMES[header.aggregation - 1] ?? "Unknown";
    add("export agg_method", `${header.aggregation} (${name})`);
  }
  if (counts) {
    add("lost flows", header.lost);
    add("misordered flows", header.misordered);
    add("corrupt packets", header.corrupt);
    add("sequencer resets", header.sequenceResets);
  }
  add("comments", header.comments);
  if (counts && whole) add("capture flows", header.flowCount);
  if (counts && !whole) lines.push(" note, incomplete flow file");
  lines.push(...interfaceLines(header, "ifname", TLV_IF_NAME));
  lines.push(...interfaceLines(header, "ifalias", TLV_IF_ALIAS));
  lines.push("");
  return lines.map((line) => comment + line + "\n").join("");
}

const TLV_IF_NAME = 0x11;
const TLV_IF_ALIAS = 0x12;

/**
 * Interface names, last first, as flow-header reads them: it takes the layout that the reference
 * writes for the layout that it reads, two bytes off. `--format ndjson` shows them right.
 */
function interfaceLines(header: FtHeader, word: string, type: number): string[] {
  const tlvs = header.tlvs.filter((tlv) => tlv.type === type).toReversed();
  if (tlvs.length === 0) return [];
  return ["", ...tlvs.map((tlv) => ` ${word} ${interfaceText(tlv, header, type)}`)];
}

function interfaceText({ value }: RawTlv, header: FtHeader, type: number): string {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const little = header.byteOrder === "little";
  const address = formatIPv4(value.length < 4 ? 0 : view.getUint32(0, little));
  const second = value.length < 6 ? 0 : view.getUint16(4, little);
  if (type === TLV_IF_NAME) return `${address} ${second} ${textAt(value, 6)}`;
  const indexes: number[] = [];
  for (let i = 0; i < second && 8 + 2 * i <= value.length; i++) {
    indexes.push(view.getUint16(6 + 2 * i, little));
  }
  const list = indexes.map((index) => `${index} `).join("");
  return `${address} ${list}${textAt(value, 6 + 2 * second)}`;
}

function textAt(value: Uint8Array, start: number): string {
  const rest = value.subarray(start);
  const end = rest.indexOf(0);
  return new TextDecoder().decode(end < 0 ? rest : rest.subarray(0, end));
}

function optional<Value>(
  value: Value | undefined,
  text: (value: Value) => string,
): string | undefined {
  return value === undefined ? undefined : text(value);
}

/** Local time in the form of RFC 2822. */
function timeText(unixSecs: number): string {
  return strftime("%a, %d %b %Y %H:%M:%S %z", unixSecs);
}
