import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Aes128 } from "./aes128.ts";
import { CryptoPan } from "./cryptopan.ts";

const hex = Uint8Array.fromHex;

/** AES of one block by Web Crypto, which has no ECB: the first block of CBC without a vector is one. */
async function webEncrypt(key: Uint8Array<ArrayBuffer>, block: Uint8Array<ArrayBuffer>) {
  const imported = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["encrypt"]);
  const iv = new Uint8Array(16);
  const encrypted = await crypto.subtle.encrypt({ name: "AES-CBC", iv }, imported, block);
  return new Uint8Array(encrypted).subarray(0, 16);
}

/** Crypto-PAn as it is published, bit by bit. */
async function naive(key: Uint8Array<ArrayBuffer>, address: number): Promise<number> {
  const cipherKey = key.slice(0, 16);
  const pad = await webEncrypt(cipherKey, key.slice(16));
  let flips = 0n;
  for (let length = 0; length < 32; length++) {
    const block = pad.slice();
    const view = new DataView(block.buffer);
    const rest = BigInt(view.getUint32(0)) & ((1n << BigInt(32 - length)) - 1n);
    const prefix = (BigInt(address) >> BigInt(32 - length)) << BigInt(32 - length);
    view.setUint32(0, Number(prefix | rest));
    flips = (flips << 1n) | BigInt((await webEncrypt(cipherKey, block))[0] >> 7);
  }
  return Number(flips ^ BigInt(address));
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const address = fc.integer({ min: 0, max: 0xffffffff });

Deno.test("Aes128 gives the example of FIPS 197", () => {
  const cipher = new Aes128(hex("000102030405060708090a0b0c0d0e0f"));
  const encrypted = cipher.encrypt(hex("00112233445566778899aabbccddeeff"));
  assertEquals(encrypted.toHex(), "69c4e0d86a7b0430d8cdb78070b4c55a");
});

Deno.test("Aes128 agrees with Web Crypto, and firstBits() with the whole block", async () => {
  await fc.assert(
    fc.asyncProperty(bytes(16), bytes(16), address, async (key, block, word) => {
      const cipher = new Aes128(key);
      assertEquals(cipher.encrypt(block), await webEncrypt(key.slice(), block.slice()));
      const other = block.slice();
      new DataView(other.buffer).setUint32(0, word);
      assertEquals(cipher.firstBits(block).bit(word), cipher.encrypt(other)[0] >> 7);
    }),
  );
});

Deno.test("CryptoPan gives what the published algorithm gives", async () => {
  await fc.assert(
    fc.asyncProperty(bytes(32), fc.array(address, { maxLength: 4 }), async (key, addresses) => {
      const pan = new CryptoPan(key);
      for (const one of [0, 0xffffffff, ...addresses]) {
        assertEquals(pan.anonymize(one), await naive(key.slice(), one));
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("CryptoPan keeps the length of common prefixes, whatever its caches hold", () => {
  const common = (a: number, b: number) => Math.clz32(a ^ b);
  fc.assert(
    fc.property(bytes(32), fc.array(address, { minLength: 2 }), fc.nat(31), (key, some, bit) => {
      const pan = new CryptoPan(key);
      const near = some.map((one) => (one ^ (1 << bit)) >>> 0);
      const all = [...some, ...near, ...some];
      const replaced = all.map((one) => pan.anonymize(one));
      const fresh = new CryptoPan(key);
      for (let i = 1; i < all.length; i++) {
        assertEquals(common(replaced[i - 1], replaced[i]), common(all[i - 1], all[i]));
        assertEquals(fresh.anonymize(all[i]), replaced[i]);
      }
    }),
  );
});

Deno.test("CryptoPan survives more addresses than its caches hold", () => {
  const key = hex("0123456789abcdef".repeat(4));
  const pan = new CryptoPan(key);
  const first = Array.from({ length: 1000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);
  const before = first.map((one) => pan.anonymize(one));
  for (let i = 0; i < 300_000; i++) pan.anonymize(Math.imul(i, 0x85ebca6b) >>> 0);
  assertEquals(first.map((one) => pan.anonymize(one)), before);
});

Deno.test("keys of another length are refused", () => {
  assertThrows(() => new CryptoPan(new Uint8Array(16)), RangeError, "it has 16 bytes, expected 32");
  assertThrows(() => new Aes128(new Uint8Array(32)), RangeError, "it has 32 bytes, expected 16");
});
