import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import { ConfigError } from "../config/error.ts";
import { scanInteger, scanPrefix } from "../config/numbers.ts";
import { type Keyword, NamedEntries, readSections } from "../config/sections.ts";
import { FlowTransform } from "./flow_transform.ts";
import { type PrefixEntry, PrefixTable } from "./prefix_table.ts";
import type { RowAction } from "./row_action.ts";
import { TransformConfig } from "./transform_config.ts";

/** How to read a mask configuration, whose language has no variables. */
export interface MaskConfigOptions {
  /** Name of the file, for messages; default `mask configuration`. */
  readonly file?: string;
}

interface Definition {
  /** By address and length. A value is one more than the mask, since 0 is a mask too. */
  readonly prefixes: Map<string, PrefixEntry>;
}

interface State {
  readonly transforms: NamedEntries<() => FlowTransform>;
  definition?: Definition;
}

const DEFINITION = "definition";

/** The pairs of fields that are masked, each where a record has both. */
const SIDES: readonly (readonly ["srcaddr" | "dstaddr", "src_mask" | "dst_mask"])[] = [
  ["srcaddr", "src_mask"],
  ["dstaddr", "dst_mask"],
];

class MaskAction implements RowAction {
  readonly reads: readonly FlowFieldName[];
  readonly writes: readonly FlowFieldName[];
  readonly #address: "srcaddr" | "dstaddr";
  readonly #mask: "src_mask" | "dst_mask";
  readonly #table: PrefixTable;

  constructor(address: "srcaddr" | "dstaddr", mask: "src_mask" | "dst_mask", table: PrefixTable) {
    this.reads = [address, mask];
    this.writes = [mask];
    this.#address = address;
    this.#mask = mask;
    this.#table = table;
  }

  run(batch: FlowBatch, rows: Uint32Array, count: number): void {
    const addresses = batch.column(this.#address);
    const masks = batch.column(this.#mask);
    const table = this.#table;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      const found = table.find(addresses[row]);
      if (found > 0) masks[row] = found - 1;
    }
  }
}

/** The language. */
const KEYWORDS: readonly Keyword<State>[] = [
  {
    name: "mask-definition",
    opens: DEFINITION,
    read: (line, state) => {
      const name = line.expect("a name");
      const definition: Definition = { prefixes: new Map() };
      state.definition = definition;
      state.transforms.define(name, () => {
        const table = new PrefixTable([...definition.prefixes.values()]);
        const actions = SIDES.map(([address, mask]) => new MaskAction(address, mask, table));
        return new FlowTransform([{ actions }], []);
      });
    },
  },
  {
    name: "prefix",
    within: [DEFINITION],
    read: (line, { definition }) => {
      const word = line.expect("a prefix");
      const { address, length } = scanPrefix(word);
      const value = (scanInteger(line.expect("a mask length").text) & 255) + 1;
      const key = `${address}/${length}`;
      if (definition!.prefixes.has(key)) {
        throw new ConfigError(word, `prefix "${word.text}" stands twice`, "one mask for a prefix");
      }
      definition!.prefixes.set(key, { address, length, value });
    },
  },
];

/**
 * Reads a mask configuration as `flow-mask` does: definitions say which mask lengths addresses
 * get by the longest prefix that they have.
 *
 * Source: flow-tools `ftmask.c`.
 *
 * @param text What the file says
 * @param options Name of the file
 * @returns The definitions; their transforms set `src_mask` and `dst_mask`
 * @throws {ConfigError} The text is no mask configuration, with place and what was expected
 *
 * @example
 * ```ts
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { findFtLayout } from "@flowtools/ft-format";
 * import { parseMaskConfig } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseMaskConfig("mask-definition m\n prefix 10/8 16\n prefix 10.1/16 24\n");
 * const batch = new FlowBatch();
 * batch.append(findFtLayout(5)!.schema, { srcaddr: "10.0.0.1", dstaddr: "10.1.0.1" });
 * config.transform("m").apply(batch);
 * assertEquals([batch.flow(0).src_mask, batch.flow(0).dst_mask], [16, 24]);
 * ```
 */
export function parseMaskConfig(text: string, options: MaskConfigOptions = {}): TransformConfig {
  const { file = "mask configuration" } = options;
  const state: State = {
    transforms: new NamedEntries("mask-definition"),
  };
  readSections({ file, text }, KEYWORDS, state);
  return new TransformConfig(file, state.transforms);
}
