import type { ParsedArguments } from "@flowtools/common/flags";
import { FlowSet } from "@flowtools/flowset/select";
import type { FlowPiece } from "./flow_pieces.ts";
import type { QueryRun } from "./group_query.ts";
import { LeftOutFlows } from "./left_out_flows.ts";
import { PacketWarnings } from "./packet_warnings.ts";
import type { WhereSelection } from "./where_selection.ts";

/** Inputs that are read one behind the other: standard input, pipes, captures, IPFIX files. */
export class OrderedInputs {
  readonly #packets: PacketWarnings;
  readonly #run: QueryRun;
  readonly #selection: WhereSelection;
  readonly #leftOut = new LeftOutFlows();

  /**
   * @param run The query that they are read for
   * @param selection What its flows have to pass
   * @param args The flags of the call
   */
  constructor(run: QueryRun, selection: WhereSelection, args: ParsedArguments) {
    this.#run = run;
    this.#packets = new PacketWarnings(args);
    this.#selection = selection;
  }

  /**
   * Adds the flows of an input to the query. What is read from a live stream is added as it comes.
   * Templates of one exporter differ: flows that lack what is grouped by are left out and counted.
   *
   * @param piece The input
   * @param onRead Told of bytes that were read
   * @param onBatch Called after every batch
   * @throws {FlowToolsError} The input is damaged; after all whole flows before the damage
   */
  async add(
    piece: FlowPiece,
    onRead: (bytes: number) => void,
    onBatch: () => void,
  ): Promise<void> {
    const { columns, octets } = this.#run;
    const options = { ...this.#packets.optionsOf(piece.path, this.#selection), onRead };
    await using set = await FlowSet.open(piece.path, options);
    const onLacking = this.#leftOut.listener(piece.path);
    for await (const batch of set.batches({ columns, octets })) {
      this.#run.addPassed(batch, this.#packets.told, onLacking);
      onBatch();
    }
  }

  /**
   * Says what is left over when all inputs were read.
   *
   * @returns Inputs of which flows were left out, and 1 where something was wrong with packets
   */
  finish(): number {
    return this.#leftOut.report() + this.#packets.finish();
  }
}
