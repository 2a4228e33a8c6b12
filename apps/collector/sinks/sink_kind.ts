import type { Flag, ParsedArguments } from "@flowtools/common/flags";
import type { Log } from "../log.ts";
import type { Forwarder } from "./forwarder.ts";
import type { Sink } from "./sink.ts";

/** What the sinks of a program are made with. */
export interface SinkContext {
  /** The settings, as if all were flags. */
  readonly settings: ParsedArguments;
  /** Seconds that queues may take to empty at the end. */
  readonly drainSeconds: number;
  readonly log: Log;
  /** The first UDP port that is listened on, where there is one. */
  readonly port: number | undefined;
  /** The one address that is listened on; `undefined` for several, any, and multicast groups. */
  readonly address: string | undefined;
  /**
   * Told where the output of a sink has come to its end, which is the end of the program, too.
   *
   * @param fault What is wrong; `undefined` where nobody reads it any more, which is no fault
   */
  readonly outputEnded: (fault: string | undefined) => void;
}

/** Sinks that are ready to take flows. */
export interface OpenSinks {
  readonly sinks: readonly Sink[];
  /** Those that take datagrams as they came. */
  readonly forwarders?: readonly Forwarder[];
  /** Does what SIGHUP asks for; a program without any ends at SIGHUP. */
  readonly hangup?: () => Promise<void>;
}

/** A kind of sink that `capture` can have beside the files, as a value: a flag, and what it does. */
export interface SinkKind {
  /** Asks for it. Files of settings and the environment know it by the same name. */
  readonly flag: Flag;
  /**
   * Looks at the settings without doing anything; called where the flag is given.
   *
   * @throws {UsageError} They are wrong
   */
  check(settings: ParsedArguments): void;
  /**
   * Makes the sinks; called where the flag is given.
   *
   * @throws {Error} They cannot be made
   */
  open(context: SinkContext): Promise<OpenSinks>;
}
