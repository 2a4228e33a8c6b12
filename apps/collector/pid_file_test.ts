import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "@flowtools/common/flags";
import { writePidFile } from "./pid_file.ts";

Deno.test("writePidFile() puts the port behind the name, and removes what it wrote", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/capture.pid`;
    const remove = writePidFile(path, 9991);
    assertEquals(Deno.readTextFileSync(`${path}.9991`), `${Deno.pid}\n`);
    remove();
    assertEquals([...Deno.readDirSync(folder)], []);
    remove();
    writePidFile(path, undefined);
    assertEquals(Deno.readTextFileSync(path), `${Deno.pid}\n`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("writePidFile() leaves the file of a collector that was started since", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/capture.pid`;
    const remove = writePidFile(path, 1);
    Deno.writeTextFileSync(`${path}.1`, "1\n");
    remove();
    assertEquals(Deno.readTextFileSync(`${path}.1`), "1\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("writePidFile() says which file cannot be written", () => {
  assertThrows(
    () => writePidFile("/nowhere/capture.pid", 9991),
    UsageError,
    'cannot write the pid file "/nowhere/capture.pid.9991": ',
  );
});
