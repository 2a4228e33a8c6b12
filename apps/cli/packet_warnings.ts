import {
  CounterScaling,
  type FlowReadOptions,
  PacketSessions,
  waitingText,
} from "@flowtools/flowset";
import { decodeRegistry } from "@flowtools/common/decode_registry";
import type { ParsedArguments } from "@flowtools/common/flags";
import { SCALED_FLAG } from "./shared_flags.ts";

/**
 * What a call remembers of the exporters of captures and IPFIX files, and what it says of packets
 * that are not faultless.
 */
export class PacketWarnings {
  /** What is remembered of the exporters. */
  readonly sessions: PacketSessions;
  /** Multiplies octets and packets by the rate of sampling, where the call asks for that. */
  readonly scaling: CounterScaling | undefined;
  #warnings = 0;

  /**
   * @param args The flags of the call; {@linkcode SCALED_FLAG} counts where its command has it
   * @throws {UsageError} A table of elements cannot be read
   */
  constructor(args: ParsedArguments) {
    this.sessions = new PacketSessions(decodeRegistry(args));
    this.scaling = args.on(SCALED_FLAG.name) ? new CounterScaling() : undefined;
  }

  /**
   * How to open an input, so that the templates of one decode the packets of the next.
   *
   * @param path The input
   * @param stored Whether the records are passed on: what they have no place for is gone then, and
   * told
   */
  optionsOf(path: string, stored = false): FlowReadOptions {
    return {
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
    const { forgotten } = this.sessions;
    if (forgotten > 0) {
      this.#warn(
        `${forgotten} exporters forgotten to make room: their templates had to come again`,
      );
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
