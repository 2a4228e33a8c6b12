import { assertEquals } from "@std/assert";
import { listFiles, readText } from "./files.ts";

const PACKAGES = ["flow-model", "netflow-pdu", "ft-format", "flowset"]
  .map((name) => `@flowtools/${name}`);

/** What each package may import, besides itself. Imports point one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "packages/flow-model": [],
  "packages/netflow-pdu": ["@flowtools/flow-model"],
  "packages/ft-format": ["@flowtools/flow-model", "pako"],
  "packages/flowset": ["@flowtools/flow-model", "@flowtools/netflow-pdu", "@flowtools/ft-format"],
  "apps/common": [...PACKAGES, "@std/cli", "@std/streams"],
  "apps/cli": [
    ...PACKAGES,
    "@flowtools/common",
    "@flowtools/collector",
    "@std/bytes",
    "@std/cli",
    "@std/streams",
    "uplot",
    // Deno itself does not tell what standard output is.
    "node:fs",
  ],
  "apps/collector": [...PACKAGES, "@flowtools/common", "@std/cli", "smol-toml", "uplot"],
};

const SOURCES = [...listFiles("packages", ".ts"), ...listFiles("apps", ".ts")];
/** What users run: no tests, and not what tests are made with. */
const PRODUCT = SOURCES.filter((path) =>
  !/_(test|bench)\.ts$|\/_[a-z]+\.ts$|\/testdata\//.test(path)
);

/** The code of a file without its comments: examples in them import what they like. */
function code(path: string): string {
  return readText(path).replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** The module specifiers that a file imports. */
function imports(path: string): string[] {
  const pattern =
    /(?:^(?:import|export)\b[^"';]*?\bfrom\s*|\bimport\s*\(\s*|^import\s+)"([^"]+)"/gm;
  return [...code(path).matchAll(pattern)].map((match) => match[1]);
}

/** The files that a file starts as threads. */
function workers(path: string): string[] {
  const pattern = /new URL\("([^"]+_worker\.ts)", import\.meta\.url\)/g;
  return [...code(path).matchAll(pattern)].map((match) => match[1]);
}

Deno.test("imports point one way: flow-model, then netflow-pdu and ft-format, flowset, apps", () => {
  const wrong: string[] = [];
  for (const path of PRODUCT) {
    const home = path.split("/").slice(0, 2).join("/");
    for (const specifier of imports(path)) {
      if (specifier.startsWith(".")) {
        const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
        if (!target.startsWith(home + "/")) wrong.push(`${path} reaches into ${target}`);
      } else if (!path.endsWith("/deno.ts") || !specifier.startsWith("node:")) {
        const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
        const own = `@flowtools/${home.split("/")[1]}`;
        if (name !== own && !MAY_IMPORT[home].includes(name)) {
          wrong.push(`${path} imports ${specifier}`);
        }
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test("packages touch Deno and node only in files named deno.ts", () => {
  const impure = PRODUCT.filter((path) => path.startsWith("packages/"))
    .filter((path) => !path.endsWith("/deno.ts"))
    .filter((path) => /\bDeno\.|"node:|\bprocess\./.test(code(path)));
  assertEquals(impure, []);
});

Deno.test("the product has no any, no eval, no suppressed type errors", () => {
  const holes = PRODUCT.filter((path) =>
    /:\s*any\b|\bas any\b|<any>|\beval\(|new Function\(/.test(code(path)) ||
    /@ts-ignore|@ts-nocheck/.test(readText(path))
  );
  assertEquals(holes, []);
});

Deno.test("every source file is imported by another, or is an entry point", () => {
  const used = new Set<string>();
  for (const path of SOURCES) {
    for (const specifier of [...imports(path), ...workers(path)]) {
      if (specifier.startsWith(".")) used.add(new URL(specifier, `file:///${path}`).pathname);
    }
  }
  const entries = new Set<string>();
  for (const path of [...listFiles("packages", "/deno.json"), ...listFiles("apps", "/deno.json")]) {
    const exported: string | Record<string, string> = JSON.parse(readText(path)).exports;
    for (const target of typeof exported === "string" ? [exported] : Object.values(exported)) {
      entries.add(new URL(target, `file:///${path}`).pathname);
    }
  }
  const dead = PRODUCT.map((path) => `/${path}`)
    .filter((path) => !used.has(path) && !entries.has(path));
  assertEquals(dead, []);
});

Deno.test("files stay small enough to read", () => {
  const LINES_MAX = 600;
  const long = PRODUCT.filter((path) => readText(path).split("\n").length > LINES_MAX);
  assertEquals(long, []);
});
