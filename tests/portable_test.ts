import { assertEquals } from "@std/assert";
import { toText } from "@std/streams/to-text";
import { ROOT } from "./files.ts";

/** What a program that is not Deno does with the bytes of a file and of a packet. */
const PROGRAM = `
import { FlowPDU, FlowSet } from "./flowset.mjs";
import { readFileSync } from "node:fs";

const [file, packet] = process.argv.slice(2).map((path) => new Uint8Array(readFileSync(path)));
let flows = 0;
const set = await FlowSet.open(new Blob([file]).stream());
for await (const _ of set) flows++;
const pdu = new FlowPDU("192.0.2.1", packet);
console.log(JSON.stringify({ deno: typeof Deno, flows, records: [...pdu].length }));
`;

function onPath(command: string): boolean {
  try {
    return new Deno.Command(command, { args: ["--version"] }).outputSync().success;
  } catch {
    console.log(`skipped: ${command} is not on PATH`);
    return false;
  }
}

Deno.test({
  name: "the packages bundle for browsers and run without Deno",
  ignore: !onPath("node"),
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "portable-" });
    try {
      const bundling = await new Deno.Command(Deno.execPath(), {
        args: [
          "bundle",
          "--platform=browser",
          `--output=${folder}/flowset.mjs`,
          "packages/flowset/mod.ts",
        ],
        cwd: ROOT,
        stdout: "null",
        stderr: "null",
      }).output();
      assertEquals(bundling.success, true, "deno bundle");
      await Deno.writeTextFile(`${folder}/program.mjs`, PROGRAM);
      const program = new Deno.Command("node", {
        args: ["program.mjs", "ft/v5-le-z.ft", "pdu/v5-2.dat"]
          .map((path, index) => index === 0 ? path : new URL(`fixtures/${path}`, ROOT).pathname),
        cwd: folder,
        stdout: "piped",
      }).spawn();
      const output = await toText(program.stdout);
      assertEquals((await program.status).success, true, "node");
      assertEquals(JSON.parse(output), { deno: "undefined", flows: 53, records: 30 });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
