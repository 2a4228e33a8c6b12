/** Targets that are broken on purpose. A fuzzer that finds nothing in them finds nothing at all. */
import { FlowBatch } from "@flowtools/flow-model";
import { createPduRegistry, decodePdu, V5_CODEC } from "@flowtools/netflow-pdu";
import { ensure, type FuzzSubject, type FuzzTarget } from "./target.ts";

/** Bytes that the leaking canary keeps of every run. */
const LEAK_BYTES = 1 << 20;

/** How long the hanging canary hangs: longer than any run may. */
const HANG_MS = 1100;

/** A decoder that believes the count of the header. */
export const CANARY_TARGET: FuzzTarget = {
  name: "canary",
  doc: "must fail: a decoder of v5 packets that trusts the count of the header",
  runs: 1000,
  canary: "rows are not",
  prepare: () => {
    const registry = createPduRegistry([V5_CODEC]);
    const batch = new FlowBatch();
    return subject((input) => {
      if (input.length < 4 || input[0] !== 0 || input[1] !== 5) return;
      batch.reset();
      const { rows } = decodePdu(registry, input, batch);
      const invented = new DataView(input.buffer).getUint16(2);
      ensure(invented === rows, "rows are not the whole records that the header counts");
    });
  },
};

/** A decoder that never ends. */
export const HANG_CANARY_TARGET: FuzzTarget = {
  name: "canary-hang",
  doc: "must fail: a decoder that takes too long for inputs without records",
  runs: 1000,
  canary: "hang:",
  prepare: () =>
    subject((input) => {
      if (input.length > V5_CODEC.layouts.header.size) return;
      for (const start = performance.now(); performance.now() - start < HANG_MS;);
    }),
};

/** A decoder that keeps everything. */
export const LEAK_CANARY_TARGET: FuzzTarget = {
  name: "canary-leak",
  doc: "must fail: a decoder that keeps memory of every input",
  runs: 250,
  canary: "memory:",
  prepare: () => {
    const kept: Uint8Array[] = [];
    return subject(() => void kept.push(new Uint8Array(LEAK_BYTES).fill(1)));
  },
};

function subject(check: (input: Uint8Array) => void): FuzzSubject {
  const { header, record } = V5_CODEC.layouts;
  const packet = new Uint8Array(header.size + record.size);
  packet.set([0, 5, 0, 1]);
  return { corpus: [packet], outcomes: new Map(), check };
}
