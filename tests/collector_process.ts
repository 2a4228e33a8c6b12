/** The collector as a process of its own, with real UDP and real signals, and what it logs. */
import { assertEquals } from "@std/assert";
import { readText, ROOT } from "./files.ts";
import { ROOT_PATH, taskArguments } from "./programs.ts";

/** A line of the log, as JSON has it; facts stand beside the message. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

/** How a process is started. */
export interface ProcessOptions {
  /** Variables beside those that every test has. */
  readonly env?: Readonly<Record<string, string>>;
  /** What stands between Deno and the collector's flags; default the task `collector`. */
  readonly program?: readonly string[];
}

/** A running collector that listens on a port of 127.0.0.1 that the kernel chose. */
export class CollectorProcess implements AsyncDisposable {
  /** The lines that were read so far. */
  readonly log: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #stderr: ReadableStreamDefaultReader<string>;
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  #port = 0;
  #rest = "";

  private constructor(args: readonly string[], { env, program }: ProcessOptions) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...program ?? taskArguments("collector"), ...args],
      cwd: ROOT_PATH,
      env: { NO_COLOR: "1", TZ: "UTC", ...env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#stderr = this.#child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts a collector, and waits until it listens. */
  static async start(
    args: readonly string[],
    options: ProcessOptions = {},
  ): Promise<CollectorProcess> {
    const collector = new CollectorProcess(args, options);
    try {
      const line = await collector.waitFor(/listening on udp/);
      collector.#port = Number(line.match(/listening on udp 127\.0\.0\.1:(\d+) \(/)?.[1]);
      return collector;
    } catch (error) {
      await collector[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The process number. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The UDP port that it listens on. */
  get port(): number {
    return this.#port;
  }

  /** Sends datagrams one by one, over the loopback, which keeps their order. */
  async send(payloads: readonly Uint8Array[]): Promise<void> {
    for (const payload of payloads) {
      const to = { transport: "udp", hostname: "127.0.0.1", port: this.#port } as const;
      await this.#socket.send(payload, to);
    }
  }

  /** Reads the log until a line matches. */
  async waitFor(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = await this.#nextLine();
      if (line === undefined) throw new Error(`no line ${pattern} in:\n${this.log.join("\n")}`);
      if (pattern.test(line)) return line;
    }
  }

  /** Reads the log, which is in JSON, until a message matches. */
  async waitForMessage(pattern: RegExp): Promise<LogLine> {
    for (;;) {
      const line: LogLine = JSON.parse(await this.waitFor(/^\{/));
      if (pattern.test(line.message)) return line;
    }
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Signals it to end, reads the log to its end, and returns the exit code. */
  async stop(...signals: Deno.Signal[]): Promise<number> {
    try {
      for (const signal of signals) this.#child.kill(signal);
    } catch (error) {
      while (await this.#nextLine() !== undefined);
      throw new Error(`it has ended by itself:\n${this.log.join("\n")}`, { cause: error });
    }
    while (await this.#nextLine() !== undefined);
    const { code, signal } = await this.#child.status;
    assertEquals(signal, null, this.log.join("\n"));
    return code;
  }

  /** The log, where it is in JSON. */
  get lines(): LogLine[] {
    return this.log.map((line) => JSON.parse(line));
  }

  async #nextLine(): Promise<string | undefined> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#stderr.read();
      if (done) return undefined;
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    this.log.push(line);
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await this.#stderr.cancel();
    await this.#child.status;
  }
}

/** Every file below a directory, relative to it, sorted. */
export function filesBelow(directory: string, prefix: string = ""): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) =>
    entry.isDirectory
      ? filesBelow(`${directory}/${entry.name}`, `${prefix}${entry.name}/`)
      : [prefix + entry.name]
  ).toSorted();
}

/** What a packet of the fixtures says, as an independent decoder told it. */
export interface Golden {
  readonly count: number;
  readonly flows: Record<string, unknown>[];
}

/** What a packet of `fixtures/pdu` says. */
export function goldenPacket(name: string): Golden {
  return JSON.parse(readText(`fixtures/pdu/${name}.json`));
}

/** A packet of `fixtures/pdu`. */
export function packet(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`fixtures/pdu/${name}.dat`, ROOT));
}

/** A packet with another sequence number; all versions but 1 have it at the same place. */
export function withSequence(name: string, sequence: number): Uint8Array<ArrayBuffer> {
  const bytes = packet(name);
  new DataView(bytes.buffer).setUint32(16, sequence);
  return bytes;
}
