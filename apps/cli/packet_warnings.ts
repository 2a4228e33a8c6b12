import {
  CounterScaling,
  type FlowReadOptions,
  PacketSessions,
  waitingText,
} from "@flowtools/flowset";
import type { ParsedArguments } from "@flowtools/common/flags";
import { SCALED_FLAG } from "./shared_flags.ts";

/**
 * What a call remembers of the exporters of captures and IPFIX files, and what it says of packets
 * that are not faultless.
 */
export class PacketWarnings {
  /** Flows that are not shown since their addresses are IPv6. */
  leftOut = 0;
  /** What is remembered of the exporters. */
  readonly sessions: PacketSessions = new PacketSessions();
  /** Multiplies octets and packets by the rate of sampling, where the call asks for that. */
  readonly scaling: CounterScaling | undefined;
  #warnings = 0;

  /** @param args The flags of the call, where its command has {@linkcode SCALED_FLAG} */
  constructor(args?: ParsedArguments) {
    this.scaling = args?.on(SCALED_FLAG.name) === true ? new CounterScaling() : undefined;
  }

  /** How to open an input, so that the templates of one decode the packets of the next. */
  optionsOf(path: string): FlowReadOptions {
    return {
      sessions: this.sessions,
      warn: (message) => this.#warn(`${path}: ${message}`),
      lost: (message) => console.error(`flowtools: ${path}: ${message}`),
    };
  }

  /**
   * Says what is left over when all inputs were read.
   *
   * @returns 1 where something was wrong with packets, else 0
   */
  finish(): number {
    if (this.sessions.waiting > 0) this.#warn(waitingText(this.sessions.waiting));
    if (this.leftOut > 0) {
      const advice = "classic formats have no room for their addresses, --format table has";
      console.error(`flowtools: IPv6 flows left out: ${this.leftOut}; ${advice}`);
    }
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
