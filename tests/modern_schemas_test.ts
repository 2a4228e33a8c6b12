/** The documents that commands print for programs, as `docs/SCHEMAS.md` promises them. */
import { assert, assertEquals } from "@std/assert";
import { type Schema, Validator } from "@cfworker/json-schema";
import { COMMANDS } from "../apps/cli/commands.ts";
import { DATA_FORMATS } from "../apps/cli/render/data_set.ts";
import { listFiles, readText } from "./files.ts";
import { flowtools, lines, namesOf, temporaryDirectory } from "./programs.ts";

const DAY = "fixtures/cli/in-v5.ft";
const SCAN = "fixtures/cli/scan/scan.ft";
const FLOWS = 10;
const CONFIG = "fixtures/cli/examples/stat.cfg";

/** The files of the formats that all versions of records have, plain ones. */
const FILES = listFiles("fixtures/ft", ".ft").filter((path) => /-[bl]e\.ft$/.test(path));

function validator(name: string): Validator {
  const schema: Schema = JSON.parse(readText(`docs/schemas/${name}-1.json`));
  return new Validator(schema, "2020-12", false);
}

function check(schema: Validator, value: unknown, what: string): void {
  const { valid, errors } = schema.validate(value);
  assert(valid, `${what}: ${JSON.stringify(errors)} of ${JSON.stringify(value).slice(0, 300)}`);
}

async function output(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await flowtools(args);
  assert(code === 0, `${args.join(" ")}: ${code} ${stderr}`);
  return stdout;
}

/** What is wrong on purpose is found: a schema that allows everything would pass all else. */
function refuses(schema: Validator, value: unknown): void {
  assertEquals(schema.validate(value).valid, false, JSON.stringify(value).slice(0, 300));
}

Deno.test("every command that prints for programs has all formats, and a schema", () => {
  const doc = readText("docs/SCHEMAS.md");
  const printing = COMMANDS.filter(({ name, flags }) =>
    flags.some(({ name, choices }) => name === "format" && choices?.includes("ndjson")) &&
    // It writes one stream, without end; docs/SINKS.md has its objects.
    name !== "receive"
  );
  assertEquals(printing.map(({ name }) => name), [
    ...["print", "top", "series", "hist", "stat", "report", "rptfmt", "header", "decode", "dscan"],
    "expire",
  ]);
  const documented = new Set<string>();
  for (const { name, flags } of printing) {
    const choices = flags.find((flag) => flag.name === "format")!.choices!;
    assertEquals(DATA_FORMATS.filter((format) => !choices.includes(format)), [], name);
    const row = lines(doc).find((line) =>
      line.startsWith("|") && line.includes(`flowtools ${name}\``)
    );
    const file = row?.match(/\(schemas\/([a-z-]+\d+\.json)\)/)?.[1];
    assert(file !== undefined, `docs/SCHEMAS.md has no schema of ${name}`);
    documented.add(file);
    const schema = JSON.parse(readText(`docs/schemas/${file}`));
    assert(schema.$id.endsWith(`/${file}`), file);
  }
  assertEquals([...documented].toSorted(), namesOf("docs/schemas").toSorted());
});

Deno.test("dscan's findings are as their schema says, the same in every format", async () => {
  const schema = validator("dscan");
  const call = ["dscan", "-D", "20", "-S", "5", "-O", "99000", SCAN, "--format"];
  const document = JSON.parse(await output(...call, "json"));
  check(schema, document, "dscan");
  assertEquals(
    new Set(document.rows.map(({ type }: { type: string }) => type)),
    new Set(["host-scan", "port-scan", "heavy-flow"]),
  );
  const ndjson = lines(await output(...call, "ndjson")).map((line) => JSON.parse(line));
  assertEquals(ndjson, document.rows);
  const [head, ...csv] = lines(await output(...call, "csv"));
  assertEquals(head.split(","), Object.keys(ndjson[0]));
  assertEquals(csv, ndjson.map((row) => Object.values(row).map((value) => value ?? "").join(",")));
  const table = lines(await output(...call, "table", "--tz", "Europe/Berlin"));
  assertEquals(table.length, ndjson.length + 1);
  // The first heavy flow of the file, its time an hour ahead of UTC.
  const heavy = table.find((line) => line.startsWith("heavy-flow"))!;
  const { srcaddr, dOctets, start } = ndjson.find(({ type }) => type === "heavy-flow");
  const clock = new Date((start + 3600) * 1000).toISOString().slice(0, 19).replace("T", " ");
  for (const text of [srcaddr, `${dOctets}`, clock]) assert(heavy.includes(text), heavy);
  const none = await flowtools(["dscan", "-D", "255", SCAN, "--format", "json"]);
  check(schema, JSON.parse(none.stdout), "no findings");
  refuses(schema, { ...document, rows: [{ ...document.rows[0], type: "scan" }] });
  refuses(schema, { ...document, more: 1 });
});

Deno.test("expire tells which files it removes, or would", async () => {
  await using folder = temporaryDirectory();
  const schema = validator("expire");
  const source = "fixtures/ft/v5-le-z.ft";
  const names = [10, 11, 12].map((hour) => `ft-v05.2023-11-14.${hour}0000+0000`);
  const bytes = Deno.statSync(source).size;
  for (const name of names) Deno.copyFileSync(source, `${folder.path}/${name}`);
  const call = ["expire", "-w", folder.path, "-e", "2", "--format"];
  const dry = JSON.parse(await output(...call, "json", "-d1"));
  check(schema, dry, "dry");
  // A header of the fixture tells when its capture began.
  const row = { file: `${folder.path}/${names[0]}`, captureStart: 1700000000, bytes };
  assertEquals(dry, {
    schema: "flowtools/expire/1",
    directory: folder.path,
    dryRun: true,
    keep: { files: 2, bytes: null },
    found: { files: 3, bytes: 3 * bytes },
    rows: [{ ...row, removed: false }],
  });
  assertEquals(namesOf(folder.path).toSorted(), names);
  const csv = lines(await output(...call, "csv"));
  assertEquals(csv, ["file,captureStart,bytes,removed", [...Object.values(row), true].join(",")]);
  assertEquals(namesOf(folder.path).toSorted(), names.slice(1));
  const nothing = JSON.parse(await output(...call, "json"));
  check(schema, nothing, "nothing");
  assertEquals([nothing.rows, nothing.dryRun], [[], false]);
  refuses(schema, { ...dry, rows: [{ ...row }] });
});

Deno.test("rptfmt has the rows of a report in every format", async () => {
  const schema = validator("report");
  for (const name of namesOf("fixtures/cli/scan").filter((name) => name.startsWith("report-"))) {
    const path = `fixtures/cli/scan/${name}`;
    const [report] = JSON.parse(await output("rptfmt", "-f", "json", path));
    check(schema, report, name);
    // Lines that are no comments are the rows; of reports without any the totals are.
    const text = lines(readText(path));
    const data = text.filter((line) => !line.startsWith("#"));
    const rows = data.slice(text.some((line) => line.startsWith("# recn")) ? 1 : -1);
    const cells = report.rows.map((row: Record<string, unknown>) => Object.values(row).join(","));
    const expected = rows.map((line) => line.split(",").map((cell) => `${Number(cell)}`).join(","));
    assertEquals(cells, expected, name);
    assertEquals(report.type, name.slice("report-".length, -".txt".length).replace("~", "/"));
  }
  const both = ["ip-protocol", "bps"].map((name) => `fixtures/cli/scan/report-${name}.txt`);
  const call = ["rptfmt", "-n", "-m", "2", ...both, "-f"];
  const json = JSON.parse(await output(...call, "json"));
  for (const report of json) check(schema, report, "names");
  assertEquals(json[0].rows.map(({ names }: { names: unknown }) => names), [
    { "ip-protocol": "icmp" },
    { "ip-protocol": "tcp" },
  ]);
  const ndjson = lines(await output(...call, "ndjson")).map((line) => JSON.parse(line));
  assertEquals(
    ndjson,
    json.flatMap(({ rows }: { rows: object[] }) => rows.map((row) => ({ report: "r", ...row }))),
  );
  const csv = (await output(...call, "csv")).split("\n\n").map(lines);
  assertEquals(csv.map((table) => table.length), [3, 3]);
  assertEquals(csv[0][1], "1,16,546780,1036,380139,icmp");
  const table = lines(await output(...call, "table"));
  assertEquals(table[2].split(/ +/), ["icmp", "16", "546780", "1036", "380139"]);
  refuses(schema, { ...json[0], rows: [[1, 2]] });
});

Deno.test("rows of stat and reports of report are as their schemas say", async () => {
  const stat = validator("stat");
  for (const [number, ...flags] of [["0"], ["9"], ["10"], ["12", "-n"], ["22"], ["27"]]) {
    const rows = JSON.parse(await output("stat", "-f", number, ...flags, "--format", "json", DAY));
    assert(rows.length > 0);
    for (const row of rows.slice(0, 50)) check(stat, row, `stat -f${number}`);
  }
  refuses(stat, { flows: "many" });
  const report = validator("report");
  const call = ["report", "-s", CONFIG, "-S", "talkers", DAY, "--format", "json"];
  for (const document of JSON.parse(await output(...call))) check(report, document, "report");
});

Deno.test("headers of every version are as their schema says", async () => {
  const schema = validator("header");
  for (const header of JSON.parse(await output("header", "--format", "json", DAY, ...FILES))) {
    check(schema, header, header.file);
  }
  refuses(schema, { file: "x" });
});

Deno.test("packets of every version are as their schema says, and a line in tables and CSV", async () => {
  await using folder = temporaryDirectory();
  const schema = validator("decode");
  const few = `${folder.path}/few.ft`;
  await output("gen", "-n", String(FLOWS), "-o", few);
  const made: string[] = [];
  for (const version of ["9", "10"]) {
    // So few flows are one packet.
    const path = `${folder.path}/packet-${version}.dat`;
    await output("export", "-f", "4", "-V", version, "-o", path, few);
    made.push(path);
  }
  const classic = listFiles("fixtures/pdu", ".dat");
  const paths = [...classic, ...made];
  const json: Record<string, unknown>[] = JSON.parse(
    await output("decode", "--format", "json", ...paths),
  );
  for (const packet of json) check(schema, packet, String(packet.file));
  assert(json.some(({ sets }) => sets !== undefined) && json.some(({ version }) => version === 8));
  const ndjson = lines(await output("decode", ...paths)).map((line) => JSON.parse(line));
  assertEquals(ndjson, json);
  const [head, ...csv] = lines(await output("decode", "--format", "csv", ...paths));
  assertEquals(csv.length, json.length);
  const names = head.split(",");
  const cell = (line: string, name: string) => line.split(",")[names.indexOf(name)];
  for (const path of made) {
    const records = csv.filter((line) => cell(line, "file") === path)
      .reduce((sum, line) => sum + Number(cell(line, "records")), 0);
    assertEquals(records, FLOWS, path);
  }
  const counts = csv.slice(0, classic.length).map((line) => Number(cell(line, "records")));
  assertEquals(counts, json.slice(0, classic.length).map(({ flows }) => (flows as []).length));
  const table = lines(await output("decode", "--format", "table", "--tz", "UTC", ...paths));
  assertEquals(table.length, json.length + 1);
  refuses(schema, { ...json[0], exporter: 1 });
});
