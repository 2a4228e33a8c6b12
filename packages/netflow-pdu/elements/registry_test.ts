import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { ElementTable } from "./element.ts";
import { IANA_ELEMENTS } from "./iana_elements.ts";
import { createElementRegistry, ElementRegistry } from "./registry.ts";

const OWN: ElementTable = {
  enterprise: 64512,
  owner: "Us",
  elements: [[1, "rackId", "unsigned16"], [2, "flowId", "unsigned32"]],
};

function table(enterprise: number, ...elements: ElementTable["elements"]): ElementTable {
  return { enterprise, owner: "Test", elements };
}

Deno.test("find() tells enterprise, id, name and type", () => {
  const registry = createElementRegistry();
  assertEquals(registry.find(0, 8), {
    enterprise: 0,
    id: 8,
    name: "sourceIPv4Address",
    type: "ipv4Address",
  });
  assertEquals(registry.find(5951, 132)?.type, "unsigned64");
  assertEquals(registry.find(0, 65_000), undefined);
  assertEquals(registry.find(1_000_000, 8), undefined);
  assertStrictEquals(registry.find(0, 8), registry.find(0, 8));
});

Deno.test("find() derives reverse elements of IANA (RFC 5103) and of CERT", () => {
  const registry = createElementRegistry();
  assertEquals(registry.find(29305, 1), {
    enterprise: 29305,
    id: 1,
    name: "reverseOctetDeltaCount",
    type: "unsigned64",
  });
  assertEquals(registry.find(29305, 236)?.name, "reverseVRFname");
  assertStrictEquals(registry.find(29305, 1), registry.find(29305, 1));
  assertEquals(registry.find(29305, 32_000), undefined);
  // A field type of NetFlow v9 alone has no reverse.
  assertEquals(registry.find(29305, 40_001), undefined);

  assertEquals(registry.find(6871, 0x4000 | 14), {
    enterprise: 6871,
    id: 16398,
    name: "reverseInitialTCPFlags",
    type: "unsigned16",
  });
  assertEquals(registry.find(6871, 0x4000 | 11), undefined);
  // Elsewhere, bit 14 is a bit like others.
  assertEquals(registry.find(5951, 0x4000 | 128), undefined);
});

Deno.test("find() knows field types of NetFlow v9 that ipfixcol2 carries in IPFIX", () => {
  const registry = createElementRegistry();
  assertEquals(registry.find(0xffff_ffff, 57652 - 32768), {
    enterprise: 0xffff_ffff,
    id: 24884,
    name: "httpUrl",
    type: "string",
  });
  assertEquals(registry.find(0xffff_fffe, 8192)?.name, "streamcoreWanRtt");
  assertEquals(registry.find(0xffff_ffff, 1), undefined);
});

Deno.test("findName() takes any case, numbers and reverse names; IANA's comes first", () => {
  const registry = createElementRegistry();
  assertEquals(registry.findName("SOURCEIPV4ADDRESS")?.id, 8);
  assertEquals(registry.findName("0.8")?.name, "sourceIPv4Address");
  assertEquals(registry.findName("5951.130")?.name, "netscalerHttpReqUrl");
  assertEquals(registry.findName("reverseOctetDeltaCount")?.enterprise, 29305);
  assertEquals(registry.findName("reverseInitialTcpFlags")?.id, 16398);
  assertEquals(registry.findName("reverseFlowDeltaMilliseconds")?.id, 21);
  assertEquals(registry.findName("reverse"), undefined);
  assertEquals(registry.findName("reverseTagOfNobody"), undefined);
  assertEquals(registry.findName("5951.999"), undefined);
  assertEquals(registry.findName("toString"), undefined);
  assertEquals(registry.findName(""), undefined);
  const userNames = registry.findNames("username");
  assertEquals(userNames[0].enterprise, 0);
  assertEquals(userNames[0].id, 371);
  assert(userNames.length > 2);
});

Deno.test("with() adds and leaves the registry itself alone", () => {
  const known = createElementRegistry();
  const registry = known.with([OWN]);
  assertEquals(registry.size, known.size + 2);
  assertEquals(registry.find(64512, 1)?.name, "rackId");
  assertEquals(registry.find(0, 1)?.name, "octetDeltaCount");
  assertEquals(registry.find(6871, 16398)?.name, "reverseInitialTCPFlags");
  assertEquals(registry.findName("rackid")?.enterprise, 64512);
  assertEquals(registry.findName("flowId")?.enterprise, 0);
  assertEquals(known.find(64512, 1), undefined);
  assertEquals(known.findName("rackId"), undefined);
  assertStrictEquals(createElementRegistry(), known);
});

Deno.test("with() replaces known elements only where it is told to", () => {
  const known = createElementRegistry();
  known.find(29305, 2);
  const other = table(0, [2, "frames", "unsigned32"]);
  const error = assertThrows(() => known.with([other]), RangeError);
  assertEquals(
    error.message,
    'Cannot register element 0.2 "frames" of "Test": the id is taken by "packetDeltaCount"',
  );
  const registry = known.with([other], { replace: true });
  assertEquals(registry.find(0, 2)?.name, "frames");
  assertEquals(registry.find(29305, 2)?.name, "reverseFrames");
  assertEquals(registry.find(0, 1)?.name, "octetDeltaCount");
  assertEquals(registry.findName("packetDeltaCount"), undefined);
  assertEquals(known.find(0, 2)?.name, "packetDeltaCount");
  assertThrows(() => registry.with([table(0, [2, "frames", "unsigned32"])]), RangeError);
  assertEquals(registry.with([OWN]).find(0, 2)?.name, "frames");
});

Deno.test("a registry refuses elements that cannot be", () => {
  const refused: [ElementTable, string][] = [
    [table(1, [1, "a", "string"], [1, "b", "string"]), 'the id is taken by "a"'],
    [table(1, [1, "a", "string"], [2, "A", "string"]), "another element of the table has its name"],
    [table(1, [32_768, "a", "string"]), "its id is 32768, expected 0 to 32767"],
    [table(0, [65_536, "a", "string"]), "its id is 65536, expected 0 to 65535"],
    [table(1, [1.5, "a", "string"]), "its id is 1.5"],
    [table(1, [1, "a b", "string"]), "its name is not a letter"],
    [table(1, [1, "", "string"]), "its name is not a letter"],
    [table(1, [1, "a", "text" as "string"]), 'its type "text" is none of ELEMENT_TYPES'],
    [table(-1, [1, "a", "string"]), "the enterprise number is -1, expected 0 to 4294967295"],
    [table(2 ** 32, [1, "a", "string"]), "the enterprise number is 4294967296"],
  ];
  for (const [bad, problem] of refused) {
    assertThrows(() => new ElementRegistry([bad]), RangeError, problem);
    assertThrows(() => createElementRegistry().with([bad]), RangeError, problem);
  }
});

Deno.test("a registry of given tables has their elements and no others, in their order", () => {
  const registry = createElementRegistry([OWN, IANA_ELEMENTS]);
  assertEquals(registry.size, IANA_ELEMENTS.elements.length + 2);
  assertEquals([...registry].slice(0, 3).map(({ name }) => name), [
    "rackId",
    "flowId",
    "octetDeltaCount",
  ]);
  assertEquals(registry.findNames("flowid").map(({ enterprise }) => enterprise), [64512, 0]);
  assertEquals(registry.find(9, 9252), undefined);
});
