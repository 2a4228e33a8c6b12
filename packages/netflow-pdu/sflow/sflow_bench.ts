/**
 * How fast samples become flows. A datagram has seven flow samples, as fit an Ethernet frame; the
 * figure to look at is 1 / (time per iteration) × 7 × 256 samples.
 */
import { FlowBatch } from "@flowtools/flow-model";
import type { PduInput } from "../codec.ts";
import { SFLOW5_CODEC } from "../codecs/sflow5.ts";
import { decodePduAt } from "../decode_pdu.ts";
import { createPduRegistry } from "../registry.ts";
import {
  datagram,
  ethernet,
  flowSample,
  ipv4,
  octets,
  sampledHeader,
  tagged,
  TCP,
} from "./_builders.ts";
import { readSflow } from "./read.ts";

const DATAGRAMS = 256;
const SAMPLES = 7;
const registry = createPduRegistry([SFLOW5_CODEC]);

const packet = new Uint8Array(128);
packet.set(ethernet(0x0800, ipv4(6, TCP)));
const sample = flowSample(sampledHeader(packet), tagged(1001, 100, 0, 200, 0));
const routed = flowSample(
  sampledHeader(packet),
  tagged(1001, 100, 0, 200, 0),
  tagged(1002, 1, 0x0a000002, 24, 16),
  tagged(1003, 1, 0x0a000003, 64500, 64501, 64502, 1, 2, 3, 64503, 64504, 64505, 2, 1, 2, 100),
);

/** Datagrams in one buffer, as a receiver of many holds them. */
function inputsOf(one: Uint8Array): PduInput[] {
  const bytes = octets(...new Array<Uint8Array>(DATAGRAMS).fill(one));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: DATAGRAMS }, (_, index) => (
    { view, offset: index * one.length, length: one.length, exporter: 0x0a000001 }
  ));
}

const plain = inputsOf(datagram(...new Array<Uint8Array>(SAMPLES).fill(sample)));
const full = inputsOf(datagram(...new Array<Uint8Array>(SAMPLES).fill(routed)));
const narrow = new FlowBatch({
  columns: ["srcaddr", "dstaddr", "srcport", "dstport", "prot", "dPkts", "dOctets", "first"],
});
const wide = new FlowBatch();

function decodeAll(inputs: readonly PduInput[], batch: FlowBatch | undefined): void {
  batch?.reset();
  for (const input of inputs) decodePduAt(registry, input, batch);
}

Deno.bench("sFlow, 256 × 7 samples, header and switch, 8 columns", () => decodeAll(plain, narrow));
Deno.bench("sFlow, 256 × 7 samples, header and switch, 33 columns", () => decodeAll(plain, wide));
Deno.bench(
  "sFlow, 256 × 7 samples, with router and gateway, 33 columns",
  () => decodeAll(full, wide),
);
Deno.bench("sFlow, 256 × 7 samples, check only", () => decodeAll(plain, undefined));
Deno.bench("sFlow, 256 × 7 samples, readSflow", () => {
  for (const input of plain) readSflow(input);
});
