/**
 * How fast datagrams become columns. A "flow" here is one record of a full v5 packet (30 records);
 * the figure to look at is 1 / (time per iteration) × 30 × 256 flows.
 */
import { FlowBatch } from "@flowtools/flow-model";
import { decodePduAt } from "./decode_pdu.ts";
import { createPduRegistry } from "./registry.ts";
import { PDU_CODECS, V5_CODEC } from "./codecs/mod.ts";
import type { PduInput } from "./codec.ts";
import { SequenceTracker } from "./sequence.ts";

const PACKETS = 256;
const RECORDS = 30;
const registry = createPduRegistry(PDU_CODECS);

/** Full v5 packets in one buffer, as a receiver of many datagrams holds them. */
function packets(): PduInput[] {
  const size = 24 + RECORDS * 48;
  const bytes = new Uint8Array(PACKETS * size);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  const view = new DataView(bytes.buffer);
  return Array.from({ length: PACKETS }, (_, packet) => {
    const offset = packet * size;
    view.setUint16(offset, 5);
    view.setUint16(offset + 2, RECORDS);
    view.setUint32(offset + 16, packet * RECORDS);
    view.setUint16(offset + 20, 0);
    return { view, offset, length: size, exporter: 0x0a000001 };
  });
}

const inputs = packets();
const narrow = new FlowBatch({
  columns: ["srcaddr", "dstaddr", "srcport", "dstport", "prot", "dPkts", "dOctets", "first"],
});
const wide = new FlowBatch();
const ownColumns = new FlowBatch({ columns: V5_CODEC.layouts.record.schema.fields });

function decodeAll(batch: FlowBatch | undefined): void {
  batch?.reset();
  for (const input of inputs) decodePduAt(registry, input, batch);
}

Deno.bench("v5, 256 packets × 30 records, 8 columns", () => decodeAll(narrow));
Deno.bench("v5, 256 packets × 30 records, the 22 columns of v5", () => decodeAll(ownColumns));
Deno.bench("v5, 256 packets × 30 records, all 33 columns", () => decodeAll(wide));
Deno.bench("v5, 256 packets × 30 records, check only", () => decodeAll(undefined));

const tracker = new SequenceTracker();
Deno.bench("v5, 256 packets × 30 records, 8 columns and sequence", () => {
  narrow.reset();
  for (const input of inputs) {
    tracker.observe(input.exporter, decodePduAt(registry, input, narrow));
  }
});
