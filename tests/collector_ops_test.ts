/** What is installed with the collector: the sample of settings, the service, the container. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type ParsedArguments, parseFlags } from "@flowtools/common/flags";
import { PDU_REASONS } from "@flowtools/netflow-pdu";
import { parse } from "smol-toml";
import { readConfiguration } from "../apps/collector/config.ts";
import { LISTEN_FLAG } from "../apps/collector/operation_options.ts";
import { CAPTURE } from "../apps/collector/options.ts";
import { fileSettings } from "../apps/collector/sinks/files/options.ts";
import { readSourceSettings } from "../apps/collector/sources/options.ts";
import { webSettings } from "../apps/collector/web/mod.ts";
import { countLosses } from "../apps/collector/web/losses.ts";
import { sampleConfig } from "../scripts/make_sample_config.ts";
import { listFiles, readText } from "./files.ts";
import { bash, lines, ROOT_PATH, temporaryDirectory } from "./programs.ts";

const OPS = "apps/collector/ops";
const SAMPLE = readText(`${OPS}/collector.toml`);
const UNIT = readText(`${OPS}/flowtools-collector.service`);
const KEYS = CAPTURE.flags.map(({ name }) => name)
  .filter((name) => !["config", "check-config"].includes(name));

/** Reads the settings of a file's text. */
async function settingsOf(toml: string): Promise<ParsedArguments> {
  await using folder = temporaryDirectory();
  const path = `${folder.path}/collector.toml`;
  await Deno.writeTextFile(path, toml);
  const args = parseFlags(["--config", path], CAPTURE.flags);
  const table = { flags: CAPTURE.flags, operandsFlag: LISTEN_FLAG.name };
  return readConfiguration(args, table).settings;
}

/** What the parts make of settings. */
function partsOf(settings: ParsedArguments): unknown {
  return {
    files: fileSettings(settings),
    sources: readSourceSettings(settings),
    web: webSettings(settings, { directory: undefined, version: "" }),
  };
}

/** The sample with the lines in effect that a pattern matches. */
function uncommented(pattern: RegExp): string {
  return SAMPLE.split("\n").map((line) => pattern.test(line) ? line.slice(1) : line).join("\n");
}

Deno.test("the sample of settings is made from the table", () => {
  const help = "run: deno run --allow-read --allow-write=apps/collector/ops " +
    "scripts/make_sample_config.ts";
  assert(SAMPLE === sampleConfig(), `${OPS}/collector.toml is out of date, ${help}`);
});

Deno.test("the sample of settings names every setting once, and is in effect as it stands", async () => {
  const named = SAMPLE.match(/^#?[a-z][a-z-]+(?= = )/gm)!.map((key) => key.replace("#", ""));
  assertEquals(named.toSorted(), KEYS.toSorted());
  assertEquals(parse(SAMPLE), { directory: "/var/lib/flowtools" });
  const settings = await settingsOf(SAMPLE);
  assertEquals(settings.value("directory"), "/var/lib/flowtools");
});

Deno.test("what the sample shows as defaults are the defaults", async () => {
  const shown = uncommented(/^#[a-z][a-z-]+ = (?!.*# an example$)/);
  assert(Object.keys(parse(shown)).length >= 20);
  assertEquals(partsOf(await settingsOf(shown)), partsOf(await settingsOf(SAMPLE)));
});

Deno.test("the examples of the sample have the right kinds", async () => {
  const settings = await settingsOf(uncommented(/^#[a-z][a-z-]+ = /));
  assertEquals(settings.operands, [":9991"]);
  assertEquals(settings.values("allow").length, 2);
});

Deno.test("the service calls the collector as it can be called", () => {
  const calls = [...UNIT.matchAll(/^ExecStart(?:Pre)?=\S+ capture (.*)$/gm)].map(([, call]) =>
    call
  );
  assertEquals(calls.length, 2);
  for (const call of calls) {
    const args = parseFlags(call.split(" "), CAPTURE.flags);
    assertEquals(args.value("config"), "/etc/flowtools/collector.toml");
  }
  // The files that the comments tell to install are there.
  const named = [...UNIT.matchAll(new RegExp(`${OPS}/\\S+`, "g"))].map(([path]) => path);
  const there = listFiles(OPS, "");
  assert(named.length >= 4);
  for (const path of named) assert(there.includes(path), path);
  const [, wanted] = readText(`${OPS}/sysctl.conf`).match(/^net\.core\.rmem_max = (\d+)$/m)!;
  assertEquals(readSourceSettings(parseFlags([], CAPTURE.flags)).receiveBuffer, Number(wanted));
});

const hasSystemd = await bash("command -v systemd-analyze").then(({ code }) => code === 0);

Deno.test({
  name: `the service is what systemd takes${hasSystemd ? "" : " (systemd-analyze is not here)"}`,
  ignore: !hasSystemd,
  fn: async () => {
    await using folder = temporaryDirectory();
    // The executable must be there; this one is.
    const unit = UNIT.replaceAll("/usr/local/bin/flowtools", "/bin/true");
    await Deno.writeTextFile(`${folder.path}/flowtools-collector.service`, unit);
    const path = `"${folder.path}/flowtools-collector.service"`;
    const verified = await bash(`systemd-analyze verify --man=no ${path}`);
    const complaints = lines(verified.stderr).filter((line) => line.includes("flowtools"));
    assertEquals([verified.code, complaints], [0, []], verified.stderr);
    const { code, stdout, stderr } = await bash(`systemd-analyze security --offline=yes ${path}`);
    if (code !== 0) return console.log(`skipped the exposure: ${stderr}`);
    const [, exposure] = stdout.match(/Overall exposure level for \S+: ([\d.]+)/)!;
    assert(Number(exposure) < 2, `exposure ${exposure}, expected below 2`);
  },
});

Deno.test("the container is made of what is there", () => {
  const docker = readText(`${OPS}/Dockerfile`);
  const [, version] = readText("README.md").match(/npx -y deno@(\d+\.\d+\.\d+)/)!;
  assertMatch(
    docker,
    new RegExp(`npx -y deno@${version.replaceAll(".", "\\.")} task compile$`, "m"),
  );
  for (const [, path] of docker.matchAll(/^COPY (apps\/\S+) /gm)) {
    assert(readText(path).length > 0, path);
  }
  const [, words] = docker.match(/^CMD \["capture", (.*)\]$/m)!;
  const args = parseFlags(JSON.parse(`[${words}]`), CAPTURE.flags);
  assertEquals(args.value("config"), "/etc/flowtools/collector.toml");
});

Deno.test("README.md names the permissions of the task", () => {
  const { tasks } = JSON.parse(readText("deno.json"));
  const permissions = tasks.collector.command.replace("deno run ", "").replace(/ \S+\.ts$/, "");
  assert(readText("README.md").includes(`\n${permissions}\n`), permissions);
  assert(!/(^| )(-A|--allow-all|--allow-run)( |$)/.test(permissions), "no more than it needs");
});

Deno.test("docs/OPERATING.md says what each cause of a loss means", () => {
  const text = readText("docs/OPERATING.md");
  const causes = countLosses({
    at: 0,
    startedAt: 0,
    sources: [{ description: "", kernelDrops: 0, truncated: 0, errors: 0 }],
    packets: 0,
    bytes: 0,
    flows: 0,
    octets: 0,
    flowPackets: 0,
    notAllowed: 0,
    malformed: { "codec-error": 0 },
    sequence: { lost: 0, reordered: 0, duplicate: 0, reset: 0 },
    exporters: [],
    exportersForgotten: 0,
    exportersExpired: 0,
    sinks: [{ name: "files", given: 0, done: 0, queued: 0, filtered: 0, dropped: {} }],
  }).map(({ cause, where }) => cause === "malformed" ? where : cause);
  assert(causes.length >= 8);
  // The batch is emptied and the packet taken again: no packet is counted so.
  const reasons = Object.keys(PDU_REASONS).filter((reason) => reason !== "batch-full");
  const folders = ["apps/collector/sinks", "apps/collector/relay", "apps/collector/web"];
  const code = folders.flatMap((folder) => listFiles(folder, ".ts")).map(readText).join("\n");
  const calls = /\b(?:drop|dropQueued|dropped)\("([a-z-]+)"|#(?:stop|end)\("([a-z-]+)"/g;
  const sinkReasons = [
    ...[...code.matchAll(calls)].map(([, dropped, ended]) => dropped ?? ended),
    ...[...code.matchAll(/\breason: ((?:"[a-z-]+"(?: \| )?)+)/g)]
      .flatMap(([, list]) => [...list.matchAll(/"([a-z-]+-[a-z]+)"/g)].map(([, reason]) => reason)),
  ].map((reason) => `sink-${reason}`);
  assert(sinkReasons.includes("sink-disk"));
  for (const name of [...causes, ...reasons, ...sinkReasons]) {
    assert(text.includes(`\`${name}\``), `docs/OPERATING.md does not say what ${name} is`);
  }
});

Deno.test("the command line loads no more of the collector than its options", async () => {
  // The lines of help, which stand beside those of all other commands.
  assertEquals(await collectorModules("apps/cli/main.ts"), ["summaries.ts"]);
  for (const name of ["capture", "receive", "fanout"]) {
    const own = await collectorModules(`apps/cli/commands/${name}.ts`);
    assert(own.includes("options.ts"));
    const others = own.filter((path) =>
      !/(^|_|\/)(options|limits|listeners|allow_list|log_format|summaries)\.ts$/.test(path)
    );
    assertEquals(others, [], name);
  }
});

/** The files of the collector that a file loads as it starts. */
async function collectorModules(path: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", path],
    cwd: ROOT_PATH,
  }).output();
  interface Dependency {
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier?: string };
  }
  const graph: {
    readonly roots: string[];
    readonly modules: { readonly specifier: string; readonly dependencies?: Dependency[] }[];
  } = JSON.parse(new TextDecoder().decode(stdout));
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const loaded = new Set(graph.roots);
  for (const specifier of loaded) {
    for (const { isDynamic, code } of modules.get(specifier)?.dependencies ?? []) {
      if (isDynamic !== true && code?.specifier !== undefined) loaded.add(code.specifier);
    }
  }
  return [...loaded].flatMap((specifier) => specifier.match(/\/apps\/collector\/(.*)$/)?.[1] ?? []);
}
