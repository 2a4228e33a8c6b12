/** `plot`: the same numbers as pictures and pages that need nothing else, drawn by a browser. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chromium } from "playwright-core";
import { xmlText } from "../apps/cli/render/plot_svg.ts";
import { timeMarks, valueMarks } from "../apps/cli/render/plot_axis.ts";
import { TimeZone } from "@flowtools/flowset";
import { flowtools, temporaryDirectory } from "./programs.ts";

const DAY = "fixtures/cli/in-v5.ft";
const CHROMIUM = "/usr/bin/chromium";

/** Calls of each chart. */
const CHARTS: readonly (readonly string[])[] = [
  ["--every", "5s", "--by", "prot", "--title", 'a <b> & "c"'],
  ["--every", "10s", "--order", "bps"],
  ["--every", "1d"],
  ["--chart", "top", "--by", "srcaddr,dstport", "-n", "12", "--names"],
  ["--chart", "hist", "--of", "duration", "--scale", "log10"],
  ["--chart", "hist", "--width", "50000", "--order", "octets"],
];

async function plot(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await flowtools(["plot", ...args, DAY]);
  assertEquals([code, stderr], [0, ""], args.join(" "));
  return stdout;
}

function isInstalled(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

Deno.test("marks of axes are round, cover the values and do not crowd", () => {
  assertEquals(valueMarks(0), [0, 1]);
  assertEquals(valueMarks(7_331_652), [0, 2e6, 4e6, 6e6, 8e6]);
  assertEquals(valueMarks(100), [0, 20, 40, 60, 80, 100]);
  const berlin = new TimeZone("Europe/Berlin");
  const marks = timeMarks(Date.UTC(2024, 4, 1, 9, 58), Date.UTC(2024, 4, 1, 11, 7), berlin, 7);
  assertEquals(marks.map(({ text }) => text), [
    "2024-05-01 12:00",
    "12:10",
    "12:20",
    "12:30",
    "12:40",
    "12:50",
    "13:00",
  ]);
  // Across the end of summer time, where a day has 25 hours.
  const days = timeMarks(Date.UTC(2024, 9, 25), Date.UTC(2024, 9, 30), berlin, 6);
  assertEquals(days.map(({ text }) => text.slice(-2)), ["26", "27", "28", "29", "30"]);
  assertEquals(xmlText('<a & "b">\x01'), "&lt;a &amp; &quot;b&quot;&gt;\ufffd");
});

Deno.test("a picture is by the name of the file, and has its labels and numbers", async () => {
  await using folder = temporaryDirectory();
  const [picture, page] = ["a.svg", "a.HTML"].map((name) => `${folder.path}/${name}`);
  for (const path of [picture, page]) {
    assertEquals(await plot("--every", "10s", "--by", "prot", "-o", path), "");
  }
  assert((await Deno.readTextFile(picture)).startsWith("<svg "));
  const html = await Deno.readTextFile(page);
  assert(html.startsWith("<!doctype html>"));
  // Nothing of it is elsewhere.
  const links = html.match(/\b(src|href)\s*=\s*"[^"]*"|@import|url\(/g) ?? [];
  assertEquals(links, []);
  const top = await plot("--chart", "top", "--by", "dstport", "-n", "2", "--names");
  for (const text of [">21375<", ">domain<", ">other (", "21375: 6340789"]) {
    assertStringIncludes(top, text);
  }
  assertStringIncludes(await plot("--title", "<i>"), "<title>&lt;i&gt;</title>");
  const png = await flowtools(["plot", "-o", `${folder.path}/chart.png`, DAY]);
  assertEquals(
    [png.code, [...Deno.readDirSync(folder.path)].some(({ name }) => /png/.test(name))],
    [
      2,
      false,
    ],
  );
  assertStringIncludes(png.stderr, "expected a name that ends in .svg or .html");
  const empty = await flowtools(["plot", "--since", "2001-01-01", "--until", "2001-01-02", DAY]);
  assertEquals([empty.code, empty.stderr.includes("no flows")], [1, true]);
});

Deno.test({
  name: "charts are drawn by Chromium without a complaint (needs /usr/bin/chromium)",
  ignore: !isInstalled(CHROMIUM),
  // The browser's driver keeps handles of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using folder = temporaryDirectory();
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      for (const [index, args] of CHARTS.entries()) {
        for (const format of ["svg", "html"]) {
          const path = `${folder.path}/${index}.${format}`;
          await plot(...args, "-o", path);
          const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
          const complaints: string[] = [];
          page.on("pageerror", (error) => complaints.push(error.message));
          page.on("console", (message) => complaints.push(message.text()));
          page.on("request", (request) => {
            if (!request.url().startsWith("file:")) complaints.push(request.url());
          });
          await page.goto(`file://${path}`);
          const what = `${args.join(" ")} as ${format}`;
          assertEquals(complaints, [], what);
          if (format === "svg") {
            assertEquals(await page.locator("svg > title").count(), 1, what);
            // A damaged picture shows the parser's complaint in place of itself.
            assertEquals(await page.locator("parsererror").count(), 0, what);
          } else {
            assertEquals(await page.locator("table.data tbody tr").count() > 0, true, what);
            const drawn = args.includes("top") ? "#chart svg rect" : "#chart canvas";
            assert(await page.locator(drawn).count() > 0, what);
            const ink = await page.locator(drawn).first().evaluate((element: unknown) => {
              const canvas = element as {
                getContext?: (kind: "2d") => {
                  getImageData(x: number, y: number, w: number, h: number): { data: Uint8Array };
                };
                width: number;
                height: number;
              };
              if (canvas.getContext === undefined) return 1;
              const { data } = canvas.getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height);
              return data.filter((value, at) => at % 4 === 3 && value > 0).length;
            });
            assert(ink > 0, `${what} draws something`);
          }
          await page.close();
        }
      }
    } finally {
      await browser.close();
    }
  },
});
