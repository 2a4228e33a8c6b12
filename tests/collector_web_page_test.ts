/** The collector's page in a real browser. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { FlowBatch, FlowSchema, SAMPLING_COLUMN } from "@flowtools/flow-model";
import { FlowSet } from "@flowtools/flowset";
import { createIpfixCodec } from "@flowtools/netflow-pdu";
import type { KnownSession } from "../apps/collector/exporters.ts";
import {
  batchOf,
  exporter,
  type Fed,
  feed,
  flow,
  snapshot,
  until,
} from "./collector_web_feeder.ts";
import { DIMENSIONS, STACK_IDS } from "../apps/collector/web/live/dimensions.ts";
import { QUERY_KEYS } from "../apps/collector/web/query/query.ts";

/** Where Debian has it. */
const CHROMIUM = "/usr/bin/chromium";

const found = await Deno.stat(CHROMIUM).then(() => true, () => false);
if (!found) console.log(`Without ${CHROMIUM} the tests of the page are left out`);

/** A page in a browser, and whatever it complains of. */
interface Visit {
  readonly page: Page;
  readonly complaints: string[];
}

/** Opens the page of a web part. */
type Visitor = (web: Fed, options?: BrowserContextOptions) => Promise<Visit>;

/**
 * A test of the page; complaints of the browser, such as of the content policy, fail it. The web
 * parts that it starts outlive its visits, whose requests would fail otherwise.
 */
function pageTest(
  name: string,
  work: (visit: Visitor, start: typeof feed) => Promise<void>,
): void {
  Deno.test({
    name: found ? name : `${name} (left out: no ${CHROMIUM})`,
    ignore: !found,
    fn: async () => {
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ["--no-sandbox", "--disable-dev-shm-usage"],
      });
      const visits: Visit[] = [];
      const webs: Fed[] = [];
      try {
        await work(async (web, options) => {
          const made = await visit(browser, web, options);
          visits.push(made);
          return made;
        }, async (given) => {
          const made = await feed(given);
          webs.push(made);
          return made;
        });
        for (const { complaints } of visits) assertEquals(complaints, []);
      } finally {
        await browser.close();
        for (const web of webs) await web.close();
      }
    },
  });
}

async function visit(
  browser: Browser,
  web: Fed,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() !== "log" && message.type() !== "info") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(web.url);
  return { page, complaints };
}

/** What a collector that receives looks like, after some packets. */
function busy(packets: number) {
  return snapshot({
    packets,
    flows: packets * 30,
    octets: packets * 30_000,
    exporters: [
      exporter({ address: "198.51.100.7", packets, sampling: 100 }),
      exporter({ address: "2001:db8::5", version: "9", source: 5 }),
    ],
    sinks: [{ name: "files", given: 30, done: 30, queued: 0, filtered: 0, dropped: {} }],
    forwarders: [
      { name: "198.51.100.9:9995", given: 9, done: 8, queued: 1, filtered: 0, dropped: {} },
    ],
  });
}

/** Feeds traffic until it is told to stop, so that there is something to look at. */
function traffic(web: Fed): Disposable {
  let packets = 0;
  const send = () => {
    web.sink.write(batchOf([
      flow({ srcaddr: "10.7.7.7", dOctets: 50_000 }),
      flow({ srcaddr: "10.8.8.8", prot: 17, dstport: 53, dOctets: 9_000 }),
      flow({ srcaddr: "2001:db8::a", dstaddr: "2001:db8::b", dOctets: 4_000 }),
    ]));
    web.publish(busy(++packets));
  };
  send();
  const timer = setInterval(send, 200);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

const textOf = async (page: Page, selector: string) =>
  (await page.textContent(selector) ?? "").replaceAll("\u00a0", " ").trim();

pageTest("the page shows live traffic, and follows it", async (visit, start) => {
  const web = await start();
  using _ = traffic(web);
  const { page } = await visit(web);
  await page.waitForSelector("#top-table tbody th:text-is('10.7.7.7')");
  await page.waitForSelector("#health[data-state=receiving]");
  assertEquals(await page.title(), "flowtools collector");
  assertEquals(await page.isVisible("#empty"), false);
  assertEquals(await page.isVisible("#connection"), false);
  assertEquals(await page.isVisible("#trouble"), false);
  await page.waitForSelector("#chart canvas");
  await page.waitForSelector("#legend tbody tr:nth-child(3)");
  assertStringIncludes(await textOf(page, "#legend"), "udp");
  assertMatch(await page.getAttribute("#chart", "aria-label") ?? "", /^Bits over time: now \d/);
  const exporters = await textOf(page, "#exporters-table tbody");
  assertStringIncludes(exporters, "198.51.100.7:50000");
  assertStringIncludes(exporters, "[2001:db8::5]:50000 source 5");
  assertStringIncludes(exporters, "1 in 100");
  assertEquals(
    await textOf(page, "#sinks-table tbody"),
    "files30300" + "00" + "198.51.100.9:9995 packets981" + "00",
  );
  // Live: the sums go on without anybody asking.
  const before = await textOf(page, "#top-table tfoot tr:last-child");
  await until("the sums have changed", async () => {
    return await textOf(page, "#top-table tfoot tr:last-child") !== before;
  });
});

pageTest("what can be chosen is what the API has, and choosing works", async (visit, start) => {
  const web = await start();
  using _ = traffic(web);
  const { page } = await visit(web);
  const values = (selector: string) =>
    page.$$eval(selector, (nodes) => nodes.map((node) => node.getAttribute("value")));
  assertEquals(await values("[name=stack] option"), [...STACK_IDS]);
  assertEquals(await values("[name=key] option"), [...QUERY_KEYS]);
  assertEquals(await values("[name=key2] option"), ["", ...QUERY_KEYS]);
  await page.waitForSelector("#top-table tbody th:text-is('10.7.7.7')");
  for (const { id, title } of DIMENSIONS) {
    await page.click(`#tab-${id}`);
    await page.waitForSelector(`#top-key:text-is("${title}")`);
    assertEquals(await page.getAttribute(`#tab-${id}`, "aria-selected"), "true");
    assertEquals(await page.getAttribute("#top-panel", "aria-labelledby"), `tab-${id}`);
  }
  await page.click("#tab-application");
  await page.waitForSelector("#top-table tbody th:text-is('443/tcp https')");
  for (const id of STACK_IDS) await page.selectOption("[name=stack]", id);
  await page.selectOption("[name=stack]", "application");
  await page.waitForSelector("#legend tbody th:has-text('53/udp domain')");
  await page.check("[name=unit][value=packets]", { force: true });
  await page.waitForSelector("#chart[aria-label^=Packets]");
  await page.check("[name=range][value='24h']", { force: true });
  await page.check("[name=minutes][value='60']", { force: true });
  await page.waitForSelector("#top-table tbody th:text-is('443/tcp https')");
});

/** What the exporter of `flow()` told of itself. */
function* told(): Generator<KnownSession> {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const facts = session.factsToLearn(5);
  facts.setName("interfaces", "1", { name: "Gi0/1 <uplink>", description: "to the world" });
  facts.setName("vrfs", "3", { name: "blue", description: "" });
  facts.setSamplerRate(1, 100);
  facts.setSamplerRate(2, 1_000);
  facts.setName("samplers", "2", { name: "core", description: "" });
  yield { address: "127.0.0.1", port: 50_000, version: "10", session };
}

pageTest(
  "interfaces have the names that exporters told, and counters scale",
  async (visit, start) => {
    const web = await start();
    const schema = new FlowSchema({
      version: 10,
      fields: ["exaddr", "srcaddr", "dstaddr", "input", "output", "dPkts", "dOctets", "prot"],
      extras: [SAMPLING_COLUMN],
    });
    const batch = new FlowBatch({ capacity: 2, extras: [{ name: SAMPLING_COLUMN, kind: "u32" }] });
    const address = { exaddr: "127.0.0.1", srcaddr: "10.0.0.1", dstaddr: "10.0.0.2", prot: 6 };
    batch.append(schema, {
      ...address,
      input: 1,
      output: 2,
      dOctets: 700,
      dPkts: 7,
      samplingRate: 100,
    });
    batch.append(schema, {
      ...address,
      input: 2,
      output: 1,
      dOctets: 300,
      dPkts: 3,
      samplingRate: 1,
    });
    web.sink.write(batch);
    const exporters = [
      exporter({ address: "127.0.0.1", version: "10", source: 5, sampling: 100 }),
      exporter({ address: "127.0.0.2" }),
    ];
    // One that was forgotten meanwhile would take its names with it.
    const known = [...told()];
    const publish = () => web.publish(snapshot({ packets: 1, exporters }), known);
    publish();
    const timer = setInterval(publish, 500);
    try {
      const { page } = await visit(web);
      await page.click("#tab-input-interface");
      const first = "#top-table tbody tr:first-child";
      await page.waitForSelector(`${first} th:has-text('Gi0/1 <uplink>')`);
      assertEquals(await textOf(page, `${first} th`), "Gi0/1 <uplink> 127.0.0.1 if 1");
      assertEquals(await textOf(page, "#top-table tbody tr:nth-child(2) th"), "127.0.0.1 if 2");
      const bytesOf = () => textOf(page, `${first} td:nth-child(3)`);
      assertEquals(await bytesOf(), "700 B");
      await page.click("#tab-output-interface");
      await page.waitForSelector("#top-table tbody tr:nth-child(2) th:has-text('Gi0/1 <uplink>')");
      await page.click("#tab-input-interface");
      await page.waitForSelector(`${first} th:has-text('Gi0/1 <uplink>')`);
      await page.check("[name=scaled][value=true]", { force: true });
      await page.waitForSelector(`${first} td:nth-child(3):has-text('70.0')`);
      assertEquals(await bytesOf(), "70.0 kB");
      assertEquals(await textOf(page, "#top-table tfoot tr:last-child td:nth-child(3)"), "70.3 kB");
      assertEquals(await textOf(page, "#top-table tfoot tr:last-child td:nth-child(5)"), "2");
      await page.check("[name=scaled][value=false]", { force: true });
      await page.waitForSelector(`${first} td:nth-child(3):has-text('700')`);
      await page.selectOption("[name=stack]", "input-interface");
      await page.waitForSelector("#legend tbody th:has-text('Gi0/1 <uplink> (127.0.0.1 if 1)')");
      const row = "#exporters-table tbody tr:first-child";
      await page.waitForSelector(`${row} th:has-text('1 interface, 1 VRF')`);
      assertEquals(
        await textOf(page, `${row} .told`),
        "1 interface, 1 VRF, sampler 1: 1 in 100, core: 1 in 1,000",
      );
      assertEquals(await page.locator("#exporters-table .told").count(), 1);
      assertEquals(await page.locator("main uplink").count(), 0);
    } finally {
      clearInterval(timer);
    }
  },
);

pageTest("the query box answers, and says what is wrong", async (visit, start) => {
  const directory = await Deno.makeTempDir();
  try {
    const name = "ft-v05.2026-01-01.120000+0000";
    {
      await using set = await FlowSet.create(`${directory}/${name}`, { version: 5 });
      await set.write(batchOf([
        flow({ srcaddr: "10.1.1.1", dOctets: 700, dPkts: 7 }),
        flow({ srcaddr: "10.2.2.2", dOctets: 300, dPkts: 3 }),
        flow({ srcaddr: "10.2.2.2", dOctets: 600, dPkts: 6 }),
        flow({ srcaddr: "10.3.3.3", dOctets: 100, prot: 17 }),
      ]));
    }
    const web = await start({ directory });
    web.publish(busy(1));
    const { page, complaints } = await visit(web);
    await page.waitForSelector(`#files-table a:text-is("${name}")`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click(`#files-table a:text-is("${name}")`),
    ]);
    assertEquals(download.suggestedFilename(), name);
    assertEquals(
      Deno.readFileSync(await download.path()),
      Deno.readFileSync(`${directory}/${name}`),
    );
    await page.fill("#where", "tcp");
    await page.press("#where", "Enter");
    await page.waitForSelector("#query-result:not([hidden])");
    const rows = await page.$$eval(
      "#query-table tr",
      (lines) => lines.map((line) => [...line.children].map((cell) => cell.textContent)),
    );
    assertEquals(rows.map((cells) => cells.map((text) => text?.replaceAll("\u00a0", " "))), [
      ["source-address", "Bytes", "Packets", "Flows"],
      ["10.2.2.2", "900 B", "9", "2"],
      ["10.1.1.1", "700 B", "7", "1"],
      ["Total", "1.60 kB", "16", "3"],
    ]);
    assertEquals(
      await textOf(page, "#query-status"),
      "3 of 4 flows in 1 file count, 2 of 2 groups shown.",
    );
    // Markup in what somebody types is text.
    await page.fill("#where", "<img/src=x> 1");
    await page.click("#query-run");
    await page.waitForSelector("#query-error:not([hidden])");
    assertStringIncludes(await textOf(page, "#query-error"), 'unexpected "<"');
    assertEquals(await page.isVisible("#query-result"), false);
    assertEquals(await page.locator("#query-error img").count(), 0);
    assertEquals(
      (await page.textContent("#query-place"))?.split("\n"),
      ["  <img/src=x> 1", "  ^"],
    );
    await page.fill("#where", "src ip 10.0.0.1 and prt 80");
    await page.click("#query-run");
    await page.waitForSelector("#query-fault:has-text('did you mean')");
    assertEquals(
      (await page.textContent("#query-place"))?.split("\n"),
      ["  src ip 10.0.0.1 and prt 80", `  ${" ".repeat(20)}^^^`],
    );
    await page.fill("#where", "vrf blue");
    await page.click("#query-run");
    await page.waitForSelector("#query-result:not([hidden])");
    assertMatch(
      await textOf(page, "#query-status"),
      /not looked at: ft-\S+: .*needs VRF names.*, no exporter told any VRF names/,
    );
    // The browser tells the console of each answer that is no success.
    assertEquals(complaints.splice(0).filter((text) => !text.includes("400 (Bad Request)")), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

pageTest("without flows the page says how to get some", async (visit, start) => {
  const web = await start();
  web.publish(snapshot());
  const { page } = await visit(web);
  await page.waitForSelector("#empty:not([hidden])");
  assertEquals(await textOf(page, "#health-text"), "Waiting for exporters");
  assertStringIncludes(await textOf(page, "#empty-sources"), "127.0.0.1:9991");
  assertEquals(await textOf(page, "#empty-port"), "9991");
  assertEquals(await page.isVisible("#traffic"), false);
  assertEquals(await textOf(page, "#exporters-table tbody"), "No exporter has been heard of yet");
  assertEquals(await textOf(page, "#losses-note"), "Nothing was lost");
  using _ = traffic(web);
  await page.waitForSelector("#empty", { state: "hidden" });
  await page.waitForSelector("#traffic");
});

pageTest("losses are shown by cause, and strings of packets are text", async (visit, start) => {
  const web = await start();
  const evil = "<img src=x onerror=alert(1)>";
  web.publish(snapshot({
    packets: 10,
    malformed: { "short-packet": 3, [evil]: 4 },
    sequence: { lost: 150, reordered: 4, duplicate: 0, reset: 0 },
    sources: [{ description: evil, kernelDrops: 17, truncated: 0, errors: 0 }],
    exporters: [exporter({ version: evil, malformed: 3 })],
  }));
  const { page } = await visit(web);
  await page.waitForSelector("#trouble:not([hidden])");
  const reasons = await textOf(page, "#trouble-reasons");
  assertStringIncludes(reasons, "Lost on the network (network): 150 flows in the last minute");
  assertStringIncludes(reasons, `Receive buffer full (${evil}): 17 packets`);
  assertEquals(await textOf(page, "#health-text"), "Losing data");
  const losses = await textOf(page, "#losses-table tbody");
  assertStringIncludes(losses, `Malformed packet${evil}4 packets4 packets`);
  assertStringIncludes(await textOf(page, "#exporters-table tbody"), evil);
  assertEquals(await page.locator("main img").count(), 0);
});

pageTest(
  "when the connection is lost the page says so, and comes back by itself",
  async (visit, start) => {
    let web = await start();
    const port = Number(new URL(web.url).port);
    web.publish(busy(1));
    const { page, complaints } = await visit(web);
    await page.waitForSelector("#health[data-state=receiving]");
    await web.close();
    await page.waitForSelector("#connection:not([hidden])");
    assertMatch(await textOf(page, "#connection"), /connection|does not answer|Nothing has come/);
    assertEquals(await page.getAttribute("#connection", "role"), "alert");
    assertEquals(await textOf(page, "#health-text"), "Connection lost");
    web = await start({ port });
    web.publish(busy(2));
    await page.waitForSelector("#connection", { state: "hidden" });
    await page.waitForSelector("#health[data-state=receiving]");
    // The browser tells the console of each try.
    assertEquals(complaints.splice(0).filter((text) => !text.includes("ERR_")), []);
  },
);

pageTest(
  "where there is no place among the listeners the page asks by itself",
  async (visit, start) => {
    const web = await start({ liveClients: 0 });
    web.publish(busy(1));
    const { page, complaints } = await visit(web);
    await page.waitForSelector("#health[data-state=receiving]");
    await page.waitForSelector("#exporters-table tbody th:has-text('198.51.100.7')");
    assertEquals(await page.isVisible("#connection"), false);
    web.publish(busy(5_000));
    await until("it has asked again", async () => {
      return (await textOf(page, "#sum-datagrams")).startsWith("5.00 k");
    });
    assertEquals(complaints.splice(0).filter((text) => !text.includes("503")), []);
  },
);

pageTest("a visitor logs in with the token", async (visit, start) => {
  const web = await start({ token: "a-token-that-is-long-enough" });
  web.publish(busy(1));
  const { page, complaints } = await visit(web);
  assertMatch(page.url(), /\/login$/);
  await page.fill("#token", "wrong");
  await page.press("#token", "Enter");
  await page.waitForSelector("[role=alert]");
  assertEquals(await textOf(page, "[role=alert]"), "That token is not the right one.");
  await page.fill("#token", "a-token-that-is-long-enough");
  await page.press("#token", "Enter");
  await page.waitForSelector("#health[data-state=receiving]");
  assertEquals(complaints.splice(0).filter((text) => !text.includes("401 (Unauthorized)")), []);
});

pageTest(
  "at the width of a phone nothing sticks out, in the light and in the dark",
  async (visit, start) => {
    const web = await start();
    using _ = traffic(web);
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await visit(web, {
        viewport: { width: 360, height: 740 },
        isMobile: true,
        hasTouch: true,
        colorScheme,
      });
      await page.waitForSelector("#top-table tbody th:text-is('10.7.7.7')");
      await page.waitForSelector("#chart canvas");
      assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 360);
      assertEquals(await page.evaluate("innerWidth"), 360);
      const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      const light = Number(/\d+/.exec(String(background))?.[0]) > 127;
      assertEquals(light, colorScheme === "light");
    }
  },
);

pageTest(
  "the keyboard reaches everything, and readers are told what it is",
  async (visit, start) => {
    const web = await start();
    using _ = traffic(web);
    const { page } = await visit(web);
    await page.waitForSelector("#top-table tbody th:text-is('10.7.7.7')");
    // The first stop leads to what matters, and is seen.
    await page.keyboard.press("Tab");
    assertEquals(await page.evaluate("document.activeElement.className"), "skip");
    await page.keyboard.press("Enter");
    assertEquals(await page.evaluate("document.activeElement.id"), "main");
    const reached = new Set<string>();
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press("Tab");
      reached.add(String(
        await page.evaluate(`(() => {
      const { id, name, tagName } = document.activeElement;
      if (document.activeElement === document.body) return "the end";
      const outline = getComputedStyle(document.activeElement).outlineStyle;
      const near = getComputedStyle(document.activeElement.nextElementSibling ?? document.body);
      const seen = outline !== "none" || near.outlineStyle !== "none";
      return (id || name || tagName) + (seen ? "" : " unseen");
    })()`),
      ));
    }
    for (
      const stop of ["unit", "range", "stack", "minutes", "tab-source", "where", "key", "query-run"]
    ) {
      assert(reached.has(stop), `${stop} is not among ${[...reached].join(", ")}`);
    }
    assertEquals([...reached].filter((stop) => stop.endsWith(" unseen")), []);
    // Arrows go from tab to tab.
    await page.focus("#tab-source");
    await page.keyboard.press("ArrowRight");
    assertEquals(await page.evaluate("document.activeElement.id"), "tab-destination");
    await page.keyboard.press("End");
    assertEquals(await page.evaluate("document.activeElement.id"), `tab-${DIMENSIONS.at(-1)!.id}`);
    await page.waitForSelector(`#top-key:text-is("${DIMENSIONS.at(-1)!.title}")`);
    // Whatever can be used has a name, every table a caption, every id is one of its kind.
    const faults = await page.evaluate(`(() => {
    const named = (node) => node.labels?.length > 0 || node.ariaLabel || node.textContent.trim();
    const all = (selector) => [...document.querySelectorAll(selector)];
    const ids = all("[id]").map(({ id }) => id);
    return [
      ...all("button, select, input, a, summary, [role=region]").filter((node) => !named(node)),
      ...all("table").filter(({ caption }) => !caption?.textContent.trim()),
      ...all("th:not([scope])"),
      ...all("img:not([alt])"),
    ].map(({ outerHTML }) => outerHTML).concat(ids.filter((id, at) => ids.indexOf(id) !== at));
  })()`);
    assertEquals(faults, []);
    const landmarks = await page.evaluate(
      `["header", "nav", "main", "footer", "h1"].map((tag) => document.querySelectorAll(tag).length)`,
    );
    assertEquals(landmarks, [1, 1, 1, 1, 1]);
  },
);

pageTest("at a load that tables do not take whole the page says so", async (visit, start) => {
  const web = await start({ liveFlowsPerSecond: 1_000 });
  const flows = Array.from(
    { length: 4_000 },
    (_, index) => flow({ srcaddr: `10.0.0.${index % 9}` }),
  );
  const batch = batchOf(flows);
  let sent = 0;
  const timer = setInterval(() => {
    web.sink.write(batch);
    sent += flows.length;
    web.publish(busy(sent));
  }, 250);
  try {
    const { page } = await visit(web);
    await page.waitForSelector("#sampled:not([hidden])");
    assertMatch(
      await textOf(page, "#sampled"),
      /^Sampled 1 in [\d.]+ at this load: .*Totals are exact/,
    );
  } finally {
    clearInterval(timer);
  }
  await web.sink.flush(Date.now());
  await until("the sums are exact", async () => {
    return (await web.json("/api/v1/top?minutes=60")).total.flows === sent;
  });
});
