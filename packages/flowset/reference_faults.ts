import type { FlowBatch, FlowFieldName, FlowSchema } from "@flowtools/flow-model";

/** For what imports, exports and converts: whether to lose what flow-tools loses. */
export interface ReferenceFaultOptions {
  /** Keep the faults of flow-tools that `fixtures/QUIRKS.md` lists; default avoid them. */
  readonly referenceFaults?: boolean;
}

/** Fields that flow-tools leaves out of packets, by label. Source: `ftencode.c`. */
const NOT_ENCODED: Readonly<Record<string, readonly FlowFieldName[]>> = {
  "v8.8": ["prot"],
  "v8.10": ["srcport", "dstport", "input", "output"],
};

/** Fields that it leaves out of packets that it reads, by label. Source: `ftdecode.c`. */
const NOT_DECODED: Readonly<Record<string, readonly FlowFieldName[]>> = {
  "v6": ["in_encaps", "out_encaps", "peer_nexthop"],
};

/** Versions whose packets it reads with the number of the engine as its type. */
const ENGINE_CONFUSED: readonly number[] = [6, 7];

/** Versions that it converts version 1 to without the output interface. Source: `ftrec.c`. */
const OUTPUT_LOST: readonly number[] = [5, 6, 7];

/** Loses what flow-tools leaves out of packets. */
export function loseEncoded(batch: FlowBatch, { label }: FlowSchema, from: number): void {
  clear(batch, NOT_ENCODED[label] ?? [], from);
}

/** Loses what flow-tools does not read of packets: in the rows from `from` on. */
export function loseDecoded(batch: FlowBatch, { label, version }: FlowSchema, from: number): void {
  clear(batch, NOT_DECODED[label] ?? [], from);
  if (!ENGINE_CONFUSED.includes(version)) return;
  const ids = batch.column("engine_id");
  batch.column("engine_type").set(ids.subarray(from, batch.length), from);
  ids.fill(0, from, batch.length);
}

/** Loses what flow-tools does not convert: in the rows from `from` on. */
export function loseConverted(
  batch: FlowBatch,
  source: FlowSchema,
  target: FlowSchema,
  from: number,
): void {
  if (source.version === 1 && OUTPUT_LOST.includes(target.version)) clear(batch, ["output"], from);
}

function clear(batch: FlowBatch, fields: readonly FlowFieldName[], from: number): void {
  for (const name of fields) batch.column(name).fill(0, from, batch.length);
}
