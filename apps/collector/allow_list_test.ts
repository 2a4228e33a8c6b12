import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { UsageError } from "@flowtools/common/flags";
import { parseExporter } from "@flowtools/netflow-pdu";
import { Random } from "../../scripts/random.ts";
import { AllowList } from "./allow_list.ts";

const allows = (networks: readonly string[], address: string) =>
  new AllowList(networks).allows(parseExporter(address));

Deno.test("AllowList without networks lets everybody in", () => {
  assert(allows([], "192.0.2.1"));
  assert(allows([], "2001:db8::1"));
});

Deno.test("AllowList lets in the first and last address of a network, and not their neighbours", () => {
  const networks = ["10.1.2.0/23", "2001:db8:8::/45", "192.0.2.7"];
  for (
    const inside of ["10.1.2.0", "10.1.3.255", "192.0.2.7", "2001:db8:8::", "2001:db8:f:ffff::1"]
  ) {
    assert(allows(networks, inside), inside);
  }
  const outside = [
    "10.1.1.255",
    "10.1.4.0",
    "192.0.2.6",
    "192.0.2.8",
    "2001:db8:7:ffff::",
    "2001:db8:10::",
  ];
  for (const address of outside) assertFalse(allows(networks, address), address);
});

Deno.test("AllowList knows IPv4 in IPv6 clothes, and everything", () => {
  assert(allows(["::ffff:10.0.0.0/104"], "10.255.0.1"));
  assertFalse(allows(["::ffff:10.0.0.0/104"], "11.0.0.1"));
  assert(allows(["10.0.0.0/8"], "::ffff:10.0.0.1"));
  assert(allows(["0.0.0.0/0"], "255.255.255.255"));
  assertFalse(allows(["0.0.0.0/0"], "::1"));
  assert(allows(["::/0"], "ffff::"));
  assertFalse(allows(["::/0"], "10.0.0.1"));
});

Deno.test("AllowList agrees with a comparison of bits, for any networks", () => {
  const random = new Random(3);
  for (let run = 0; run < 200; run++) {
    const networks = Array.from({ length: 1 + random.int(20) }, () => {
      const length = random.int(33);
      // Few distinct high bits, so that networks overlap and addresses fall into them.
      const base = (random.int(4) * 2 ** 30 + random.int(2 ** 12)) >>> 0;
      return { base: length === 0 ? 0 : (base >>> (32 - length) << (32 - length)) >>> 0, length };
    });
    const text = ({ base, length }: { base: number; length: number }) =>
      `${base >>> 24}.${(base >>> 16) & 255}.${(base >>> 8) & 255}.${base & 255}/${length}`;
    const list = new AllowList(networks.map(text));
    for (let i = 0; i < 50; i++) {
      const address = (random.int(4) * 2 ** 30 + random.int(2 ** 12)) >>> 0;
      const expected = networks.some(({ base, length }) =>
        length === 0 || (address >>> (32 - length)) === (base >>> (32 - length))
      );
      assertEquals(list.allows(address), expected, `${address} in ${networks.map(text)}`);
    }
  }
});

Deno.test("AllowList refuses what is no network", () => {
  for (
    const text of [
      "",
      "10.0.0.0/33",
      "10.0.0/8",
      "2001:db8::/129",
      "10.0.0.0/8/1",
      "10.0.0.0/",
      "a/8",
    ]
  ) {
    assertThrows(
      () => new AllowList([text]),
      UsageError,
      `--allow is "${text}", expected an address`,
    );
  }
  for (const text of ["10.0.0.1/8", "2001:db8::1/64", "::ffff:10.0.0.0/80"]) {
    assertThrows(() => new AllowList([text]), UsageError, `--allow is "${text}", expected no bits`);
  }
});
