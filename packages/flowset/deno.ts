/** The part of the package that needs Deno: it is imported when a set meets its first path. */
import type { ByteWriter } from "@flowtools/ft-format";

import { PACKET_MAGIC_BYTES, packetFormat } from "./packets/packet_format.ts";

export { createFtFile, NATIVE_ZLIB, openFtFile } from "@flowtools/ft-format/deno";

/** Standard output as something to write a stream to; closing it leaves it open. */
export function standardOutput(): ByteWriter {
  return {
    write(chunk: Uint8Array): Promise<void> {
      for (let written = 0; written < chunk.length;) {
        written += Deno.stdout.writeSync(chunk.subarray(written));
      }
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** Bytes of a read: as many as a few thousand packets have. */
const READ_BYTES = 1 << 20;

/** An input whose start was looked at. */
export interface PeekedInput {
  /** Whether it starts like a file of packets. */
  readonly packets: boolean;
  /** Whether reading never waits for anybody. */
  readonly regular: boolean;
  /** All its bytes, once; a chunk is valid until the next is asked for. Leaving closes the input. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Closes the input. */
  close(): void;
}

/**
 * Opens an input and looks at its start.
 *
 * @param path The file; `-` is standard input
 * @returns The input, to be closed
 * @throws {Deno.errors.NotFound} There is no such file; and the other errors of `Deno.open`
 */
export async function peekInput(path: string): Promise<PeekedInput> {
  // A file that standard input was redirected from is opened anew, so that its start is not lost.
  const name = path === "-" && isRegular("/dev/stdin") ? "/dev/stdin" : path;
  const regular = isRegular(name);
  const input = name === "-" ? Deno.stdin : await Deno.open(name);
  const start = new Uint8Array(PACKET_MAGIC_BYTES);
  let used = 0;
  let ended = false;
  let closed = false;
  const close = () => {
    if (!closed) input.close();
    closed = true;
  };
  try {
    while (used < PACKET_MAGIC_BYTES) {
      const length = await input.read(start.subarray(used));
      ended = length === null;
      if (length === null) break;
      used += length;
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    packets: packetFormat(start.subarray(0, used)) !== undefined,
    regular,
    close,
    async *chunks() {
      try {
        yield start.subarray(0, used);
        // The end of a terminal's input is told once; who asks again waits for more.
        if (ended) return;
        const buffer = new Uint8Array(READ_BYTES);
        for (let length; (length = await input.read(buffer)) !== null;) {
          yield buffer.subarray(0, length);
        }
      } finally {
        close();
      }
    },
  };
}

function isRegular(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    // What cannot be looked at is reported when it is opened.
    return false;
  }
}
