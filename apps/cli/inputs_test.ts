/** Which files operands name. */
import { assertEquals } from "@std/assert";
import { listInputs } from "./inputs.ts";

Deno.test("listInputs() names the files below a directory with one slash, however many it is given", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/day`);
    for (const name of ["b.ft", "a.ft", "tmp-c.ft"]) {
      await Deno.writeTextFile(`${folder}/day/${name}`, "");
    }
    const files = [`${folder}/day/a.ft`, `${folder}/day/b.ft`];
    for (const slashes of ["", "/", "//"]) {
      assertEquals([...listInputs([folder + slashes])], files);
      assertEquals([...listInputs([`${folder}/day${slashes}`])], files);
    }
    const all = [...files, `${folder}/day/tmp-c.ft`];
    assertEquals([...listInputs([`${folder}/day/`], { includeTmp: true })], all);
    assertEquals([...listInputs([])], ["-"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
