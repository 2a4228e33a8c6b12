import {
  CounterScaling,
  FILE_TEMPLATE_LIMITS,
  type FlowReadOptions,
  type PacketSessions,
  SessionsOnDemand,
  waitingText,
} from "@flowtools/flowset/select";
import type { ParsedArguments } from "@flowtools/common/flags";
import { SCALED_FLAG } from "./shared_flags.ts";
import type { WhereSelection } from "./where_selection.ts";

/**
 * What a call remembers of the exporters of captures and IPFIX files, and what it says of packets
 * that are not faultless.
 */
export class PacketWarnings {
  /** What is remembered of the exporters. */
  readonly sessions: SessionsOnDemand;
  /** Multiplies octets and packets by the rate of sampling, where the call asks for that. */
  readonly scaling: CounterScaling | undefined;
  #selection: WhereSelection | undefined;
  #warnings = 0;

  /**
   * @param args The flags of the call; {@linkcode SCALED_FLAG} counts where its command has it
   */
  constructor(args: ParsedArguments) {
    this.sessions = new SessionsOnDemand(async () => {
      // Thousands of elements take a while to load.
      const { decodeRegistry } = await import("@flowtools/common/decode_registry");
      return decodeRegistry(args, FILE_TEMPLATE_LIMITS);
    });
    this.scaling = args.on(SCALED_FLAG.name) ? new CounterScaling() : undefined;
  }

  /** What exporters told so far; nothing as long as no packets were met. */
  get told(): PacketSessions | undefined {
    return this.sessions.made;
  }

  /**
   * How to open an input, so that the templates of one decode the packets of the next.
   *
   * @param path The input
   * @param selection Which of its flows; default all
   * @param stored Whether the records are passed on: what they have no place for is gone then, and
   * told
   */
  optionsOf(path: string, selection?: WhereSelection, stored = false): FlowReadOptions {
    this.#selection = selection;
    return {
      ...selection?.options,
      sessions: this.sessions,
      warn: (message) => this.#warn(`${path}: ${message}`),
      lost: (message, kind) => {
        if (stored || kind !== "fields") console.error(`flowtools: ${path}: ${message}`);
      },
    };
  }

  /**
   * Says what is left over when all inputs were read.
   *
   * @returns 1 where something was wrong with packets, else 0
   */
  finish(): number {
    const forgotten = this.told?.forgotten ?? 0;
    if (forgotten > 0) {
      this.#warn(
        `${forgotten} exporters forgotten to make room: their templates had to come again`,
      );
    }
    if (this.told !== undefined) {
      for (const note of this.#selection?.notes(this.told) ?? []) {
        console.error(`flowtools: --where: ${note}`);
      }
    }
    if (this.sessions.waiting > 0) this.#warn(waitingText(this.sessions.waiting));
    const { scaling } = this;
    if (scaling !== undefined && scaling.unknown > 0) {
      console.error(
        `flowtools: ${scaling.unknown} of ${scaling.flows} flows tell no rate of sampling: ` +
          "their counters are not scaled",
      );
    }
    return this.#warnings > 0 ? 1 : 0;
  }

  #warn(message: string): void {
    console.error(`flowtools: ${message}`);
    this.#warnings++;
  }
}
