/** Fuzz target: packet captures, as datagrams and on into the packet decoder. */
import { concat } from "@std/bytes";
import { createPduRegistry, decodePdu, PDU_CODECS } from "@flowtools/netflow-pdu";
import { CaptureDecoder, CaptureError, type CaptureOptions } from "@flowtools/netflow-pdu/capture";
import {
  ethernet,
  fragmentHeader,
  ipv4,
  ipv6,
  payload,
  pcap,
  pcapng,
  udp,
} from "../../packages/netflow-pdu/capture/_builders.ts";
import type { Random } from "../random.ts";
import { readFixtures } from "./fixtures.ts";
import { ensure, type FuzzSubject, type FuzzTarget, randomChunks, tally } from "./target.ts";

/** Bytes in front of each packet of a pcap file; those of pcapng take more. */
const PACKET_HEADER_BYTES = 16;

/** Packet captures. */
export const CAPTURE_TARGET: FuzzTarget = {
  name: "capture",
  doc: "pcap and pcapng captures: CaptureDecoder in one piece and in random ones",
  runs: 100_000,
  prepare: () => new CaptureSubject(),
};

class CaptureSubject implements FuzzSubject {
  readonly corpus = captures();
  readonly outcomes = new Map<string, number>();
  readonly #registry = createPduRegistry(PDU_CODECS);

  check(input: Uint8Array, random: Random): void {
    // Small limits are met by small inputs.
    const limits = random.oneIn(4)
      ? { pendingDatagrams: 1, pendingBytes: 300, interfaces: 1, packetBytes: 200 }
      : undefined;
    const whole = this.#read([input], { limits });
    tally(this.outcomes, whole.error?.code ?? "faultless");
    ensure(whole.frames <= input.length / PACKET_HEADER_BYTES, "more packets than bytes allow");
    ensure(whole.payloadBytes <= input.length * 2, "more payload than bytes allow");
    const pieces = this.#read(randomChunks(input, random), { limits });
    ensure(whole.error?.message === pieces.error?.message, "pieces give another error");
    ensure(whole.digest === pieces.digest, "pieces give other datagrams");
  }

  #read(chunks: Iterable<Uint8Array>, options: CaptureOptions): CaptureReading {
    const decoder = new CaptureDecoder(options);
    const reading: CaptureReading = { digest: "", frames: 0, payloadBytes: 0, error: undefined };
    const drain = () => {
      for (let found = decoder.read(); found !== undefined; found = decoder.read()) {
        ensure(reading.error === undefined, "a datagram after the error");
        ensure(found.frame >= reading.frames, "frames go back");
        reading.frames = found.frame;
        reading.payloadBytes += found.payload.length;
        const { timeMs, source, sourcePort, truncated } = found;
        const flows = decodePdu(this.#registry, found.payload);
        reading.digest += `${found.frame} ${timeMs} ${source}:${sourcePort} ${truncated} ` +
          `${flows.reason} ${sumOf(found.payload)}\n`;
      }
    };
    const guard = (action: () => void) => {
      try {
        action();
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
        ensure(reading.error === undefined, "more than one error");
        ensure(!/undefined|NaN/.test(error.message), "the message lacks a value");
        reading.error = error;
      }
    };
    for (const chunk of chunks) {
      decoder.push(chunk);
      guard(drain);
    }
    guard(() => decoder.finish());
    guard(drain);
    for (const [reason, count] of decoder.skipped) reading.digest += `${reason} ${count}\n`;
    return reading;
  }
}

/** What a capture gave. */
interface CaptureReading {
  /** Everything of the datagrams, and what was passed over. */
  digest: string;
  frames: number;
  payloadBytes: number;
  error: CaptureError | undefined;
}

function sumOf(bytes: Uint8Array): number {
  let sum = bytes.length;
  for (let i = 0; i < bytes.length; i++) sum = (Math.imul(sum, 31) + bytes[i]) | 0;
  return sum;
}

/** Small captures of packets and fragments, IPv4 and IPv6, in all spellings of the formats. */
function captures(): Uint8Array[] {
  const pdu = readFixtures("pdu", "1.dat")[0];
  const whole = udp(pdu);
  const packets = [
    ethernet(ipv4(whole)),
    ethernet(ipv4(whole.subarray(0, 64), { id: 5, more: true })),
    ethernet(ipv6(udp(payload(9))), 0x86dd, [0x88a8, 0x8100]),
    ethernet(ipv4(whole.subarray(64), { id: 5, offset: 64 })),
    ethernet(ipv6(concat([fragmentHeader(17, 5, 0, true), whole.subarray(0, 64)]), 44), 0x86dd),
    ethernet(ipv6(concat([fragmentHeader(17, 5, 64, false), whole.subarray(64)]), 44), 0x86dd),
  ];
  const raw = [ipv4(whole), ipv6(whole)];
  const ngs = [true, false].map((littleEndian) => {
    const make = pcapng(littleEndian);
    const resolution = make.option(9, Uint8Array.of(9));
    const head = concat([make.section(), make.interface(1, 0, resolution), make.interface(1, 90)]);
    const kinds = [make.enhanced, make.simple, make.old];
    return concat([head, ...packets.map((packet, index) => kinds[index % 3](packet))]);
  });
  return [
    pcap(packets),
    pcap(packets, { magic: 0xa1b23c4d, littleEndian: false }),
    pcap(packets, { magic: 0xa1b2cd34, extra: 8 }),
    pcap(raw, { linkType: 101 }),
    ...ngs,
    concat(ngs),
  ];
}
