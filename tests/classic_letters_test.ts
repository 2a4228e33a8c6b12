/** Every letter of every classic program is a flag here, with a value exactly where it has one. */
import { assertEquals, assertMatch } from "@std/assert";
import { COMMON_FLAGS, type Flag, parseFlags } from "@flowtools/common/flags";
import { decodeFtHeader } from "@flowtools/ft-format";
import { COMMANDS } from "../apps/cli/commands.ts";
import { flowtools } from "./programs.ts";

/**
 * What each program gives to getopt: a letter with `:` behind it takes a value. `?` is what getopt
 * itself reports; `h` is help, which all commands have.
 *
 * Source: flow-tools 0.68.5, `src/flow-*.c`, `bin/flow-*` (Python).
 */
const LETTERS: Readonly<Record<string, string>> = {
  capture: "b:c:C:d:De:E:f:F:hn:N:p:S:t:T:uv:V:w:x:X:z:R:",
  cat: "ab:C:d:gh?mo:pt:T:z:",
  dscan: "d:i:I:D:h?lmps:t:wL:O:P:S:T:bBW",
  expire: "w:d:e:E:h?",
  export: "h?d:f:m:u:",
  fanout: "A:d:Df:F:hm:p:sS:v:V:x:",
  filter: "a:A:b:C:d:D:e:E:f:i:I:kop:P:r:S:t:T:x:z:",
  gen: "b:d:hn:V:z:",
  header: "c:d:h?",
  import: "b:d:f:h?m:V:z:",
  log2rrd: "p:",
  mask: "b:C:d:h?m:M:kz:",
  merge: "ab:C:d:gh?mo:i:z:",
  nfilter: "b:C:d:f:F:h?kv:z:",
  print: "ph?d:f:c:lnw",
  receive: "b:C:d:h?o:S:V:z:",
  report: "b:C:d:h?s:S:kz:v:",
  rpt2rrd: "dhk:K:f:np:P:r:v",
  rptfmt: "a:f:F:ghHps:m:n",
  send: "d:h?m:sV:x:",
  split: "b:C:d:gGh?nN:o:T:z:",
  stat: "c:d:f:h?npPs:S:t:T:w",
  tag: "b:C:d:h?kt:T:v:z:",
  xlate: "b:C:d:h?knv:V:x:X:z:",
};

/** Letters that getopt takes, and the program then answers with its usage and exit code 1. */
const REFUSED: Readonly<Record<string, string>> = { merge: "i", report: "bCkz" };

for (const [name, text] of Object.entries(LETTERS)) {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  Deno.test({
    name: `${name} has the letters of flow-${name}` + (command ? "" : ", when there is such a one"),
    ignore: command === undefined,
    fn: () => {
      const flags = [...command!.flags, ...COMMON_FLAGS];
      for (const [, letter, colon] of text.matchAll(/([A-Za-z])(:?)/g)) {
        const flag = flags.find((candidate) => candidate.letter === letter);
        if (REFUSED[name]?.includes(letter)) {
          assertEquals(flag, undefined, `-${letter} of ${name}`);
          continue;
        }
        // A value that need not be given is none that a script of old has to give.
        const valued = flag?.value !== undefined && flag.bare === undefined;
        assertEquals(valued, colon === ":", `-${letter} of ${name}`);
        const value = valued ? [allowedValue(flag!)] : [];
        const parsed = parseFlags([`-${letter}`, ...value], flags);
        assertEquals(parsed.operands, [], `-${letter} of ${name}`);
        if (value.length === 0) assertEquals(parsed.on(flag!.name), true);
        else {
          const values = flag!.repeated ? parsed.values(flag!.name) : [parsed.value(flag!.name)];
          assertEquals(values, value);
        }
      }
    },
  });
}

function allowedValue({ choices, range }: Flag): string {
  return choices?.[0] ?? String(range?.[0] ?? "1");
}

Deno.test("-b takes its value in any case, as the classic programs do", async () => {
  for (const [value, order] of [["BIG", "big"], ["Little", "little"]]) {
    const { code, bytes } = await flowtools(["gen", "-n1", "-b", value]);
    assertEquals([code, decodeFtHeader(bytes).byteOrder], [0, order]);
  }
});

Deno.test("send -s needs an address to send from", async () => {
  const { code, stderr } = await flowtools(["send", "-s", "0/127.0.0.1/9"], { stdin: "" });
  assertEquals(code, 2);
  assertMatch(stderr, /^flowtools: --spoof sends from LOCALIP, which is 0\.0\.0\.0/);
});

const ROOT_USER = Deno.build.os === "linux" && Deno.uid() === 0;

Deno.test({
  name: `send -s sends from an address that is not its own${ROOT_USER ? "" : " (needs root)"}`,
  ignore: !ROOT_USER,
  fn: async () => {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const { port } = socket.addr as Deno.NetAddr;
    const { bytes } = await flowtools(["gen", "-n", "7"]);
    const send = flowtools(["send", "-s", `127.9.8.7/127.0.0.1/${port}`], { stdin: bytes });
    const [packet, from] = await socket.receive();
    socket.close();
    assertEquals((await send).code, 0);
    assertEquals((from as Deno.NetAddr).hostname, "127.9.8.7");
    // A v5 packet of the seven flows.
    assertEquals([packet.length, packet[1], packet[3]], [24 + 7 * 48, 5, 7]);
  },
});
