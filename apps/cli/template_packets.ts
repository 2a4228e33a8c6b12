import type { FlowBatch } from "@flowtools/flow-model";
import { FlowSet } from "@flowtools/flowset/select";
import { TemplateExporter, type TemplateExporterOptions } from "@flowtools/flowset";
import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { PacketWarnings } from "./packet_warnings.ts";
import type { WhereSelection } from "./where_selection.ts";

/** Flags of commands that make packets of NetFlow v9 and IPFIX. */
export const TEMPLATE_FLAGS: readonly Flag[] = [
  {
    name: "domain",
    value: "NUMBER",
    range: [0, 2 ** 32 - 1],
    doc: "Versions 9 and 10: source id or observation domain (default: 0)",
  },
  {
    name: "resend-packets",
    value: "N",
    range: [1, 1_000_000],
    doc: "Versions 9 and 10: send templates again after N packets (default: 100)",
  },
  {
    name: "resend-seconds",
    value: "SECONDS",
    range: [1, 86_400],
    doc: "Versions 9 and 10: send templates again after this time (default: 60)",
  },
];

/** Makes sure that a call does not use the flags, where it makes no such packets. */
export function refuseTemplateFlags(args: ParsedArguments): void {
  const given = TEMPLATE_FLAGS.find(({ name }) => args.value(name) !== undefined);
  if (given !== undefined) {
    throw new UsageError(
      `--${given.name} goes with version 9 or 10 only, see --export-version (-V)`,
    );
  }
}

/** What the flags ask for of an encoder. */
export function templateOptions(
  args: ParsedArguments,
): NonNullable<TemplateExporterOptions["encoder"]> {
  const seconds = args.number("resend-seconds");
  return {
    domain: args.number("domain"),
    resendPackets: args.number("resend-packets"),
    resendMs: seconds === undefined ? undefined : seconds * 1000,
  };
}

/** Rows that are encoded before their packets are handed on, so that these go when it is time. */
const ROWS_AT_ONCE = 512;

/** Changes flows before they are exported; returns the rows that may be, as runs. */
export type ChangeRows = (batch: FlowBatch) => Iterable<readonly [from: number, to: number]>;

/** Where the packets of a {@linkcode TemplateRun} go. */
export type TakePackets = (packets: readonly Uint8Array[]) => Promise<void> | void;

/** A call that makes packets with templates of its inputs, as rich as these are. */
export class TemplateRun {
  readonly #packets: PacketWarnings;
  readonly #exporter: TemplateExporter;
  readonly #take: TakePackets;
  readonly #change: ChangeRows | undefined;

  /**
   * @param args The flags of the call
   * @param options What packets to make
   * @param take Where they go
   * @param change What to do with flows before
   */
  constructor(
    args: ParsedArguments,
    options: TemplateExporterOptions,
    take: TakePackets,
    change?: ChangeRows,
  ) {
    this.#packets = new PacketWarnings(args);
    // The octets of flows that are changed still have the old values.
    const encoder = change === undefined ? options.encoder : { ...options.encoder, octets: false };
    this.#exporter = new TemplateExporter({ ...options, encoder });
    this.#take = take;
    this.#change = change;
  }

  /** Flows that were exported. */
  get flows(): number {
    return this.#exporter.flows;
  }

  /**
   * Exports the flows of an input.
   *
   * @param path The input
   * @param selection Which of its flows
   * @param onRead Told of bytes that were read
   */
  async add(
    path: string,
    selection: WhereSelection,
    onRead?: (bytes: number) => void,
  ): Promise<void> {
    const options = { ...this.#packets.optionsOf(path, selection), onRead };
    await using set = await FlowSet.open(path, options);
    for await (const batch of set.batches({ octets: this.#change === undefined })) {
      const runs = this.#change?.(batch) ?? [[0, batch.length] as const];
      for (const [from, to] of runs) {
        for (let row = from; row < to; row += ROWS_AT_ONCE) {
          await this.#take(this.#exporter.add(batch, row, Math.min(to, row + ROWS_AT_ONCE)));
        }
      }
      // What is read from a live stream goes on at once.
      if (path === "-") await this.#take(this.#exporter.end());
    }
  }

  /**
   * Hands on what is left, and says what was lost.
   *
   * @returns 1 where something was wrong with packets that were read, else 0
   */
  async finish(): Promise<number> {
    await this.#take(this.#exporter.end());
    for (const line of this.#exporter.losses()) console.error(`flowtools: ${line}`);
    return this.#packets.finish();
  }
}
