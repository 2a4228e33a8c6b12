/** What people see: `top` and `series` on a terminal of tmux, 80 and 200 columns wide. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseIPv6 } from "@flowtools/flow-model";
import { ethernet, ipv4, pcap, udp } from "../packages/netflow-pdu/capture/_builders.ts";
import { octets, packet9, set, template } from "../packages/netflow-pdu/templates/_builders.ts";
import { flowtools, ROOT_PATH, taskArguments, temporaryDirectory } from "./programs.ts";
import { isInstalled, Terminal } from "./terminal.ts";

const DAY = `${ROOT_PATH}/fixtures/cli/in-v5.ft`;

/** Runs a command on a terminal of its own; the screen when it has ended, with colours and without. */
async function screenOf(
  columns: number,
  call: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ plain: string[]; colored: string }> {
  const words = [Deno.execPath(), ...taskArguments("flowtools"), ...call];
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  await using terminal = await Terminal.start(quoted, {
    columns,
    cwd: ROOT_PATH,
    env: { LC_ALL: "C.UTF-8", TZ: "UTC", TERM: "screen-256color", ...env },
  });
  const screen = await terminal.shows(/\[\d+\]$/);
  const plain = screen.replace(/\[\d+\]$/, "").split("\n").map((line) => line.trimEnd());
  return {
    plain: plain.slice(0, plain.findLastIndex((line) => line !== "") + 1),
    colored: await terminal.coloredScreen(),
  };
}

Deno.test({
  name: "tables and charts read well in 80 and in 200 columns (needs tmux)",
  ignore: !isInstalled("tmux"),
  fn: async () => {
    for (const columns of [80, 200]) {
      const top = await screenOf(columns, ["top", "-n", "5", "--by", "srcaddr,dstport", DAY]);
      assertEquals(top.plain.length, 8, top.plain.join("\n"));
      assertEquals(top.plain[0], "srcaddr          dstport  flows  packets  octets       %");
      assertMatch(
        top.plain[1],
        /^192\.170\.149\.127 {4}21375 {6}1 {5}5\.4k {4}6\.3M {3}15\.9% {2}█+$/,
      );
      assertMatch(top.plain[7], /^total +400 +53\.6k +39\.9M +100\.0%$/);
      // The longest bar takes what is left of the line, up to what can be compared.
      assertEquals(top.plain[1].length, Math.min(columns - 1, 56 + 2 + 60), top.plain[1]);
      assert(top.plain.every((line) => line.length < columns), "no line is broken");
      assert(top.colored.includes("\x1b[1msrcaddr"), top.colored);

      const series = ["series", "--every", "5s", "--by", "prot", DAY];
      const lines = await screenOf(columns, series);
      assertEquals(lines.plain.length, 5);
      assertEquals(
        lines.plain[0],
        "octets from 2023-11-14 22:12:20 to 2023-11-14 22:13:20, every 5s",
      );
      assertMatch(lines.plain[2], /^tcp {4}22\.1M {2}55\.5% {9}4\.6M {2}[▁▂▃▄▅▆▇█ ]+$/);
      const hist = await screenOf(columns, ["hist", "--of", "duration", "--scale", "log10", DAY]);
      assert(hist.plain.every((line) => line.length < columns), "no line is broken");
    }
    for (const columns of [80, 200]) {
      const flows = await screenOf(columns, ["print", "--limit", "2", "-n", DAY]);
      assert(flows.plain.every((line) => line.length < columns), flows.plain.join("\n"));
      const wide = columns === 200;
      const time = wide ? "2023-11-14 22:13:11.997" : "11-14 22:13:11";
      assert(flows.plain[2].startsWith(time), flows.plain[2]);
      // In 80 columns there is room for short numbers and names, not for all columns.
      assertMatch(flows.plain[2], /10\.0\.2\.100 +10238 +192\.214\.67\.33 +imaps +tcp .*3 +3\.5k$/);
      assertEquals(flows.plain.length, wide ? 3 : 4);
      if (!wide) {
        const left = "no room here for last, tcp_flags, input, output; --fields chooses";
        assertEquals(flows.plain[3], left);
      }
      assert(flows.colored.includes("\x1b[1mfirst"), flows.colored);
      for (
        const call of [
          ["header", "--format", "table", "fixtures/ft/v8.10-le-z.ft"],
          ["dscan", "--format", "table", "-O", "500000", DAY],
          ["decode", "--format", "table", "fixtures/pdu/v5-1.dat"],
        ]
      ) {
        const { plain } = await screenOf(columns, call);
        assert(plain.length > 1 && plain.every((line) => line.length < columns), plain.join("\n"));
      }
    }
    const many = ["top", "--by", "srcaddr,dstaddr,srcport,dstport,prot", "-n", "1", DAY];
    const { plain: keys } = await screenOf(80, many);
    assert(keys.every((line) => line.length < 80), keys.join("\n"));
    assertEquals(keys.at(-1), "no room here for flows");
    const header = ["header", "--format", "table", "fixtures/ft/v8.10-le-z.ft"];
    assertEquals((await screenOf(80, header)).plain[1].split(/ {2,}/), [
      ...["fixtures/ft/v8.10-le-z.ft", "8.10", "2023-11-14 22:13:20", "22:18:20", "53", "41"],
    ]);
    const ascii = await screenOf(80, ["top", "-n", "2", DAY], { LC_ALL: "C", NO_COLOR: "1" });
    assertMatch(ascii.plain[1], /15\.9% {2}#+$/);
    assertEquals(ascii.colored.includes("\x1b["), false);
  },
});

/** Addresses of IPv6 without a run of zeros are the longest. */
const HOSTS = ["6666", "7777"].map((last) => `2001:db8:1111:2222:3333:4444:5555:${last}`);

/** Two flows between hosts of IPv6, of protocol 6, and one between hosts of IPv4. */
function mixedCapture(): Uint8Array {
  const ends = [[4, 1], [7, 2], [11, 2], [1, 4], [2, 4], [22, 4], [21, 4], [10, 4], [
    14,
    4,
  ]] as const;
  const rest = [6, ...[40_000, 443].flatMap((port) => octets(port, 2))];
  const numbers = [5000, 5, 1000, 2000, 1, 2].flatMap((value) => octets(value, 4));
  const wide = HOSTS.flatMap((host) => [...parseIPv6(host)!]);
  const narrow = [192, 0, 2, 1, 198, 51, 100, 200];
  const packet = packet9(
    {},
    set(0, template(256, [...ends, [27, 16], [28, 16]]), template(257, [...ends, [8, 4], [12, 4]])),
    set(256, [...rest, ...numbers, ...wide], [...rest, ...numbers, ...wide.toReversed()]),
    set(257, [...rest, ...numbers, ...narrow]),
  );
  return pcap([ethernet(ipv4(udp(packet)))]);
}

Deno.test({
  name: "tables of IPv6 flows keep to 80 and to 200 columns (needs tmux)",
  ignore: !isInstalled("tmux"),
  fn: async () => {
    await using folder = temporaryDirectory();
    const path = `${folder.path}/mixed.pcap`;
    await Deno.writeFile(path, mixedCapture());
    const seven = "srcaddr,dstaddr,srcport,dstport,prot,input,output";
    for (const columns of [80, 200]) {
      const fits = columns === 200;
      const calls: readonly (readonly [call: string[], whole: boolean])[] = [
        [["print", "--format", "table"], fits],
        [["print", "--fields", "srcaddr,dstaddr,prot"], fits],
        [["top", "--by", "srcaddr"], true],
        [["top", "--by", "srcaddr,dstaddr"], fits],
        [["top", "--by", seven], fits],
        [["series", "--every", "1m", "--by", "srcaddr,dstaddr"], fits],
      ];
      for (const [call, whole] of calls) {
        const { plain } = await screenOf(columns, [...call, path]);
        const text = plain.join("\n");
        assert(plain.every((line) => line.length < columns), text);
        assertEquals(text.includes(HOSTS[0]), whole, text);
        // What is shortened begins and ends as the address does.
        if (!whole) assertMatch(text, /2001:db8:[0-9a-f:]*…[0-9a-f:]*6666 /);
        // All values of a column begin, or end, where its title does.
        const head = plain.find((line) => line.includes("srcaddr"))!;
        const line = plain.find((line) => /192\.0\.2\.1 .*198\.51\.100\.200/.test(line));
        if (line === undefined) continue;
        assertEquals(line.indexOf("192.0.2.1"), head.indexOf("srcaddr"), text);
        assertEquals(line.indexOf("198.51.100.200"), head.indexOf("dstaddr"), text);
      }
    }
    // Whoever reads a pipe gets whole addresses.
    const { stdout } = await flowtools(["print", "--format", "table", path]);
    for (const host of HOSTS) assert(stdout.includes(host), stdout);
  },
});

Deno.test({
  name: "what is no text does not go to a terminal (needs tmux)",
  ignore: !isInstalled("tmux"),
  fn: async () => {
    for (const call of [["cat", DAY], ["gen", "-n", "5"], ["filter", "-r", "6", DAY]]) {
      const { plain } = await screenOf(200, call);
      assertMatch(
        plain[0],
        /writes flows as they are stored, .*expected -o FILE or a pipe; flowtools/,
      );
      assertEquals(plain.slice(1).map((line) => line.split(" ")[0]), ["Usage:", "Try"]);
    }
    assertMatch(
      (await screenOf(200, ["plot", DAY])).plain[0],
      /no text for a terminal, expected -o/,
    );
    const words = [Deno.execPath(), ...taskArguments("flowtools")].join(" ");
    await using terminal = await Terminal.start(`${words} cat ${DAY} | wc -c`, {
      columns: 80,
      cwd: ROOT_PATH,
    });
    // 400 records of 64 octets, and a header.
    assert(Number((await terminal.shows(/\[0\]/)).split("[")[0]) > 400 * 64);
  },
});

Deno.test({
  name: "a bar shows how far cat is, and Ctrl-C leaves neither it nor half a file (needs tmux)",
  ignore: !isInstalled("tmux"),
  fn: async () => {
    await using folder = temporaryDirectory();
    const call = [Deno.execPath(), ...taskArguments("flowtools"), "cat", "-o", "out.ft"].join(" ");
    // Input that does not end; what comes when a second is over makes the bar appear.
    const input = `cat ${DAY}; while sleep 0.3; do tail -c 12800 ${DAY}; done`;
    await using terminal = await Terminal.start(`trap : INT; (${input}) | ${call}`, {
      columns: 80,
      cwd: folder.path,
      env: { LC_ALL: "C.UTF-8", TERM: "screen-256color" },
    });
    assertMatch(await terminal.shows(/MiB\/s/), /^0 MiB {2}0\.\d MiB\/s$/);
    await terminal.press("C-c");
    const screen = await terminal.shows(/\[\d+\]$/);
    assertEquals(screen.replace("^C", ""), "[130]");
    assertEquals([...Deno.readDirSync(folder.path)], []);
  },
});

Deno.test({
  name: "programs that write into a pipe leave the terminal to the last one (needs tmux)",
  ignore: !isInstalled("tmux"),
  fn: async () => {
    const call = [Deno.execPath(), ...taskArguments("flowtools")].join(" ");
    // It says on the terminal when it has sent for long enough, and does not end.
    const input = `cat ${DAY}; for i in 1 2 3 4 5 6; do sleep 0.4; tail -c 12800 ${DAY}; done; ` +
      "echo sent >/dev/tty; sleep 100";
    const look = {
      columns: 80,
      cwd: ROOT_PATH,
      env: { LC_ALL: "C.UTF-8", TERM: "screen-256color" },
    };
    {
      await using terminal = await Terminal.start(
        `(${input}) | ${call} cat | ${call} filter -r 6 | ${call} top -n 1 | cat`,
        look,
      );
      assertEquals(await terminal.shows(/sent/), "sent");
    }
    // Where it writes to the terminal, at the end, or to a file, the same input makes the bar appear.
    for (const to of ["", ">/dev/null"]) {
      await using terminal = await Terminal.start(`(${input}) | ${call} top -n 1 ${to}`, look);
      await terminal.shows(/MiB\/s/);
    }
  },
});
