import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseFlags, UsageError } from "@flowtools/common/flags";
import { FlowSetError } from "@flowtools/flowset";
import { CaptureError } from "@flowtools/netflow-pdu/capture";
import { ipv4, pcap, udp } from "../../../packages/netflow-pdu/capture/_builders.ts";
import { MemoryLog } from "../_doubles.ts";
import { openSources, SourceError } from "./open_sources.ts";
import { readSourceSettings, SOURCE_OPTIONS } from "./options.ts";
import type { DatagramReceiver } from "./source.ts";

/** Linktype of packets that start with their IP header. */
const RAW_IP = 101;

async function withCapture(
  bytes: Uint8Array,
  work: (path: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "flowtools-test-" });
  try {
    await Deno.writeFile(path, bytes);
    await work(path);
  } finally {
    await Deno.remove(path);
  }
}

const open = async (path: string, log = new MemoryLog()) => {
  const settings = readSourceSettings(parseFlags(["--source", path], SOURCE_OPTIONS));
  const [source] = await openSources(settings, log);
  return source;
};

/** A receiver that writes down what it got. */
function scribe(lines: string[]): DatagramReceiver {
  return {
    datagram(view, offset, length, { name, port }) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length);
      lines.push(`${name}:${port} ${bytes.join(" ")}`);
    },
  };
}

const packet = (...payload: number[]) => ipv4(udp(Uint8Array.from(payload)));

Deno.test("CaptureSource gives the datagrams of a capture with their senders, and ends", async () => {
  const capture = pcap([packet(1, 2), packet(3)], { linkType: RAW_IP });
  await withCapture(capture, async (path) => {
    const log = new MemoryLog();
    const source = await open(path, log);
    assertEquals(log.infos, [`reading capture ${path}`]);
    const lines: string[] = [];
    await source.run(scribe(lines));
    assertEquals(lines.map((line) => line.replace(/^\S+ /, "")), ["1 2", "3"]);
    assertEquals(lines[0].split(" ")[0], lines[1].split(" ")[0]);
    assertEquals(source.counters(), { kernelDrops: undefined, truncated: 0, errors: 0 });
  });
});

Deno.test("CaptureSource waits for room after a thousand datagrams, and can be closed", async () => {
  const capture = pcap(Array(2500).fill(packet(5)), { linkType: RAW_IP });
  await withCapture(capture, async (path) => {
    const source = await open(path);
    const lines: string[] = [];
    const asked: number[] = [];
    await source.run({
      ...scribe(lines),
      room() {
        asked.push(lines.length);
        if (asked.length === 2) source.close();
        return Promise.resolve();
      },
    });
    assertEquals(asked, [1000, 2000]);
    assertEquals(lines.length, 2000);
  });
});

Deno.test("CaptureSource waits for room where a read of the file has fewer datagrams", async () => {
  const capture = pcap(Array(2500).fill(ipv4(udp(new Uint8Array(1464)))), { linkType: RAW_IP });
  await withCapture(capture, async (path) => {
    const source = await open(path);
    let given = 0;
    const asked: number[] = [];
    await source.run({
      datagram: () => given++,
      room() {
        asked.push(given);
        return Promise.resolve();
      },
    });
    assertEquals([asked, given], [[1000, 2000], 2500]);
  });
});

Deno.test("CaptureSource gives all whole packets of a capture that is cut, then fails", async () => {
  const capture = pcap([packet(1), packet(2)], { linkType: RAW_IP }).slice(0, -3);
  await withCapture(capture, async (path) => {
    const source = await open(path);
    const lines: string[] = [];
    await assertRejects(() => source.run(scribe(lines)), CaptureError, path);
    assertEquals(lines.length, 1);
    assertEquals(source.counters().errors, 1);
  });
});

Deno.test("CaptureSource that never ran can be closed", async () => {
  await withCapture(pcap([]), async (path) => {
    const source = await open(path);
    source.close();
    source.close();
  });
});

Deno.test("a capture that is not there is a clear error, and takes no listeners", async () => {
  await assertRejects(
    () => open("/nowhere.pcap"),
    SourceError,
    'Cannot open capture "/nowhere.pcap": ',
  );
  assertThrows(
    () => readSourceSettings(parseFlags(["--source", "x.pcap", ":9991"], SOURCE_OPTIONS)),
    UsageError,
    'listener ":9991" has no use beside it',
  );
});

Deno.test("CaptureSource gives the messages of an IPFIX file, up to damage", async () => {
  const message = (
    ...rest: number[]
  ) => [0, 10, 0, 16 + rest.length, ...Array(12).fill(7), ...rest];
  const file = Uint8Array.from([...message(1, 2), ...message(3), ...message(4).slice(0, -1)]);
  await withCapture(file, async (path) => {
    const source = await open(path);
    const lines: string[] = [];
    await assertRejects(() => source.run(scribe(lines)), FlowSetError, path);
    assertEquals(lines, [
      `0.0.0.0:0 ${message(1, 2).join(" ")}`,
      `0.0.0.0:0 ${message(3).join(" ")}`,
    ]);
    assertEquals(source.counters().errors, 1);
  });
});

Deno.test("CaptureSource tells a file that is neither a capture nor an IPFIX file", async () => {
  await withCapture(new TextEncoder().encode("no packets here"), async (path) => {
    const source = await open(path);
    await assertRejects(() => source.run(scribe([])), FlowSetError, "neither a capture nor");
  });
});

Deno.test("CaptureSource counts datagrams that the capture has cut, and tells of what is none", async () => {
  const cut = pcap([packet(1, 2, 3, 4), Uint8Array.of(0)], { linkType: RAW_IP });
  // The record says that 32 octets were sent, and holds two fewer than that.
  const whole = 24 + 16 + packet(1, 2, 3, 4).length;
  const view = new DataView(cut.buffer);
  view.setUint32(24 + 8, view.getUint32(24 + 8, true) - 2, true);
  const file = Uint8Array.from([...cut.subarray(0, whole - 2), ...cut.subarray(whole)]);
  await withCapture(file, async (path) => {
    const log = new MemoryLog();
    const source = await open(path, log);
    const lines: string[] = [];
    await source.run(scribe(lines));
    assertEquals(lines.map((line) => line.replace(/^\S+ /, "")), ["1 2"]);
    assertEquals(source.counters().truncated, 1);
    assertEquals(log.infos.length, 2);
  });
});
