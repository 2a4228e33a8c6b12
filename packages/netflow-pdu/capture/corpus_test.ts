import { assertEquals, assertExists, assertGreater } from "@std/assert";
import { type CapturedDatagram, isCapture, readCapture } from "./mod.ts";
import { readInChunks } from "./_builders.ts";

/** Captures of other projects, which stay outside of this repository. */
const CAPTURES = new URL("../../../../shared/captures/", import.meta.url);

/**
 * A fuzzed packet of 876 bytes in IP whose UDP header says 16. The structural decoder behind the
 * expected values went by IP; hosts, tcpdump and tshark go by UDP, so a collector would get 8 bytes.
 */
const LYING_UDP = "tcpdump/sflow_print-segv.pcap";

interface ExpectedPacket {
  readonly file: string;
  readonly frame: number;
  readonly src: string;
  readonly srcPort: number;
  readonly dst: string;
  readonly dstPort: number;
  readonly payloadLength: number;
  readonly wrapped: boolean;
}

/** The expected packets by capture; each file holds those of one exporter. */
async function readExpected(): Promise<Map<string, ExpectedPacket[]>> {
  const byFile = new Map<string, ExpectedPacket[]>();
  for await (const path of walk(new URL("expected/", CAPTURES), ".json")) {
    const group: { readonly wrapped: boolean; readonly packets: readonly ExpectedPacket[] } = JSON
      .parse(await Deno.readTextFile(path));
    for (const packet of group.packets) {
      // Wrapped groups were decoded from copies with other addresses.
      const expected = { ...packet, wrapped: group.wrapped };
      byFile.set(packet.file, [...(byFile.get(packet.file) ?? []), expected]);
    }
  }
  return byFile;
}

async function* walk(folder: URL, suffix: string): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* walk(new URL(`${entry.name}/`, folder), suffix);
    else if (entry.name.endsWith(suffix)) yield new URL(entry.name, folder);
  }
}

async function exists(url: URL): Promise<boolean> {
  try {
    await Deno.stat(url);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What a datagram has in common with what was expected of its frame. */
function compare(found: CapturedDatagram | undefined, packet: ExpectedPacket): void {
  assertExists(found, `frame ${packet.frame} gave no datagram`);
  const lengths = [found.frame, found.payload.length];
  assertEquals(lengths, [packet.frame, packet.file === LYING_UDP ? 8 : packet.payloadLength]);
  if (packet.wrapped) return;
  assertEquals(
    [found.source, found.sourcePort, found.destination, found.destinationPort],
    [packet.src, packet.srcPort, packet.dst, packet.dstPort],
  );
}

const present = await exists(CAPTURES);
if (!present) console.log(`skipped: no captures at ${CAPTURES.pathname}`);

Deno.test({
  name: "readCapture() finds the datagrams that tshark found in captures of other projects",
  ignore: !present,
  async fn(t) {
    const expected = await readExpected();
    let files = 0;
    const raw = new URL("raw/", CAPTURES);
    for await (const path of walk(raw, ".pcap")) {
      const name = decodeURIComponent(path.pathname.slice(raw.pathname.length));
      files++;
      await t.step(name, async () => {
        const capture = await Deno.readFile(path);
        assertEquals(isCapture(capture), true);
        const found = new Map([...readCapture(capture)].map((one) => [one.frame, one]));
        const packets = expected.get(name) ?? [];
        assertGreater(packets.length, 0);
        for (const packet of packets) compare(found.get(packet.frame), packet);
        assertEquals(readInChunks(capture, 1000), readInChunks(capture));
      });
    }
    assertGreater(files, 0);
  },
});
