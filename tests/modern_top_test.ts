/** `top`, `series` and `hist`: right, the same in every format, as their schemas say. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Schema, Validator } from "@cfworker/json-schema";
import { makeNfdumpFile } from "../scripts/nfdump_file.ts";
import { spanText } from "../apps/cli/render/quantity.ts";
import { readText } from "./files.ts";
import { flowtools, lines, temporaryDirectory } from "./programs.ts";

const DAY = "fixtures/cli/in-v5.ft";
const FILES = ["1", "5", "6", "7", "1005", ...Array.from({ length: 14 }, (_, i) => `8.${i + 1}`)]
  .map((version) => `fixtures/cli/in-v${version}.ft`);

interface FlowObject {
  readonly [name: string]: string | number;
}

interface Sums {
  flows: number;
  packets: number;
  octets: number;
}

interface Answer {
  readonly schema: string;
  readonly groups: number;
  readonly total: Sums;
  readonly other: (Sums & { groups: number }) | null;
  readonly rows: readonly (Sums & Record<string, string | number | boolean | null>)[];
}

async function jsonOf<Value = Answer>(...args: string[]): Promise<Value> {
  const { code, stdout, stderr } = await flowtools([...args, "--format", "json"]);
  assertEquals([code, stderr], [0, ""], args.join(" "));
  return JSON.parse(stdout);
}

async function flowsOf(path: string): Promise<FlowObject[]> {
  const { stdout } = await flowtools(["print", "--format", "ndjson", path]);
  return lines(stdout).map((line) => JSON.parse(line));
}

/** Sums of flows by a text of their own. */
function sumsBy(
  flows: readonly FlowObject[],
  key: (flow: FlowObject) => string,
): Map<string, Sums> {
  const groups = new Map<string, Sums>();
  for (const flow of flows) {
    const sums = groups.get(key(flow)) ?? { flows: 0, packets: 0, octets: 0 };
    sums.flows += Number(flow.dFlows ?? 1);
    sums.packets += Number(flow.dPkts);
    sums.octets += Number(flow.dOctets);
    groups.set(key(flow), sums);
  }
  return groups;
}

Deno.test("top has the groups, the others and the total that the flows add up to", async () => {
  const flows = await flowsOf(DAY);
  for (const by of ["srcaddr", "dstport,prot", "srcaddr,dstaddr,srcport", "input,output"]) {
    for (const order of ["octets", "packets", "flows"] as const) {
      const answer = await jsonOf("top", DAY, "--by", by, "--order", order, "-n", "7");
      const keys = by.split(",");
      const expected = [...sumsBy(flows, (flow) => keys.map((key) => flow[key]).join(" "))];
      assertEquals(answer.groups, expected.length);
      const values = expected.map(([, sums]) => sums[order]).toSorted((a, b) => b - a);
      assertEquals(answer.rows.map((row) => row[order]), values.slice(0, 7), `${by} ${order}`);
      const known = new Map(expected);
      for (const row of answer.rows) {
        const { flows, packets, octets } = row;
        assertEquals({ flows, packets, octets }, known.get(keys.map((key) => row[key]).join(" ")));
        const share = Number(row[order]) * 100 / answer.total[order];
        assert(Math.abs(Number(row.percent) - share) <= 0.00005);
      }
      for (const name of ["flows", "packets", "octets"] as const) {
        const shown = answer.rows.reduce((sum, row) => sum + row[name], 0);
        assertEquals(shown + (answer.other?.[name] ?? 0), answer.total[name]);
        assertEquals(
          answer.total[name],
          expected.reduce((sum, [, sums]) => sum + sums[name], 0),
        );
      }
      assertEquals((answer.other?.groups ?? 0) + answer.rows.length, answer.groups);
    }
  }
});

Deno.test("top --bidir and keys of either end count as they say", async () => {
  const flows = await flowsOf(DAY);
  const number = (address: string) =>
    address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const pairs = sumsBy(flows, ({ srcaddr, dstaddr }) => {
    const ends = [String(srcaddr), String(dstaddr)];
    return ends.toSorted((a, b) => number(a) - number(b)).join(" ");
  });
  const answer = await jsonOf("top", DAY, "--by", "srcaddr,dstaddr", "--bidir", "-n", "0");
  const found = answer.rows.map(({ srcaddr, dstaddr, flows, packets, octets }) =>
    [`${srcaddr} ${dstaddr}`, { flows, packets, octets }] as const
  );
  assertEquals(new Map(found), pairs);

  const hosts = await jsonOf("top", DAY, "--by", "addr", "-n", "0");
  assertEquals([hosts.other, hosts.total.flows], [null, flows.length]);
  for (const { addr, octets } of hosts.rows) {
    const sum = flows.filter(({ srcaddr, dstaddr }) => srcaddr === addr || dstaddr === addr)
      .reduce((sum, { dOctets }) => sum + Number(dOctets), 0);
    assertEquals(octets, sum);
  }
});

Deno.test("top counts rates from the first begin to the last end", async () => {
  const flows = await flowsOf(DAY);
  const answer = await jsonOf("top", DAY, "--by", "prot", "--fields", "prot,bps,pps,start,end");
  for (const { prot, bps, pps, start, end } of answer.rows) {
    const own = flows.filter((flow) => flow.prot === prot);
    const sum = (name: string) => own.reduce((sum, flow) => sum + Number(flow[name]), 0);
    const first = Math.min(...own.map((flow) => Number(flow.first)));
    const last = Math.max(...own.map((flow) => Number(flow.last)));
    assertEquals([Date.parse(String(start)), Date.parse(String(end))], [
      Math.round(first * 1000),
      Math.round(last * 1000),
    ]);
    assert(Math.abs(Number(bps) - sum("dOctets") * 8 / (last - first)) < 0.1);
    assert(Math.abs(Number(pps) - sum("dPkts") / (last - first)) < 0.1);
  }
});

Deno.test("series and hist put each flow where it belongs", async () => {
  const flows = await flowsOf(DAY);
  for (const at of ["first", "last"]) {
    const series = await jsonOf("series", DAY, "--every", "10s", "--at", at, "--by", "prot");
    for (const { time, prot, octets, packets } of series.rows) {
      const from = Date.parse(String(time)) / 1000;
      const own = flows.filter((flow) =>
        flow.prot === prot && Number(flow[at]) >= from && Number(flow[at]) < from + 10
      );
      assertEquals(octets, own.reduce((sum, { dOctets }) => sum + Number(dOctets), 0));
      assertEquals(packets, own.reduce((sum, { dPkts }) => sum + Number(dPkts), 0));
    }
    assertEquals(series.rows.reduce((sum, { octets }) => sum + octets, 0), series.total.octets);
  }
  const few = await jsonOf("series", DAY, "--every", "1m", "--by", "srcaddr", "--top", "2");
  const others = few.rows.filter(({ other }) => other);
  assertEquals(others.every(({ srcaddr }) => srcaddr === null), true);
  assertEquals(few.rows.reduce((sum, row) => sum + row.flows, 0), flows.length);
  assertEquals(new Set(few.rows.map(({ srcaddr }) => srcaddr)).size, 3);

  const durations = await jsonOf("hist", DAY, "--of", "duration", "--scale", "log10");
  assertEquals(durations.rows.reduce((sum, row) => sum + row.flows, 0), flows.length);
  for (const { at_least, below, flows: count } of durations.rows) {
    const own = flows.filter(({ first, last }) => {
      const ms = Math.round(Number(last) * 1000) - Math.round(Number(first) * 1000);
      return ms >= Number(at_least) && ms < Number(below);
    });
    assertEquals(count, own.length);
  }
});

Deno.test("json, ndjson and csv have the same rows", async () => {
  const calls = [
    ["top", "--by", "srcaddr,app,hour", "-n", "30", "--names"],
    ["top", "--by", "day,prot", "--order", "bps", "--least"],
    ["series", "--every", "20s", "--by", "dstport", "--top", "3", "--names"],
    ["series", "--every", "1m"],
    ["hist", "--of", "bpp", "--width", "250"],
  ];
  for (const call of calls) {
    const { rows } = await jsonOf(...call, DAY);
    const ndjson = await flowtools([...call, DAY, "--format", "ndjson"]);
    assertEquals(lines(ndjson.stdout).map((line) => JSON.parse(line)), [...rows]);
    const csv = await flowtools([...call, DAY, "--format", "csv"]);
    const [head, ...values] = lines(csv.stdout).map((line) => line.split(","));
    const names = head.filter((name) => !name.endsWith("_name"));
    assertEquals(
      values.map((row) => row.slice(0, names.length)),
      rows.map((row) => names.map((name) => String(row[name] ?? ""))),
      call.join(" "),
    );
  }
});

/** The schema of a document of the commands. */
function validator(name: string): Validator {
  const schema: Schema = JSON.parse(readText(`docs/schemas/${name}-1.json`));
  return new Validator(schema, "2020-12", false);
}

Deno.test("documents are as their schemas say, of every version", async () => {
  const calls: Record<string, string[][]> = {
    top: [
      ["--by", "srcaddr,dstaddr", "--bidir", "--order", "bps", "--names"],
      ["--by", "addr/24/48,app,day", "-n", "0"],
      ["--by", "prot,tcp_flags,dscp,exporter", "--least", "--fields", "prot,start,end,bpp,pps"],
    ],
    series: [["--every", "10s"], [
      "--every",
      "1m",
      "--by",
      "srcnet,prot",
      "--names",
      "--at",
      "last",
    ]],
    hist: [[], ["--of", "pps", "--scale", "log10"], ["--of", "duration", "--width", "1000"]],
  };
  for (const [command, cases] of Object.entries(calls)) {
    const schema = validator(command);
    for (const flags of cases) {
      const document = await jsonOf<unknown>(command, ...flags, DAY);
      const { valid, errors } = schema.validate(document);
      assert(valid, `${command} ${flags.join(" ")}: ${JSON.stringify(errors)}`);
    }
  }
  for (const path of FILES) {
    for (
      const [command, flags] of [["hist", ["--of", "packets"]], ["series", [
        "--every",
        "1d",
      ]]] as const
    ) {
      const document = await jsonOf<unknown>(command, ...flags, path);
      const { valid, errors } = validator(command).validate(document);
      assert(valid, `${command} ${path}: ${JSON.stringify(errors)}`);
    }
    const flow = validator("flow");
    for (const object of (await flowsOf(path)).slice(0, 5)) {
      const { valid, errors } = flow.validate(object);
      assert(valid, `${path}: ${JSON.stringify(errors)}`);
    }
  }
  // A validator that finds nothing wrong with anything would pass all of this.
  const wrong = { ...await jsonOf("hist", DAY), total: { flows: "many" } };
  assertEquals(validator("hist").validate(wrong).valid, false);
});

Deno.test("a table for people: aligned, sums below, bars as wide as there is room", async () => {
  const { stdout } = await flowtools(["top", "-n", "3", DAY, "--ascii"]);
  assertEquals(lines(stdout), [
    "srcaddr          flows  packets    octets       %",
    "192.170.149.127      1     5369   6340789   15.9%  ############################",
    "10.0.146.99          1     2070   2813130    7.0%  ############",
    "10.0.0.165           1     1601   2177360    5.5%  ##########",
    "other (382)        397    44517  28603960   71.6%",
    "total              400    53557  39935239  100.0%",
  ]);
  const sorted = await flowtools([
    "top",
    "-n",
    "3",
    DAY,
    "--sort",
    "srcaddr",
    "--fields",
    "srcaddr",
  ]);
  assertEquals(lines(sorted.stdout).slice(1, 4).map((line) => line.split(" ")[0]), [
    "10.0.0.165",
    "10.0.146.99",
    "192.170.149.127",
  ]);
  const human = await flowtools(["top", "--units", "human", "-n", "1", "--ascii", DAY]);
  assertMatch(lines(human.stdout)[1], /^192\.170\.149\.127 +1 +5\.4k +6\.3M +15\.9% +#+$/);
});

Deno.test("unreadable inputs are reported once each, the rest is answered", async () => {
  await using folder = temporaryDirectory();
  const [text, cut] = ["text.ft", "cut.ft"].map((name) => `${folder.path}/${name}`);
  await Deno.writeTextFile(text, "this is no flow file");
  await Deno.writeFile(cut, (await Deno.readFile(DAY)).subarray(0, -10));
  const call = ["top", "--format", "json", "-n", "1"];
  const { code, stdout, stderr } = await flowtools([...call, text, DAY, `${folder.path}/no`, cut]);
  assertEquals(code, 1);
  const messages = lines(stderr);
  assertEquals(messages.length, 3, stderr);
  assertStringIncludes(messages[0], text);
  assertEquals(messages[1], `flowtools: ${folder.path}/no: No such file or directory`);
  assertStringIncludes(messages[2], cut);
  const answer: Answer & { faults: number } = JSON.parse(stdout);
  assertEquals([answer.total.flows, answer.faults], [400 + 399, 3]);

  const lacking = await flowtools(["top", "--by", "srcaddr", "fixtures/cli/in-v8.1.ft", DAY]);
  assertEquals(lacking.code, 1);
  assertStringIncludes(lacking.stderr, "v8.1 flows have no srcaddr");
  assertStringIncludes(lacking.stdout, "total");
});

Deno.test("wrong calls are refused with what would be right", async () => {
  const cases: readonly (readonly [args: string[], message: string])[] = [
    [["top", "--by", "srcadr"], '--by: Cannot group by "srcadr": did you mean "srcaddr"'],
    [["top", "--order", "octet"], 'did you mean "octets"'],
    [["top", "--fields", "srcaddr,colour"], '--fields: there is no "colour", expected one of'],
    [["top", "--sort", "bpp"], '--sort is "bpp", expected one of srcaddr, flows'],
    [["top", "--by", "srcaddr", "--bidir"], "srcaddr needs the other end too, dstaddr"],
    [["top", "--since", "yesteryear"], '--since: "yesteryear" is no time'],
    [["top", "--since", "now", "--until", "-1h"], "--since is not before --until"],
    [["top", "--since", "yesteday"], 'did you mean "yesterday"?'],
    [["top", "--tz", "Mars"], 'time zone "Mars"'],
    [["top", "--tz", "Europ/Zurich"], 'did you mean "Europe/Zurich"?'],
    [["top", "--names", "dsn"], '--names is "dsn", expected local, dns; did you mean "dns"?'],
    [["print", "-n", "dsn"], 'did you mean "dns"?'],
    [["print", "--names=dsn"], 'did you mean "dns"?'],
    [["print", "--format", "5", "--names", "dns"], "--names dns does not go with --format 5"],
    [["print", "--format", "5", "--units", "human"], "--units does not go with --format 5"],
    [["print", "--format", "5", "--tz", "UTC"], "--tz does not go with --format 5"],
    [["top", "--memory", "x"], '--memory is "x"'],
    [["top", "--where", "src prt 80"], 'did you mean "port"'],
    [["series", "--every", "0.5s"], '--every: "0.5s" is no length of time'],
    [["hist", "--scale", "linear"], "--scale linear needs a --width"],
    [["hist", "--scale", "log2", "--width", "5"], "--width goes with --scale linear"],
    [["plot", "--chart", "hist", "--by", "prot"], "--by does not go with --chart hist"],
    [["plot", "--chart", "hist", "--order", "bps"], '--order is "bps", expected one of flows'],
    [["plot", "--size", "10x10"], '--size is "10x10"'],
    [["print", "--sort", "octts"], 'did you mean "octets"'],
  ];
  await Promise.all(cases.map(async ([args, message]) => {
    const { code, stdout, stderr } = await flowtools([...args, DAY]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, message);
  }));
  const memory = await flowtools(["top", "--memory", "1K", DAY, DAY, "--by", "srcaddr,dstaddr"]);
  assertEquals(memory.code, 0, "a small table fits into the least there is");
});

Deno.test("headings of hist have the unit of what is measured, unless values have it", async () => {
  const heading = async (...args: string[]) =>
    lines((await flowtools(["hist", ...args, DAY])).stdout)[0].trim().split(/ {2,}/)[0];
  assertEquals(await heading("--of", "duration"), "duration ms from");
  assertEquals(await heading("--of", "duration", "--units", "human"), "duration from");
  assertEquals(await heading("--of", "bps"), "bit/s from");
  assertEquals(await heading("--of", "bpp"), "octets/packet from");
  assertEquals(await heading(), "octets from");
  assertEquals([1, 90, 300, 3600, 5400, 86_400].map(spanText), [
    ...["1s", "1m30s", "5m", "1h", "1h30m", "1d"],
  ]);
});

Deno.test("what classic formats cannot do asks print for a table", async () => {
  for (const flags of [["--tz", "UTC"], ["--units", "exact"], ["--limit", "1"]]) {
    const { code, stdout } = await flowtools(["print", ...flags, DAY]);
    assertEquals(code, 0, flags.join(" "));
    assertMatch(stdout, /^first +last +srcaddr/, flags.join(" "));
  }
  // The zone may be that of times in the expression.
  const zoned = ["print", "--tz", "UTC", "--where", "first > 2000-01-01", DAY];
  assertMatch((await flowtools(zoned)).stdout, /^srcIP /);
  assertMatch((await flowtools(["print", "-n", DAY])).stdout, /^srcIP /);
});

Deno.test("--where selects the flows that are counted", async () => {
  const flows = await flowsOf(DAY);
  const answer = await jsonOf(
    "top",
    DAY,
    "--by",
    "prot",
    "--where",
    "dst port 443 and packets > 5",
  );
  const expected = flows.filter(({ dstport, dPkts }) => dstport === 443 && Number(dPkts) > 5);
  assertEquals(answer.total.flows, expected.length);
  assert(expected.length > 0);
});

Deno.test("print sorts, limits, and shows times in a zone, names beside numbers", async () => {
  const flows = await flowsOf(DAY);
  const by = (name: string) =>
    flows.toSorted((a, b) => Number(b[name]) - Number(a[name])).slice(0, 9);
  for (
    const [sort, name] of [["-octets", "dOctets"], ["-last", "last"], ["-srcaddr", "srcaddr_raw"]]
  ) {
    const { stdout } = await flowtools([
      ...["print", "--format", "ndjson", "--sort", sort, "--limit", "9"],
      DAY,
    ]);
    assertEquals(lines(stdout).map((line) => JSON.parse(line)[name]), by(name).map((f) => f[name]));
  }
  // Flows that are equal stay in their order, over several inputs too.
  const twice = await flowtools(["print", "--format", "ndjson", "--sort", "prot", DAY, DAY]);
  const both = [...flows, ...flows].toSorted((a, b) => Number(a.prot) - Number(b.prot));
  assertEquals(lines(twice.stdout).map((line) => JSON.parse(line)), both);
  const few = await flowtools(["print", "--limit", "2", DAY, DAY]);
  assertEquals(lines(few.stdout).length, 3);
  const fields = ["--fields", "first,prot", "--limit", "1"];
  const zone = await flowtools(["print", ...fields, "--tz", "+05:30", "-n", DAY]);
  const first = new Date(Math.round(Number(flows[0].first) * 1000) + 19_800_000).toISOString();
  const [date, time] = lines(zone.stdout)[1].split(/ +/);
  assertEquals(`${date}T${time}Z`, first);
  assertMatch(lines(zone.stdout)[1], / (tcp|udp|icmp)$/);
});

const NFDUMP = new Deno.Command("sh", { args: ["-c", "command -v nfdump nfcapd"] }).outputSync();

Deno.test({
  name: "top finds what nfdump finds on the same flows (needs nfdump)",
  ignore: !NFDUMP.success,
  fn: async () => {
    await using folder = temporaryDirectory();
    const path = await makeNfdumpFile(DAY, folder.path);
    const cases: readonly (readonly [by: string, theirs: string])[] = [
      ["srcaddr", "srcip"],
      ["dstaddr", "dstip"],
      ["prot", "proto"],
      ["dstport", "dstport"],
      ["addr", "ip"],
    ];
    // nfcapd turns type and code of ICMP about in a port.
    const filter = "proto tcp or proto udp";
    for (const [by, theirs] of cases) {
      const { stdout } = await new Deno.Command("nfdump", {
        args: ["-r", path!, "-s", `${theirs}/bytes`, "-n", "0", "-o", "csv", "-N", filter],
      }).output();
      const [head, ...rows] = lines(new TextDecoder().decode(stdout)).map((line) =>
        line.split(",")
      );
      const at = Object.fromEntries(head.map((name, index) => [name, index]));
      const end = rows.findIndex((row) => row.length < 3 || row[0] === "Summary");
      const found = rows.slice(0, end < 0 ? undefined : end)
        .map((row) => [row[at.val], row[at.fl], row[at.pkt], row[at.byt]].join(" "));
      const answer = await jsonOf("top", DAY, "--by", by, "-n", "0", "--where", filter);
      const ours = answer.rows.map((row) =>
        [row[by], row.flows, row.packets, row.octets].join(" ")
      );
      assert(ours.length > 1);
      assertEquals(ours.toSorted(), found.toSorted(), by);
    }
  },
});
