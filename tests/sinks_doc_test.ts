/** The program that docs/SINKS.md shows is a collector with a sink more. */
import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { CollectorProcess, filesBelow } from "./collector_process.ts";
import { readText } from "./files.ts";
import { ROOT_PATH, taskArguments, temporaryDirectory } from "./programs.ts";
import { range, v5Packet } from "./relay_tools.ts";

/** The program as the document has it, written to a file. */
async function writeProgram(folder: string): Promise<string> {
  const [, code] = readText("docs/SINKS.md").match(/^```ts\n(.*?)^```$/ms)!;
  const path = `${folder}/my_collector.ts`;
  // Flows of the test are smaller than those that matter to people.
  await Deno.writeTextFile(path, code.replace("OCTETS_MIN = 1_000_000", "OCTETS_MIN = 1_025"));
  return path;
}

/** What `deno run` is given in the place of the collector. */
function programArguments(path: string): string[] {
  const permissions = taskArguments("collector").slice(0, -1);
  return [...permissions, "--config", `${ROOT_PATH}/deno.json`, path];
}

Deno.test("the sink that docs/SINKS.md shows takes flows beside the files", async () => {
  await using folder = temporaryDirectory();
  const program = programArguments(await writeProgram(folder.path));
  const posted: { srcport: number }[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (
    request,
  ) => {
    posted.push(...await request.json());
    return new Response("thanks");
  });
  const directory = `${folder.path}/flows`;
  await Deno.mkdir(directory);
  await using collector = await CollectorProcess.start([
    ...["-w", directory, "-n", "0", "--http", "off", "127.0.0.1:0"],
    ...["--web-hook", `http://127.0.0.1:${server.addr.port}/`],
  ], { program });
  await collector.send([v5Packet({ flows: range(0, 30) }), v5Packet({ flows: range(30, 40) })]);
  await collector.send([new TextEncoder().encode("this is no export packet")]);
  await collector.waitFor(/no codec/);
  assertEquals(await collector.stop("SIGTERM"), 0);
  // Flow n has 1000 + n octets and source port 1024 + n.
  assertEquals(posted.map(({ srcport }) => srcport), range(1024 + 25, 1024 + 40));
  assertGreater(filesBelow(directory).length, 0);
});

Deno.test("the flag of the sink that docs/SINKS.md shows is a flag like all others", async () => {
  await using folder = temporaryDirectory();
  const program = programArguments(await writeProgram(folder.path));
  const run = async (...args: string[]) => {
    const output = await new Deno.Command(Deno.execPath(), {
      args: [...program, ...args],
      cwd: ROOT_PATH,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const [stdout, stderr] = [output.stdout, output.stderr].map((it) =>
      new TextDecoder().decode(it)
    );
    return { code: output.code, stdout, stderr };
  };
  const wrong = await run("-w", folder.path, "--web-hook", "nowhere", ":0");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, '--web-hook is "nowhere", expected a URL');
  const help = await run("--help");
  assertEquals(help.code, 0);
  assertStringIncludes(help.stdout, "Post large flows as JSON");
});
