import { assert, assertEquals } from "@std/assert";
import { type NameQuestion, ReverseDns, reverseName } from "./reverse_dns.ts";

/** Nobody answers; nor does it end when it is told to. */
const NOBODY: NameQuestion = () => new Promise(() => {});

const addresses = (count: number) =>
  Array.from({ length: count }, (_, at) => `10.0.${at >> 8}.${(at & 255) + 1}`);

Deno.test("reverseName() turns addresses of hosts about, and nothing else", () => {
  assertEquals(reverseName("192.0.2.7"), "7.2.0.192.in-addr.arpa");
  assertEquals(
    reverseName("2001:db8::1"),
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
  );
  for (const other of ["10.0.0.0/8", "0.0.0.0", "::", "-", ""]) {
    assertEquals(reverseName(other), undefined, other);
  }
});

Deno.test("reverse DNS asks for each address once, and shows nothing but names", async () => {
  const asked: string[] = [];
  let running = 0;
  let most = 0;
  const names = new ReverseDns({
    ask: async (question) => {
      asked.push(question);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      if (question.startsWith("9.")) throw new Error("no such name");
      return question.startsWith("8.")
        ? ["\x1b[31mred"]
        : [`host-${question.split(".")[0]}.example.`];
    },
  });
  const some = Array.from({ length: 60 }, (_, at) => `192.0.2.${at}`);
  await names.lookUp([...some, ...some, "10.0.0.0/8", "0.0.0.0"]);
  await names.lookUp(some);
  assertEquals(asked.length, 60);
  assert(most <= 16, `${most} questions at once`);
  assertEquals(names.name("192.0.2.7"), "host-7.example");
  assertEquals([names.name("192.0.2.8"), names.name("192.0.2.9")], [undefined, undefined]);
  assertEquals(names.note, undefined);
  await names.lookUp(addresses(3000));
  assertEquals(asked.length, 1000, "a thousand at most");
  assertEquals(names.note, "names of 1000 addresses were asked for, the others have none");
  // Names that are known already are still there.
  assertEquals(names.name("192.0.2.7"), "host-7.example");
});

Deno.test("where no server answers a few questions, no more are asked", async () => {
  let asked = 0;
  const names = new ReverseDns({
    ask: (question, signal) => {
      asked++;
      return NOBODY(question, signal);
    },
    patienceMs: 1,
  });
  await names.lookUp(addresses(500));
  await names.lookUp(["192.0.2.1"]);
  assert(asked >= 16 && asked < 48, `${asked} questions`);
  assertEquals(names.note, "no server answers, so that addresses have no names");
});

Deno.test("that there is no such name is an answer, and so is one in time among many too late", async () => {
  let asked = 0;
  const refused = new ReverseDns({
    ask: () => {
      asked++;
      return Promise.reject(new Deno.errors.NotFound("no records found"));
    },
  });
  await refused.lookUp(addresses(200));
  assertEquals([asked, refused.note], [200, undefined]);

  const slow = new ReverseDns({
    ask: (question, signal) =>
      question.startsWith("1.0.") ? Promise.resolve(["one.example"]) : NOBODY(question, signal),
    patienceMs: 1,
  });
  await slow.lookUp(addresses(200));
  assertEquals([slow.name("10.0.0.1"), slow.note], ["one.example", undefined]);
});

Deno.test("all that a call waits for names is bounded, however often it asks", async () => {
  let asked = 0;
  const names = new ReverseDns({
    ask: (question, signal) => {
      asked++;
      return question.startsWith("1.0.")
        ? Promise.resolve(["one.example"])
        : NOBODY(question, signal);
    },
    patienceMs: 5,
    patienceAllMs: 40,
  });
  for (const address of addresses(400)) await names.lookUp([address]);
  // The first is answered at once; each of the others takes five of the forty milliseconds at least.
  assert(asked <= 10, `${asked} questions`);
  assertEquals(names.note, "it takes too long, so that some addresses have no names");
  assertEquals(names.name("10.0.0.1"), "one.example");
});
