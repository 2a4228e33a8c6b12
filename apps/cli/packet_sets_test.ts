import { assert, assertEquals } from "@std/assert";
import {
  capturedPackets,
  captureGroups,
  message,
  packet9,
  set,
  template,
} from "../../packages/netflow-pdu/templates/_builders.ts";
import { PacketSessions } from "@flowtools/flowset";
import { TemplateSession } from "@flowtools/netflow-pdu";
import { Mutator } from "../../scripts/fuzz/mutate.ts";
import { Random } from "../../scripts/random.ts";
import { packetSets } from "./packet_sets.ts";

const SEED = 20_261_125;
/** Mutated packets: more take longer than a test may. */
const ROUNDS = 6000;

/** Packets with everything that takes octets apart: templates, options, lists, variable lengths. */
function seeds(): Uint8Array[] {
  const captured = captureGroups().flatMap((group) =>
    [...capturedPackets(group)].slice(0, 8).map(({ octets }) => octets)
  );
  const lists = template(256, [[291, 65_535], [292, 65_535], [293, 65_535]]);
  const inner = [3, 1, 0, 3, 5, 0, 0];
  const own = [
    message({}, set(2, lists), set(256, [7, ...inner, 7, ...inner, 7, ...inner])),
    packet9({}, set(0, template(256, [[8, 4], [95, 4]])), set(256, [10, 0, 0, 1, 0, 0, 0, 9])),
  ];
  return [...own, ...captured];
}

Deno.test("packetSets() takes any octets apart as JSON, without end or error", () => {
  const random = new Random(SEED);
  const mutator = new Mutator(seeds());
  let sessions = new PacketSessions();
  let sets = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 50 === 0) sessions = new PacketSessions();
    const payload = mutator.next(random);
    const codec = sessions.templateCodecOf(payload);
    if (codec === undefined) continue;
    const session = sessions.of(payload, "10.0.0.1", 1);
    assert(session instanceof TemplateSession);
    const shown = packetSets(codec, payload, "10.0.0.1", session);
    const { sets: json, resumed } = shown;
    sets += json.length;
    // What JSON cannot hold would come back as something else.
    assertEquals(JSON.parse(JSON.stringify({ json, resumed })), { json, resumed });
  }
  assert(sets > 0);
});
