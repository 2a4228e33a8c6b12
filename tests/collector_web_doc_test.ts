/** docs/API.md says what the code does. */
import { assert, assertEquals } from "@std/assert";
import { HEALTH_STATES } from "../apps/collector/web/status.ts";
import { withApiTables } from "../scripts/make_api_doc.ts";
import { readText } from "./files.ts";

const DOCUMENT = readText("docs/API.md");

Deno.test("docs/API.md has the tables of the code", () => {
  const call =
    "deno run --allow-read --allow-env --allow-write=docs/API.md scripts/make_api_doc.ts";
  assert(withApiTables(DOCUMENT) === DOCUMENT, `docs/API.md is out of date, run: ${call}`);
});

Deno.test("docs/API.md has every state of health", () => {
  const table = DOCUMENT.slice(DOCUMENT.indexOf("\n## Health\n"));
  const states = [...table.matchAll(/^\| `([a-z]+)` +\|/gm)].map(([, state]) => state);
  assertEquals(states.slice(0, HEALTH_STATES.length), [...HEALTH_STATES]);
});
