import { assertEquals, assertThrows } from "@std/assert";
import { type Flag, type ParsedArguments, parseFlags, UsageError } from "./flags.ts";

const FLAGS: readonly Flag[] = [
  { name: "count", letter: "n", value: "N", range: [0, 100], doc: "Flows" },
  { name: "output", letter: "o", value: "FILE", doc: "Output" },
  { name: "byte-order", letter: "b", value: "ORDER", choices: ["little", "big"], doc: "Order" },
  { name: "fields", value: "NAMES", doc: "Fields" },
  { name: "ports", letter: "P", doc: "A switch" },
  { name: "wide", letter: "w", doc: "Another switch" },
];

const parse = (...args: string[]): ParsedArguments => parseFlags(args, FLAGS);

function assertUsage(args: string[], message: string): void {
  assertThrows(() => parse(...args), UsageError, message);
}

Deno.test("parseFlags() reads nothing as nothing", () => {
  const args = parse();
  assertEquals(args.operands, []);
  assertEquals(args.value("output"), undefined);
  assertEquals(args.number("count"), undefined);
  assertEquals([args.on("ports"), args.on("wide")], [false, false]);
});

Deno.test("parseFlags() reads a value in all four ways", () => {
  for (const args of [["-n5"], ["-n", "5"], ["--count=5"], ["--count", "5"]]) {
    assertEquals(parse(...args).number("count"), 5, args.join(" "));
    assertEquals(parse(...args).operands, []);
  }
});

Deno.test("parseFlags() reads letters alone, and in clusters that a value may end", () => {
  const apart = parse("-P", "-w");
  assertEquals([apart.on("ports"), apart.on("wide")], [true, true]);
  const cluster = parse("-Pw");
  assertEquals([cluster.on("ports"), cluster.on("wide")], [true, true]);
  const attached = parse("-Pn7", "file");
  assertEquals([attached.on("ports"), attached.number("count")], [true, 7]);
  assertEquals(attached.operands, ["file"]);
  const next = parse("-wPn", "8", "file");
  assertEquals([next.on("wide"), next.on("ports"), next.number("count")], [true, true, 8]);
  assertEquals(next.operands, ["file"]);
});

Deno.test("parseFlags() takes everything behind a letter with a value as the value", () => {
  assertEquals(parse("-oPw").value("output"), "Pw");
  assertEquals(parse("-oPw").on("ports"), false);
  assertEquals(parse("-o=x").value("output"), "=x", "as getopt has it");
});

Deno.test("parseFlags() reads flags and operands in any order", () => {
  const args = parse("one", "-P", "two", "--count", "3", "three");
  assertEquals(args.operands, ["one", "two", "three"]);
  assertEquals([args.on("ports"), args.number("count")], [true, 3]);
});

Deno.test("parseFlags() takes - as an operand, and as a value", () => {
  assertEquals(parse("-", "-P", "-").operands, ["-", "-"]);
  assertEquals(parse("-o", "-").value("output"), "-");
  assertEquals(parse("--output", "-").value("output"), "-");
});

Deno.test("parseFlags() takes everything after -- as operands", () => {
  const args = parse("-P", "--", "-w", "--count", "-n5", "--");
  assertEquals(args.operands, ["-w", "--count", "-n5", "--"]);
  assertEquals([args.on("ports"), args.on("wide"), args.number("count")], [true, false, undefined]);
});

Deno.test("parseFlags() keeps operands that look like numbers as they are", () => {
  assertEquals(parse("007", "1e3", "0x10", "--", "+5").operands, ["007", "1e3", "0x10", "+5"]);
});

Deno.test("parseFlags() takes a value that begins with a dash", () => {
  assertEquals(parse("--output", "-x").value("output"), "-x");
  assertEquals(parse("-o", "-P").value("output"), "-P");
  assertEquals(parse("-o", "--").value("output"), "--");
  assertEquals(parse("--fields=-x=y").value("fields"), "-x=y");
});

Deno.test("parseFlags() lets the last of a repeated flag count", () => {
  assertEquals(parse("-n1", "--count=2", "-n", "3").number("count"), 3);
});

Deno.test("parseFlags() refuses a missing value", () => {
  assertUsage(["-n"], "-n needs a value: N");
  assertUsage(["-Pn"], "-n needs a value: N");
  assertUsage(["--count"], "--count needs a value: N");
  assertUsage(["--fields"], "--fields needs a value: NAMES");
});

Deno.test("parseFlags() refuses values that are no number in the range", () => {
  for (const value of ["-1", "101", "1.5", "five", "", "0x5", "1e1", " 5"]) {
    assertUsage([`--count=${value}`], `--count is "${value}", expected a whole number 0 to 100`);
  }
  assertUsage(["-n", "-5"], '--count is "-5", expected a whole number 0 to 100');
  assertEquals(parse("-n0").number("count"), 0);
  assertEquals(parse("-n100").number("count"), 100);
});

Deno.test("parseFlags() refuses values that are no choice", () => {
  assertUsage(["-b", "Big"], '--byte-order is "Big", expected one of little, big');
  assertUsage(["--byte-order="], '--byte-order is "", expected one of little, big');
  assertEquals(parse("-bbig").value("byte-order"), "big");
});

Deno.test("parseFlags() takes a choice in any case where the flag allows it", () => {
  const flags: readonly Flag[] = [
    { name: "order", letter: "b", value: "ORDER", choices: ["big"], anyCase: true, doc: "Order" },
  ];
  assertEquals(parseFlags(["-bBig"], flags).value("order"), "Big");
  assertThrows(() => parseFlags(["-bbigger"], flags), UsageError, "expected one of big");
});

Deno.test("parseFlags() refuses flags that it does not know, and lists those it does", () => {
  const known = "expected one of -n/--count -o/--output -b/--byte-order --fields -P/--ports";
  assertUsage(["-x"], `unknown flag -x, ${known}`);
  assertUsage(["-Px"], `unknown flag -x, ${known}`);
  assertUsage(["-5"], `unknown flag -5, ${known}`);
  assertUsage(["--depth", "5"], `unknown flag --depth, ${known}`);
  assertUsage(["--depth=5"], `unknown flag --depth, ${known}`);
});

Deno.test("parseFlags() asks for the flag or value that may be meant", () => {
  assertUsage(["--cuont", "5"], "unknown flag --cuont, did you mean --count?");
  assertUsage(["--cuont=5"], "unknown flag --cuont, did you mean --count?");
  assertUsage(["--out", "5"], "unknown flag --out, did you mean --output?");
  assertUsage(["-p"], "unknown flag -p, did you mean -P/--ports?");
  assertUsage(["-b", "bigg"], 'expected one of little, big; did you mean "big"?');
});

Deno.test("parseFlags() is not fooled by names that every object has", () => {
  for (const name of ["constructor", "__proto__", "toString", "_"]) {
    assertUsage([`--${name}`], `unknown flag --${name}`);
    assertUsage([`--${name}=1`], `unknown flag --${name}`);
  }
});

Deno.test("parseFlags() gives a flag that needs no value its own, or the words behind it", () => {
  const flags: readonly Flag[] = [
    {
      name: "names",
      letter: "N",
      value: "KINDS",
      words: ["local", "dns"],
      bare: "local",
      doc: "N",
    },
    { name: "wide", letter: "w", doc: "W" },
  ];
  const read = (...args: string[]) => {
    const parsed = parseFlags(args, flags);
    return [parsed.value("names"), parsed.on("names"), parsed.operands.join(" ")];
  };
  assertEquals(read("file"), [undefined, false, "file"]);
  assertEquals(read("--names", "file"), ["local", true, "file"]);
  assertEquals(read("--names", "dns", "file"), ["dns", true, "file"]);
  assertEquals(read("--names", "dns,local"), ["dns,local", true, ""]);
  assertEquals(read("--names=dns", "dns"), ["dns", true, "dns"]);
  assertEquals(read("--names"), ["local", true, ""]);
  assertEquals(read("-Nw", "dns"), ["local", true, "dns"]);
  assertEquals(read("-wN", "dns", "file"), ["dns", true, "file"]);
  assertEquals(read("-N", "file"), ["local", true, "file"]);

  // A word that is nearly one is no file, unless there is a file of that name.
  const meant = '--names is "dsn", expected local, dns; did you mean "dns"?';
  for (const args of [["--names", "dsn"], ["-N", "dsn"], ["-wN", "dsn"]]) {
    assertEquals(assertThrows(() => read(...args), UsageError).message, meant);
  }
  assertThrows(() => read("--names", "local,dsn"), UsageError, 'did you mean "dns"?');
  for (const path of ["./dsn", "dns.ft", "-"]) {
    assertEquals(read("--names", path), ["local", true, path]);
  }
  const folder = Deno.makeTempDirSync();
  const before = Deno.cwd();
  try {
    Deno.chdir(folder);
    Deno.writeTextFileSync("dsn", "");
    assertEquals(read("--names", "dsn"), ["local", true, "dsn"]);
  } finally {
    Deno.chdir(before);
    Deno.removeSync(folder, { recursive: true });
  }
});
