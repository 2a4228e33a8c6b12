/** `--fields`, `--sort` and `--limit`: the same on every command that prints rows. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../apps/cli/commands.ts";
import { HEADER_NAMES } from "../apps/cli/render/header_view.ts";
import { PACKET_NAMES } from "../apps/cli/render/packet_view.ts";
import { listFiles, readText } from "./files.ts";
import { flowtools, lines, namesOf, temporaryDirectory } from "./programs.ts";

const DAY = "fixtures/cli/in-v5.ft";
const SCAN = "fixtures/cli/scan/scan.ft";
const CONFIG = "fixtures/cli/examples/stat.cfg";
const FILES = listFiles("fixtures/ft", ".ft").filter((path) => /-[bl]e\.ft$/.test(path));
const PACKETS = listFiles("fixtures/pdu", ".dat");

type Row = Record<string, string | number | boolean | null | undefined>;

async function output(...args: readonly string[]): Promise<string> {
  const { stdout, stderr, code } = await flowtools(args);
  assertEquals([code, stderr], [0, ""], args.join(" "));
  return stdout;
}

async function rowsOf(...args: readonly string[]): Promise<Row[]> {
  return lines(await output(...args, "--format", "ndjson")).map((line) => JSON.parse(line));
}

/** The rows of a JSON document, whatever it is. */
function documentRows(text: string): Row[] {
  const document = JSON.parse(text);
  return Array.isArray(document) ? document : document.rows;
}

/** Commands, with two columns each: one to show, and a number to sort by, which is shown, too. */
const CALLS: readonly (readonly [call: readonly string[], shown: string, sort: string])[] = [
  [["stat", "-f10", DAY], "ip-source-address", "octets"],
  [["stat", "-f3", DAY], "octets-per-flow", "duration"],
  [["header", ...FILES], "file", "flowCount"],
  [["decode", ...PACKETS], "file", "records"],
  [["dscan", "-D", "20", "-S", "5", "-O", "99000", SCAN], "type", "start"],
  [["hist", DAY], "at_least", "packets"],
  [["series", "--every", "20s", DAY], "time", "octets"],
  [["print", DAY], "srcaddr", "dOctets"],
];

for (const [call, shown, sort] of CALLS) {
  const [name, ...rest] = call;
  Deno.test(`${name} ${rest[0]} chooses, orders and cuts rows, the same in every format`, async () => {
    const all = name === "decode" ? await decodedRows() : await rowsOf(...call);
    assert(all.length > 3, `${all.length} rows`);
    // Sorting is stable in JavaScript too; those without the value come last.
    const rank = (row: Row) => row[sort] === undefined ? -Infinity : Number(row[sort]);
    const expected = all.toSorted((a, b) => rank(b) - rank(a)).slice(0, 3)
      .map((row) => ({ [sort]: row[sort], [shown]: row[shown] }));
    const flags = ["--fields", `${sort},${shown}`, "--sort", `-${sort}`, "--limit", "3"];
    const ndjson = await rowsOf(...call, ...flags);
    assertEquals(ndjson, expected);
    assertEquals(documentRows(await output(...call, ...flags, "--format", "json")), expected);
    const [head, ...csv] = lines(await output(...call, ...flags, "--format", "csv"));
    assertEquals(head, `${sort},${shown}`);
    assertEquals(csv, expected.map((row) => Object.values(row).join(",")));
    // Of the commands that print as the classic ones do, these flags ask for the table.
    const format = name === "decode" ? ["--format", "table"] : [];
    const table = lines(await output(...call, ...flags, ...format));
    assertEquals(table.length, 4, table.join("\n"));
    const few = await rowsOf(...call, "--limit", "2");
    assertEquals(few.length, 2);
    const least = await rowsOf(...call, "--sort", sort, "--fields", sort);
    assertEquals(least.length, all.length);
    const ranks = least.map((row) => row[sort] === undefined ? Infinity : Number(row[sort]));
    assertEquals(ranks, ranks.toSorted((a, b) => a - b));
  });
}

/** What tables say of packets beside what these tell, counted here. */
async function decodedRows(): Promise<Row[]> {
  const text = await output("decode", ...PACKETS);
  return lines(text).map((line) => JSON.parse(line)).map(({ file, flows }) => ({
    file,
    records: flows.length,
  }));
}

Deno.test("report chooses rows of each of its reports", async () => {
  const call = ["report", "-s", CONFIG, "-S", "talkers", DAY];
  const all = await rowsOf(...call);
  const flags = ["--fields", "ip-protocol,octets", "--sort", "octets", "--limit", "2"];
  const expected = ["sources", "protocols"].flatMap((report) =>
    all.filter((row) => row.report === report)
      .toSorted((a, b) => Number(a.octets) - Number(b.octets)).slice(0, 2)
      .map((row) => ({
        report,
        interval: 0,
        ...(report === "protocols" ? { "ip-protocol": row["ip-protocol"] } : {}),
        octets: row.octets,
      }))
  );
  assertEquals(await rowsOf(...call, ...flags), expected);
  // A report that has none of the columns has no rows.
  const only = JSON.parse(await output(...call, "--fields", "ip-protocol", "--format", "json"));
  assertEquals(only.map(({ rows }: { rows: Row[] }) => rows.length), [0, 3]);
  const table = lines(await output(...call, "--fields", "ip-protocol"));
  assertEquals(table.map((line) => line.trim()), ["protocols", "ip-protocol", "1", "6", "17"]);
});

Deno.test("expire shows some of the files, and removes all that are too many", async () => {
  await using folder = temporaryDirectory();
  for (const hour of [10, 11, 12, 13]) {
    const path = `${folder.path}/ft-v05.2023-11-14.${hour}0000+0000`;
    Deno.copyFileSync(hour % 2 === 0 ? "fixtures/ft/v5-le.ft" : "fixtures/ft/v5-le-z.ft", path);
  }
  const call = ["expire", "-w", folder.path, "-e", "1"];
  const dry = await rowsOf(...call, "-d1");
  const sorted = dry.toSorted((a, b) => Number(b.bytes) - Number(a.bytes));
  const flags = ["--sort", "-bytes", "--limit", "2", "--fields", "bytes,removed"];
  assertEquals(
    await rowsOf(...call, ...flags),
    sorted.slice(0, 2).map(({ bytes }) => ({ bytes, removed: true })),
  );
  assertEquals(namesOf(folder.path).length, 1);
});

Deno.test("addresses are sorted as numbers", async () => {
  const octets = (address: unknown) => String(address).split(".").map(Number);
  for (
    const [call, name] of [
      [["stat", "-f9", DAY], "ip-source-address"],
      [["dscan", "-O", "99000", SCAN], "srcaddr"],
    ] as const
  ) {
    const found = (await rowsOf(...call, "--sort", name)).map((row) => octets(row[name]));
    const sorted = found.toSorted((a, b) => {
      const at = a.findIndex((octet, index) => octet !== b[index]);
      return at < 0 ? 0 : a[at] - b[at];
    });
    assert(found.length > 3);
    assertEquals(found, sorted, name);
  }
});

Deno.test("a column that is not there is told, with what may be meant, before anything is read", async () => {
  await using folder = temporaryDirectory();
  const target = `${folder.path}/out`;
  for (
    const [call, wrong, meant] of [
      [["stat", "-f9", "-o", target], "octest", "octets"],
      [["report", "-s", CONFIG, "-S", "talkers", "-o", target], "ip-protocl", "ip-protocol"],
      [["header", "-o", target], "flowcount", "flowCount"],
      [["decode", "-o", target], "recods", "records"],
      [["dscan"], "srcadr", "srcaddr"],
      [["expire"], "byte", "bytes"],
      [["hist", "-o", target], "atleast", "at_least"],
      [["series", "--by", "prot", "-o", target], "prto", "prot"],
      [["top", "-o", target], "octest", "octets"],
      [["print", "-o", target], "dOctest", "dOctets"],
    ] as const
  ) {
    for (const flag of ["--fields", "--sort"]) {
      const inputs = call[0] === "expire" ? [] : ["no-such-file"];
      const { code, stdout, stderr } = await flowtools([...call, flag, wrong, ...inputs]);
      assertEquals([code, stdout], [2, ""], `${call.join(" ")} ${flag}`);
      assertMatch(stderr, new RegExp(`"${wrong}", did you mean .*${meant}`));
      assertEquals(stderr.includes("no-such-file"), false, stderr);
    }
  }
  assertEquals(namesOf(folder.path), []);
});

Deno.test("formats that have no rows refuse what chooses them", async () => {
  const classic = "expected one of table, json, ndjson, csv";
  for (
    const [call, message] of [
      [["stat", "-f9", "--format", "classic", "--fields", "octets"], classic],
      [["report", "-s", CONFIG, "-S", "talkers", "--format", "classic", "--limit", "1"], classic],
      [["header", "--format", "classic", "--sort", "file"], classic],
      [["dscan", "--format", "classic", "--limit", "1"], classic],
      [["decode", "--format", "dump", "--sort", "file"], classic],
      [["stat", "-f9", "-S2", "--sort", "octets"], "--sort does not go with -s and -S"],
    ] as const
  ) {
    const { code, stdout, stderr } = await flowtools([...call, DAY]);
    assertEquals([code, stdout], [2, ""], call.join(" "));
    assertStringIncludes(stderr, message);
  }
});

Deno.test("decode --format dump shows as many packets as are asked for", async () => {
  const dump = await output("decode", "--format", "dump", "--limit", "2", ...PACKETS);
  assertEquals(lines(dump).filter((line) => line.startsWith("# exporter=")).length, 2);
});

Deno.test("series: -n, --limit and --top are the lines of groups; without groups the rows", async () => {
  const call = ["series", "--every", "20s", "--by", "srcaddr", DAY, "--format", "csv"];
  const two = await output(...call, "--limit", "2");
  assertEquals(await output(...call, "-n", "2"), two);
  assertEquals(await output(...call, "--top", "2"), two);
  const groups = new Set(lines(two).slice(1).map((line) => line.split(",")[1]));
  assertEquals(groups.size, 3);
  const spans = await rowsOf("series", "--every", "20s", DAY);
  assertEquals(await rowsOf("series", "--every", "20s", "-n", "2", DAY), spans.slice(0, 2));
  assertEquals(await rowsOf("series", "--every", "20s", "-n", "0", DAY), spans);
  // Columns are those of spans, in tables too.
  const table = lines(
    await output("series", "--by", "prot", "--fields", "time,prot", "--sort", "-octets", DAY),
  );
  assertMatch(table[0], /^time \(local\) +prot$/);
  assertMatch(table[1], /^2023-11-14 22:10 +tcp\b/);
});

Deno.test("stat -n leaves numbers what they are in JSON and CSV, with names beside them", async () => {
  const call = ["stat", "-f12", DAY];
  const plain = await rowsOf(...call);
  const names: Readonly<Record<string, string>> = { 1: "icmp", 6: "tcp", 17: "udp" };
  assertEquals(
    await rowsOf(...call, "-n") as unknown,
    plain.map((row) => ({
      ...row,
      names: { "ip-protocol": names[String(row["ip-protocol"])] },
    })),
  );
  const [head, ...csv] = lines(await output(...call, "-n", "--format", "csv"));
  assertEquals(head, "ip-protocol,flows,octets,packets,duration,ip-protocol_name");
  assertEquals(
    csv,
    plain.map((row) => [...Object.values(row), names[String(row["ip-protocol"])]].join(",")),
  );
  const table = lines(await output(...call, "-n", "--format", "table"));
  assertEquals(table.slice(1).map((line) => line.trim().split(" ")[0]), ["icmp", "tcp", "udp"]);
  // What has no names, such as sizes, is looked up nowhere.
  const sizes = await rowsOf("stat", "-f1", "-n", "--limit", "1", DAY);
  assertEquals(sizes[0].names as unknown, {});
  assertEquals((await rowsOf("stat", "-f12", "-n", "--fields", "octets", DAY))[0], {
    octets: plain[0].octets,
    names: {},
  } as unknown as Row);
});

Deno.test("the columns that may be chosen are those of the schemas", () => {
  const members = (name: string): string[] =>
    Object.keys(JSON.parse(readText(`docs/schemas/${name}-1.json`)).properties);
  assertEquals([...HEADER_NAMES].toSorted(), members("header").toSorted());
  assertEquals([...PACKET_NAMES].toSorted(), members("decode").toSorted());
});

Deno.test("every command that prints rows has the flags that choose them", () => {
  for (const { name, flags } of COMMANDS) {
    const formats = flags.find((flag) => flag.name === "format")?.choices ?? [];
    // Receiving has no end, so that nothing is sorted.
    if (!formats.includes("ndjson") || name === "receive") continue;
    for (const flag of ["fields", "sort", "limit"]) {
      assert(flags.some((row) => row.name === flag), `--${flag} of ${name}`);
    }
  }
});
