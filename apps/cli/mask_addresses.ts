import { FAMILY_IPV6, type FlowBatch, type RecordLayout } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { fieldOffset } from "@flowtools/flowset/select";

/** Versions whose addresses can be masked: those of single flows. */
const MASKED_VERSIONS = [1, 5, 6, 7, 1005];

/** The first four bits of multicast addresses. */
const MULTICAST = 0xe;

/** Masks the addresses of flows in place, but not of those to a multicast group. */
export function maskAddresses(block: RecordBlock, mask: number): void {
  const layout: RecordLayout = block.layout;
  if (!MASKED_VERSIONS.includes(layout.schema.version)) return;
  const { view, count, littleEndian } = block;
  let source = block.offset + fieldOffset(layout, "srcaddr");
  let destination = block.offset + fieldOffset(layout, "dstaddr");
  for (let row = 0; row < count; row++, source += layout.size, destination += layout.size) {
    const address = view.getUint32(destination, littleEndian);
    if (address >>> 28 === MULTICAST) continue;
    view.setUint32(destination, (address & mask) >>> 0, littleEndian);
    view.setUint32(source, (view.getUint32(source, littleEndian) & mask) >>> 0, littleEndian);
  }
}

/** Masks the addresses of flows of any version. Flows between IPv6 addresses must not be shown. */
export class BatchMask {
  /** Flows that cannot be masked. */
  leftOut = 0;
  readonly #mask: number;

  /** @param mask The bits to keep */
  constructor(mask: number) {
    this.#mask = mask;
  }

  /**
   * Masks the flows of a batch in place, but not those to a multicast group.
   *
   * @returns The rows that may be shown, as runs
   */
  *apply(batch: FlowBatch): Generator<readonly [from: number, to: number], void, undefined> {
    const { length } = batch;
    const source = batch.column("srcaddr");
    const destination = batch.column("dstaddr");
    const families = [batch.family("srcaddr"), batch.family("dstaddr")];
    let from = 0;
    for (let row = 0; row < length; row++) {
      if (families.some((family) => family?.[row] === FAMILY_IPV6)) {
        if (row > from) yield [from, row];
        from = row + 1;
        this.leftOut++;
        continue;
      }
      if (destination[row] >>> 28 === MULTICAST) continue;
      source[row] &= this.#mask;
      destination[row] &= this.#mask;
    }
    if (length > from) yield [from, length];
  }
}
