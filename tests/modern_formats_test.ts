/** The formats for programs, and tables, of the commands that also print as the classic ones do. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { flowtools, lines, temporaryDirectory } from "./programs.ts";

const DAY = "fixtures/cli/in-v5.ft";
const CONFIG = "fixtures/cli/examples/stat.cfg";

async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await flowtools(args);
  assertEquals([code, stderr], [0, ""], args.join(" "));
  return stdout;
}

Deno.test("stat has the same rows in every format, and of these as many as are asked for", async () => {
  const call = ["stat", "-f9", "-S2", "--limit", "4", DAY];
  const json: Record<string, string | number>[] = JSON.parse(
    await output(...call, "--format", "json"),
  );
  assertEquals(json.length, 4);
  const octets = json.map((row) => Number(row.octets));
  assertEquals(octets, octets.toSorted((a, b) => b - a));
  const ndjson = lines(await output(...call, "--format", "ndjson"));
  assertEquals(ndjson.map((line) => JSON.parse(line)), json);
  const [head, ...rows] = lines(await output(...call, "--format", "csv"));
  assertEquals(head.split(","), Object.keys(json[0]));
  assertEquals(rows, json.map((row) => Object.values(row).join(",")));
  const table = lines(await output(...call, "--format", "table"));
  assertEquals(table.map((line) => line.trim().split(/ +/)), [
    Object.keys(json[0]),
    ...json.map((row) => Object.values(row).map(String)),
  ]);
  const named = await output("stat", "-f12", "-n", "--format", "table", DAY);
  assertStringIncludes(named, "tcp");
  assertEquals(lines(await output(...call)), table, "rows that are chosen ask for the table");
  const refused = await flowtools(["stat", "-f9", "--limit", "4", "--format", "classic", DAY]);
  assertEquals(refused.code, 2);
  assertStringIncludes(
    refused.stderr,
    "--limit does not go with --format classic, expected one of table, json, ndjson, csv",
  );
});

Deno.test("report writes all reports of a definition to one output", async () => {
  const call = ["report", "-s", CONFIG, "-S", "talkers", DAY];
  const classic = await output(...call);
  const reports: { report: string; type: string; totals: { flows: number }; rows: Row[] }[] = JSON
    .parse(await output(...call, "--format", "json"));
  assertEquals(reports.map(({ report, type }) => [report, type]), [
    ["sources", "ip-source-address"],
    ["protocols", "ip-protocol"],
  ]);
  assertEquals(reports[0].totals.flows, 400);
  // Rows and their order are those of the classic text.
  const addresses = reports[0].rows.map((row) => row["ip-source-address"]);
  const shown = lines(classic).filter((line) => /^\d+\.\d+\.\d+\.\d+,/.test(line));
  assertEquals(addresses, shown.map((line) => line.split(",")[0]));
  assertEquals(addresses.length, 10);

  const ndjson = lines(await output(...call, "--format", "ndjson")).map((line) => JSON.parse(line));
  const flat = reports.flatMap(({ report, rows }) =>
    rows.map((row) => ({ report, interval: 0, ...row }))
  );
  assertEquals(ndjson, flat);
  const tables = (await output(...call, "--format", "csv")).split("\n\n");
  assertEquals(
    tables.map((table) => lines(table).length),
    reports.map(({ rows }) => rows.length + 1),
  );
  const people = await output(...call, "--format", "table");
  assert(people.startsWith("sources\nip-source-address  flows"), people);
});

type Row = Record<string, string | number>;

Deno.test("header shows several files as a table, as CSV and as one document", async () => {
  const files = ["fixtures/ft/v5-le.ft", "fixtures/cli/in-v8.1.ft"];
  const json: Record<string, unknown>[] = JSON.parse(
    await output("header", "--format", "json", ...files),
  );
  const ndjson = lines(await output("header", "--format", "ndjson", ...files));
  assertEquals(ndjson.map((line) => JSON.parse(line)), json);
  const [head, ...rows] = lines(await output("header", "--format", "csv", ...files));
  const at = head.split(",").indexOf("flowCount");
  assertEquals(
    rows.map((row) => Number(row.split(",")[at])),
    json.map(({ flowCount }) => flowCount),
  );
  const table = lines(await output("header", "--format", "table", ...files));
  assertEquals(table.length, 3);
  assertStringIncludes(table[1], "2023-11-14 22:13:20");
  const none = await flowtools(["header", "--format", "json", "no-such-file"]);
  assertEquals([none.code, none.stdout], [1, "[]\n"]);
});

Deno.test("names come from a directory of symbols, and of AS from a file", async () => {
  await using folder = temporaryDirectory();
  const names = `${folder.path}/as.txt`;
  const { stdout: flows } = await flowtools(["print", "--format", "ndjson", "--limit", "1", DAY]);
  const { src_as } = JSON.parse(flows);
  await Deno.writeTextFile(names, `# mine\n${src_as} Example, Inc\n`);
  const call = ["top", "--by", "src_as", "--names", "--as-names", names, "-n", "0", DAY];
  const csv = lines(await output(...call, "--format", "csv"));
  const named = csv.filter((line) => line.endsWith(',"Example, Inc"'));
  assertEquals(named.map((line) => Number(line.split(",")[0])), [src_as]);
  assertStringIncludes(await output(...call), "Example, Inc");
  // Who gives a file of names wants names.
  for (const wanted of [["-n"], ["--names"], ["--names", "local"], []]) {
    const printed = await output(
      ...["print", "--format", "csv", "--fields", "src_as", "--as-names", names],
      ...["--limit", "1", DAY, ...wanted],
    );
    assertEquals(lines(printed), ["src_as,src_as_name", `${src_as},"Example, Inc"`]);
  }
  const implied = ["top", "--by", "src_as", "--as-names", names, "-n", "0", DAY];
  assertStringIncludes(await output(...implied), "Example, Inc");
  // What there is not is told of, whether it is needed or not.
  const none = `${folder.path}/none`;
  for (const command of [["top"], ["series"], ["print", "--format", "csv", "-n"]]) {
    for (const flag of ["--as-names", "--symbols"]) {
      const { code, stdout, stderr } = await flowtools([...command, flag, none, DAY]);
      assertEquals([code, stdout], [2, ""], command.join(" "));
      assertEquals(stderr, `flowtools: ${none}: No such file or directory\n`);
    }
  }
});
