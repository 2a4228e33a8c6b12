import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "@flowtools/common/flags";
import { PacketPace } from "./packet_pace.ts";
import { isMulticast, parsePeer } from "@flowtools/common/parse_peer";
import { parseSize } from "@flowtools/common/parse_size";
import { planExpiry } from "@flowtools/common/plan_expiry";

Deno.test("parseSize() knows the units of flow-expire", () => {
  assertEquals(["7", "3b", "2K", "5M", "1G"].map((text) => parseSize("size", text)), [
    7,
    1536,
    2048,
    5 * 2 ** 20,
    2 ** 30,
  ]);
  for (const text of ["", "K", "5T", "-1", "1.5M"]) {
    assertThrows(() => parseSize("size", text), UsageError, `--size is "${text}"`);
  }
});

Deno.test("parsePeer() reads both ends, the port and the hops", () => {
  assertEquals(parsePeer("0/192.0.2.9/9995"), {
    local: "0.0.0.0",
    remote: "192.0.2.9",
    port: 9995,
    ttl: undefined,
  });
  assertEquals(parsePeer("192.0.2.1/224.0.0.7//4"), {
    local: "192.0.2.1",
    remote: "224.0.0.7",
    port: 9991,
    ttl: 4,
  });
  for (const text of ["192.0.2.1", "0/x/1", "0/1.2.3.4/66000", "0/1.2.3.4/1/2/3"]) {
    assertThrows(() => parsePeer(text), UsageError, `peer is "${text}"`);
  }
  assertEquals(["223.255.255.255", "224.0.0.1", "239.1.2.3", "240.0.0.1"].map(isMulticast), [
    false,
    true,
    true,
    false,
  ]);
});

Deno.test("planExpiry() lets the oldest go until both limits hold", () => {
  const files = [10, 20, 30, 40].map((bytes, index) => ({ path: `${index}`, bytes }));
  const gone = (maxFiles: number, maxBytes: number) =>
    planExpiry(files, { maxFiles, maxBytes }).map(({ path }) => path).join("");
  assertEquals(gone(0, 0), "");
  assertEquals(gone(4, 100), "");
  assertEquals(gone(3, 0), "0");
  assertEquals(gone(0, 70), "01");
  assertEquals(gone(3, 70), "01");
  assertEquals(gone(1, 1000), "012");
  assertEquals(gone(0, 1), "0123");
});

Deno.test("PacketPace keeps the rate, and the time of the export", async () => {
  const time = async (pace: PacketPace, exported: number[]) => {
    const start = performance.now();
    for (const ms of exported) await pace.next(ms);
    return performance.now() - start;
  };
  const ten = Array.from({ length: 10 }, (_, index) => index * 1000);
  assert(await time(new PacketPace({}), ten) < 50);
  const rated = await time(new PacketPace({ rate: 100 }), ten);
  assert(rated >= 88, `${rated} ms`);
  const delayed = await time(new PacketPace({ delay: 10_000 }), ten);
  assert(delayed >= 88, `${delayed} ms`);
  const replayed = await time(new PacketPace({ speed: 100 }), ten);
  assert(replayed >= 88 && replayed < 1000, `${replayed} ms`);
});
