/** What happens to flows between decoding and the file: versions, tags, filter, translation. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ConfigError, FlowSet } from "@flowtools/flowset";
import { UsageError } from "@flowtools/common/flags";
import { assertBalanced, numberedBatch, readCapture, startSink } from "./collector_files.ts";
import { bash, temporaryDirectory } from "./programs.ts";

const { code } = await bash("command -v flow-tag flow-nfilter flow-xlate");
const hasFlowTools = code === 0;

/** Everything below 0.0.1.0 gets a tag; so does network 0.0.2.0, by a variable. */
const TAGS = `
tag-action SITES
  type source-prefix
  match 0.0.0.0/24 set-source 0x64
  match 0.0.2.0/24 set-source @{SITE:-0x65}
tag-definition sites
  term
    action SITES
`;

/** What is tagged, by TCP; only where tags come before can it match anything. */
const FILTERS = `
filter-primitive TAGGED
  type tag
  permit 0x64
  permit 0x65
  default deny
filter-primitive TCP
  type ip-protocol
  permit tcp
  default deny
filter-definition default
  match ip-protocol TCP
filter-definition tagged
  match source-tag TAGGED
  match ip-protocol TCP
`;

/** Hides the last byte; where it came before tags and filter, these would see it. */
const XLATES = `
xlate-action HIDE
  type ip-address-privacy-mask
  mask 0xFFFFFF00 0xFFFFFF00
xlate-action PROTOCOL
  type replace-source-as0
  as 65000
xlate-definition default
  term
    action HIDE
    action PROTOCOL
`;

/** A folder with the three configurations. */
function configurations(folder: string): { tag: string; filter: string; xlate: string } {
  const paths = { tag: `${folder}/tag.cfg`, filter: `${folder}/nf.cfg`, xlate: `${folder}/x.cfg` };
  Deno.writeTextFileSync(paths.tag, TAGS);
  Deno.writeTextFileSync(paths.filter, FILTERS);
  Deno.writeTextFileSync(paths.xlate, XLATES);
  Deno.mkdirSync(`${folder}/data`);
  return paths;
}

/** The records of a file that is not compressed. */
async function recordsOf(path: string): Promise<Uint8Array> {
  const { header } = await readCapture(path);
  return Deno.readFileSync(path).subarray(header.size);
}

Deno.test({
  name: "pipeline: version, tag, filter, translation, as the reference's programs in this order" +
    (hasFlowTools ? "" : " (flow-tag is not on PATH)"),
  ignore: !hasFlowTools,
  fn: async () => {
    // The reference swaps tags wrongly in big-endian files: fixtures/QUIRKS.md.
    for (const base of [5, 7]) {
      await using folder = temporaryDirectory();
      const { tag, filter, xlate } = configurations(folder.path);
      const data = `${folder.path}/data`;
      const steps = ["-t", tag, "-T", "sites", "-f", filter, "-F", "tagged", "-x", xlate];
      const args = ["-N0", "-z0", ...steps];
      const { sink, files } = await startSink(data, args);
      sink.write(numberedBatch([base, 1000]));
      await sink.close();
      assertMatch(files[0].path, /ft-v1005/);

      const plain = await startSink(data, ["-N0", "-z0"]);
      plain.sink.write(numberedBatch([base, 1000]));
      await plain.sink.close();
      const { code, stderr } = await bash(
        `flow-xlate -V1005 -n < "${plain.files[0].path}" > all.ft
         flow-tag -t tag.cfg -T sites < all.ft > tagged.ft
         flow-nfilter -f nf.cfg -F tagged < tagged.ft > filtered.ft
         flow-xlate -x x.cfg -X default < filtered.ft > expected.ft`,
        { cwd: folder.path },
      );
      assertEquals(code, 0, stderr);
      const expected = await recordsOf(`${folder.path}/expected.ft`);
      assert(expected.length > 0);
      assertEquals(await recordsOf(files[0].path), expected, `v${base}`);
      // 0 to 255 and 512 to 767 are tagged; the even ones are TCP.
      const { given, done, filtered } = sink.counters;
      assertEquals([given, done, filtered], [1000, 256, 744]);
    }
  },
});

Deno.test("pipeline: tags come before the filter, translation after it", async () => {
  await using folder = temporaryDirectory();
  const { tag, filter, xlate } = configurations(folder.path);
  const args = ["-t", tag, "-T", "sites", "-f", filter, "-F", "tagged", "-x", xlate];
  const { sink, files } = await startSink(`${folder.path}/data`, [...args, "-v", "SITE=0x66"]);
  sink.write(numberedBatch([5, 1000]));
  await sink.close();
  assertBalanced(sink);
  // The variable takes the second network out of the filter's tags.
  const { numbers, whole } = await readCapture(files[0].path);
  assertEquals([whole, numbers.length, sink.counters.filtered], [true, 128, 872]);
  // Every address lost its last byte.
  assertEquals(new Set(numbers), new Set([0]));
  await using set = await FlowSet.open(files[0].path);
  for await (const flow of set) {
    assertEquals([flow.src_tag, flow.dst_tag, flow.prot], [0x64, 0, 6]);
    assertMatch(flow.dstaddr!, /\.0$/);
  }
});

Deno.test("pipeline: -V converts what can be converted, and counts the rest", async () => {
  await using folder = temporaryDirectory();
  const { sink, files, log } = await startSink(folder.path, ["-V", "7"]);
  sink.write(numberedBatch([5, 10], [8, 3, 0, 1], [1, 5, 10], [7, 2, 15]));
  await sink.close();
  assertEquals(sink.counters.dropped, { "no-conversion": 3 });
  assertBalanced(sink);
  assertMatch(
    log.about("no-conversion")[0],
    /3 flows dropped: v?8\.1 flows cannot be stored as v?7/,
  );
  const { numbers, header } = await readCapture(files[0].path);
  assertEquals(header.exportVersion, 7);
  assertEquals(numbers, Array.from({ length: 17 }, (_, number) => number));
  // Aggregations stay what they are.
  const eight = await startSink(folder.path, ["-V", "8.5"]);
  eight.sink.write(numberedBatch([8, 4, 0, 5], [8, 3, 0, 1], [5, 2]));
  await eight.sink.close();
  assertEquals(eight.sink.counters.dropped, { "no-conversion": 5 });
  assertEquals(eight.files.map(({ flows }) => flows), [4]);
});

Deno.test("pipeline: flows without a field that the filter needs are counted as dropped", async () => {
  await using folder = temporaryDirectory();
  const { filter } = configurations(folder.path);
  const { sink } = await startSink(`${folder.path}/data`, ["-f", filter]);
  // Aggregation 1 is by AS: it knows no protocol.
  sink.write(numberedBatch([8, 3, 0, 1], [5, 4]));
  await sink.close();
  assertEquals(sink.counters, {
    given: 7,
    done: 2,
    queued: 0,
    filtered: 2,
    dropped: { "filter-field": 3 },
  });
});

Deno.test("pipeline: mistakes in configurations are told at the start", async () => {
  await using folder = temporaryDirectory();
  const { filter, tag } = configurations(folder.path);
  const data = `${folder.path}/data`;
  await assertRejects(() => startSink(data, ["-f", `${folder.path}/none.cfg`]), UsageError, "none");
  await assertRejects(() => startSink(data, ["-f", filter, "-F", "nobody"]), ConfigError, "nobody");
  await assertRejects(() => startSink(data, ["-t", tag, "-T", "nobody"]), ConfigError, "nobody");
  await assertRejects(
    () => startSink(data, ["-f", filter, "-V", "8.1"]),
    UsageError,
    "which v8.1 records lack",
  );
  Deno.writeTextFileSync(filter, "filter-primitive X\n  type nonsense\n");
  await assertRejects(() => startSink(data, ["-f", filter]), ConfigError, "nonsense");
});

Deno.test("pipeline: SIGHUP ends the file and reads the filter anew, or keeps it", async () => {
  await using folder = temporaryDirectory();
  const { filter } = configurations(folder.path);
  const { sink, files, log } = await startSink(`${folder.path}/data`, ["-n0", "-f", filter]);
  sink.write(numberedBatch([5, 10]));
  await sink.hangup();
  assertEquals(files.map(({ flows }) => flows), [5]);
  Deno.writeTextFileSync(filter, FILTERS.replaceAll("permit tcp", "permit udp,tcp"));
  await sink.hangup();
  sink.write(numberedBatch([5, 10]));
  Deno.writeTextFileSync(filter, "broken");
  await sink.hangup();
  assertEquals(log.about("reload: the former filter, tags and translation stay").length, 1);
  sink.write(numberedBatch([5, 10]));
  await sink.close();
  assertEquals(files.map(({ flows }) => flows), [5, 10, 10]);
  assertBalanced(sink);
});

Deno.test("pipeline: --where stores what it asks for, with definitions of the filter file", async () => {
  await using folder = temporaryDirectory();
  const { filter } = configurations(folder.path);
  const data = `${folder.path}/data`;
  const where = "filter default and not src net 0.0.0.0/24";
  const { sink } = await startSink(data, ["-N0", "-f", filter, "--where", where]);
  sink.write(numberedBatch([5, 1000]));
  await sink.close();
  // The even ones are TCP, and the first 256 are of that network.
  const { given, done, filtered } = sink.counters;
  assertEquals([given, done, filtered], [1000, 500 - 128, 628]);
  const told = startSink(data, ["--where", 'in if name = "uplink"']);
  assertMatch((await assertRejects(() => told) as Error).message, /where expression.*"name"/);
});
