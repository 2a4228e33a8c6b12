import type { RecordLayout } from "@flowtools/flow-model";
import type { RecordBlock } from "@flowtools/ft-format";
import { EXPORT_BUFFER_BYTES } from "../limits.ts";
import type { ByteSink, FlowExporter } from "./exporter.ts";
import { ALL_FIELDS } from "./field_mask.ts";
import { RecordText } from "./record_text.ts";

const NEWLINE = 0x0a;

/**
 * Writes flows as comma-separated text, byte for byte as `flow-export -f2` does: a first line that
 * names the fields after `#:`, nothing quoted. The reference's habits are kept: `peer_nexthop` is
 * called `nexthop` again, and the values of `extra_pkts` and `marked_tos` have changed places.
 *
 * Source: flow-tools `flow-export.c`.
 *
 * @example
 * ```ts
 * import { CsvExporter, FlowSet } from "@flowtools/flowset";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { assertEquals } from "@std/assert";
 *
 * let text = "";
 * const sink = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
 * const csv = new CsvExporter(findFtLayout(5)!, 0x61n);
 * csv.begin(sink);
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
 * for await (const block of set.blocks()) csv.add(block, sink);
 * csv.end();
 * assertEquals(text.split("\n")[0], "#:unix_secs,dpkts,doctets");
 * assertEquals(text.split("\n").length, 55);
 * ```
 */
export class CsvExporter implements FlowExporter {
  readonly #text: RecordText;
  readonly #buffer = new Uint8Array(EXPORT_BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);

  /**
   * Makes an exporter.
   *
   * @param layout The layout of the records
   * @param mask The fields that are wanted; those that the records lack are left out
   */
  constructor(layout: RecordLayout, mask: bigint = ALL_FIELDS) {
    this.#text = new RecordText(layout, mask);
  }

  /**
   * Writes the line of names.
   *
   * @param sink Where to
   */
  begin(sink: ByteSink): void {
    const names = this.#text.fields.map(({ name }) =>
      name === "peer_nexthop" ? "nexthop" : name.toLowerCase()
    );
    sink(new TextEncoder().encode(`#:${names.join(",")}\n`));
  }

  /**
   * Writes a line for each flow.
   *
   * @param block The flows
   * @param sink Where to
   */
  add(block: RecordBlock, sink: ByteSink): void {
    const text = this.#text;
    // No field, no line: so the reference has it.
    if (text.fields.length === 0) return;
    const { view, offset, count, littleEndian } = block;
    const { size } = block.layout;
    const out = this.#view;
    const limit = this.#buffer.length - text.bytesMax;
    let at = 0;
    for (let row = 0, from = offset; row < count; row++, from += size) {
      if (at > limit) {
        sink(this.#buffer.subarray(0, at));
        at = 0;
      }
      at = text.put(view, from, littleEndian, out, at);
      out.setUint8(at - 1, NEWLINE);
    }
    sink(this.#buffer.subarray(0, at));
  }

  /** Writes nothing: every line is complete. */
  end(): void {}
}
