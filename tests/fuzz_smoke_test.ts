import { assert, assertEquals } from "@std/assert";
import { fuzz, isRight } from "../scripts/fuzz/run.ts";
import { FUZZ_TARGETS } from "../scripts/fuzz/targets.ts";

const SEED = 20_020_731;

/** Runs that take a fraction of a second, and yet meet what each target is for. */
const RUNS: Readonly<Record<string, number>> = {
  pdu: 6000,
  templates: 1500,
  file: 3000,
  zfile: 600,
  header: 6000,
  capture: 3000,
};

/** What the damage must come to, so that the runs are known to reach the checks. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  pdu: [
    "faultless",
    "short-header",
    "unknown-version",
    "unknown-aggregation",
    "unknown-aggregation-version",
    "count-zero",
    "count-over-maximum",
    "short-datagram",
    "trailing-bytes",
  ],
  templates: [
    "faultless",
    "short-header",
    "bad-set",
    "bad-template",
    "template-limit",
    "bad-record",
    "message-length",
  ],
  file: ["faultless", "truncated-record", "short-header", "bad-tlv-length", "unknown-version"],
  zfile: ["faultless", "bad-zlib", "truncated-zlib", "trailing-bytes", "truncated-record"],
  header: ["faultless", "bad-magic", "bad-byte-order", "bad-tlv-length", "header-too-large"],
  capture: ["faultless", "truncated", "bad-block-length", "packet-too-long", "bad-option"],
};

for (const target of FUZZ_TARGETS) {
  const runs = RUNS[target.name] ?? target.runs;
  Deno.test(`fuzz ${target.name}: ${target.doc}`, () => {
    // What a busy machine does to clocks and to the collection of garbage is no failure here; the
    // canaries keep the bounds that long runs have.
    const lenient = { hangMs: 30_000, growthBytesMax: 1e9 };
    const report = fuzz(target, {
      seed: SEED,
      runs,
      ...(target.canary === undefined ? lenient : {}),
    });
    const { failure, outcomes } = report;
    assert(isRight(report), failure?.error.stack ?? "the canary was not caught");
    if (target.canary !== undefined) return;
    const missed = OUTCOMES[target.name].filter((outcome) => !outcomes.has(outcome));
    assertEquals(missed, []);
  });
}

Deno.test("a fuzz run depends on the seed and its number alone", () => {
  const [pdu] = FUZZ_TARGETS;
  const whole = fuzz(pdu, { seed: 3, runs: 60 }).outcomes;
  const halves = [fuzz(pdu, { seed: 3, runs: 30 }), fuzz(pdu, { seed: 3, runs: 30, first: 30 })];
  for (const [name, count] of whole) {
    const sum = halves.reduce((sum, { outcomes }) => sum + (outcomes.get(name) ?? 0), 0);
    assertEquals(sum, count, name);
  }
});
