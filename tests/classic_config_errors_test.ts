/** A fault of a configuration file is shown with file, line, column and what was expected. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { flowtools, temporaryDirectory } from "./programs.ts";
import { ROOT } from "./files.ts";

const INPUT = Deno.readFileSync(new URL("fixtures/cli/in-v5.ft", ROOT));

/** The command that reads a language; its file is `cfg`. */
const LANGUAGES: Readonly<Record<string, readonly string[]>> = {
  report: ["report", "-s", "cfg", "-S", "d"],
  nfilter: ["nfilter", "-f", "cfg", "-F", "d"],
  tag: ["tag", "-t", "cfg", "-T", "d"],
  xlate: ["xlate", "-x", "cfg", "-X", "d"],
  mask: ["mask", "-m", "cfg", "-M", "d"],
  acl: ["filter", "-f", "cfg", "-S", "d"],
};

/** A wrong file of a language; `^` stands before the place of the fault, and is not in the file. */
interface WrongConfig {
  readonly language: keyof typeof LANGUAGES;
  readonly lines: readonly string[];
  /** What the message says behind the place. */
  readonly fault: string;
  /** What it says was expected. */
  readonly expected: string;
}

const WRONG: readonly WrongConfig[] = [
  {
    language: "report",
    lines: ["stat-report r", "  type ^ip-sauce-address"],
    fault: '"ip-sauce-address"',
    expected: "ip-source-address",
  },
  {
    language: "report",
    lines: ["stat-report r", "  type ip-protocol", "  output", "    fields +key,^+nonsense"],
    fault: '"+nonsense"',
    expected: "octets",
  },
  {
    language: "report",
    lines: ["# a comment", "", "stat-report r", "\tsort^ +octets"],
    fault: "no output yet",
    expected: "output",
  },
  {
    language: "report",
    lines: ["stat-report r", "  type ip-protocol", "stat-definition d", "  report ^other"],
    fault: '"other"',
    expected: "r",
  },
  {
    language: "nfilter",
    lines: ["filter-primitive P", "  type ^ip-protocl", "  permit tcp"],
    fault: '"ip-protocl"',
    expected: "ip-protocol",
  },
  {
    language: "nfilter",
    lines: ["filter-primitive P", "  type ip-protocol", "  permit ^tcp,300"],
    fault: "300",
    expected: "255",
  },
  {
    language: "nfilter",
    lines: ["filter-definition d", "  match ip-protocol ^P"],
    fault: '"P"',
    expected: "its definition",
  },
  {
    language: "nfilter",
    lines: ["filter-primitive P", "  type ip-protocol", "  permit @{EMPTY:-}^"],
    fault: "the line ends",
    expected: "what to permit or deny",
  },
  {
    language: "tag",
    lines: ["tag-action A", "  type ^ip-address"],
    fault: '"ip-address"',
    expected: "source-prefix",
  },
  {
    language: "tag",
    lines: ["tag-action A", "  type as", "  match 5 ^set 7"],
    fault: '"set"',
    expected: "set-source",
  },
  {
    language: "tag",
    lines: ["tag-definition d", "  term", "    action ^A"],
    fault: '"A"',
    expected: "",
  },
  {
    language: "xlate",
    lines: ["xlate-action A", "  type ^anonymise"],
    fault: '"anonymise"',
    expected: "ip-address-anonymize",
  },
  {
    language: "xlate",
    lines: ["xlate-action A", "  type ip-address-anonymize", "  algorithm ^rot13"],
    fault: '"rot13"',
    expected: "cryptopan-aes128",
  },
  {
    language: "mask",
    lines: ["mask-definition d", "  prefix ^ten/8 16"],
    fault: '"ten/8"',
    expected: "an IPv4 address",
  },
  {
    language: "mask",
    lines: ["mask-definition d", "  ^network 10/8 16"],
    fault: '"network"',
    expected: "prefix",
  },
  {
    language: "acl",
    lines: ["! a comment", "ip access-list standard d ^allow any"],
    fault: '"allow"',
    expected: "permit",
  },
  {
    language: "acl",
    lines: ["ip access-list standard d permit ^10.0.0.x"],
    fault: '"10.0.0.x"',
    expected: "address",
  },
];

for (const { language, lines, fault, expected } of WRONG) {
  const index = lines.findIndex((line) => line.includes("^"));
  const place = `cfg:${index + 1}:${lines[index].indexOf("^") + 1}: `;
  Deno.test(`${language}: ${place}${lines[index].trim()}`, async () => {
    await using folder = temporaryDirectory();
    Deno.writeTextFileSync(`${folder.path}/cfg`, lines.join("\n").replace("^", "") + "\n");
    const run = await flowtools(LANGUAGES[language], { cwd: folder.path, stdin: INPUT });
    assertEquals([run.code, run.bytes.length], [2, 0]);
    assertStringIncludes(run.stderr, `flowtools: ${place}`);
    const [, found, wanted] = /^flowtools: cfg:\d+:\d+: (.*), expected (.*)\n/.exec(run.stderr) ??
      [undefined, "", `no "expected" in ${run.stderr}`];
    assertStringIncludes(found, fault);
    assertStringIncludes(wanted, expected);
  });
}

Deno.test("a fault of an included file is shown with the name of that file", async () => {
  await using folder = temporaryDirectory();
  const files = {
    cfg: "include-filter wrong.cfg\nxlate-action A\n  type scale\n  scale 2\n" +
      "xlate-definition d\n  term\n    filter f\n    action A\n",
    "wrong.cfg": "filter-primitive P\n  type ip-protocol\n  allow tcp\n",
  };
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, text);
  }
  const run = await flowtools(LANGUAGES.xlate, { cwd: folder.path, stdin: INPUT });
  assertEquals([run.code, run.stdout], [2, ""]);
  assertStringIncludes(run.stderr, "wrong.cfg:3:3: ");
});
