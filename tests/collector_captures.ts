/** Captures of other projects as datagrams, and how many flows an independent decoder finds in them. */
import { CaptureDecoder } from "@flowtools/netflow-pdu/capture";
import { sharedFolder } from "./files.ts";
import type { CaptureGroup } from "./template_captures.ts";

/** A datagram of a capture. */
export interface CapturedDatagram {
  readonly address: string;
  readonly port: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Who sent what is in files without addresses. */
const NOBODY = { address: "192.0.2.1", port: 1234 };

/** Version and length of an IPFIX message are its first four octets. */
const MESSAGE_HEAD = 4;

/** The datagrams of a group, in order. */
export function datagramsOf({ files }: CaptureGroup): CapturedDatagram[] {
  const folder = sharedFolder("captures");
  return files.flatMap((file) => {
    const octets = Deno.readFileSync(new URL(`raw/${file}`, folder));
    if (/\.pcap(ng)?$/.test(file)) return pcapDatagrams(file, octets);
    if (file.endsWith(".ipfix")) return messages(octets);
    return [{ ...NOBODY, payload: octets }];
  });
}

function pcapDatagrams(source: string, octets: Uint8Array): CapturedDatagram[] {
  const decoder = new CaptureDecoder({ source });
  decoder.push(octets);
  decoder.finish();
  const found: CapturedDatagram[] = [];
  for (let datagram = decoder.read(); datagram !== undefined; datagram = decoder.read()) {
    const { source: address, sourcePort: port, payload } = datagram;
    found.push({ address, port, payload: payload.slice() });
  }
  return found;
}

function messages(octets: Uint8Array<ArrayBuffer>): CapturedDatagram[] {
  const view = new DataView(octets.buffer);
  const found: CapturedDatagram[] = [];
  for (let at = 0; at + MESSAGE_HEAD <= octets.length;) {
    const length = view.getUint16(at + 2);
    found.push({ ...NOBODY, payload: octets.slice(at, at + length) });
    at += Math.max(MESSAGE_HEAD, length);
  }
  return found;
}

/** The low bits of the format of an sFlow sample; the others are an enterprise. */
const FORMAT_MASK = 0xfff;
/** Flow samples, and those with wide interface numbers; packets that were discarded are no flows. */
const FLOW_FORMATS: readonly number[] = [1, 3];

/** The flows that an independent decoder finds: data records that are no options, and samples. */
export function flowsExpected({ packets }: CaptureGroup): number {
  let flows = 0;
  for (const { flowsets = [], samples = [] } of packets) {
    for (const set of flowsets) {
      const { type, noTemplate, raw = [] } = set;
      const options = "optionsData" in set && set.optionsData === true;
      if (type === "data" && noTemplate !== true && !options) flows += raw.length;
    }
    flows += samples.filter(({ format }) => FLOW_FORMATS.includes(format & FORMAT_MASK)).length;
  }
  return flows;
}
