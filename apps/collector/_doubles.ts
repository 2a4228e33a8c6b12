/** What tests of the collector put in the place of sockets, files and logs. */
import { parseExporter } from "@flowtools/netflow-pdu";
import type { Log } from "./log.ts";
import type { DatagramReceiver, DatagramSource, Sender, SourceCounters } from "./sources/source.ts";

/** A log that keeps the first lines of each reason. */
export class MemoryLog implements Log {
  readonly infos: string[] = [];
  readonly warnings = new Map<string, string[]>();

  info(message: string): void {
    this.infos.push(message);
  }

  warn(reason: string, message: string): void {
    const lines = this.warnings.get(reason) ?? [];
    if (lines.length < 10) lines.push(message);
    this.warnings.set(reason, lines);
  }
}

/** A source that gives what a test tells it to. */
export class ManualSource implements DatagramSource {
  readonly description = "manual";
  readonly port = undefined;
  /** Who takes the datagrams, once the source runs. */
  receiver!: DatagramReceiver;
  #end = () => {};
  #fail = (_error: Error) => {};

  /** @param only The only sender that is let in, as `DatagramSource` has it */
  constructor(readonly only?: DatagramSource["only"]) {}

  run(receiver: DatagramReceiver): Promise<void> {
    this.receiver = receiver;
    return new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
  }

  /** Gives a datagram. */
  give(bytes: Uint8Array, sender: Sender): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.receiver.datagram(view, 0, bytes.length, sender);
  }

  /** Ends as a source whose socket broke. */
  fail(error: Error): void {
    this.#fail(error);
  }

  counters(): SourceCounters {
    return { kernelDrops: 3, truncated: 2, errors: 1 };
  }

  close(): void {
    this.#end();
  }
}

/** A sender. */
export function senderAt(name: string, port = 2055): Sender {
  return { address: parseExporter(name), port, name };
}
