/** The tables of elements against the registries and against what real exporters send. */
import { assert, assertEquals } from "@std/assert";
import { ELEMENT_TYPE_NAMES, type ElementTable } from "./element.ts";
import { ENTERPRISE_TABLES } from "./enterprise_elements/mod.ts";
import { IANA_ELEMENTS } from "./iana_elements.ts";
import { NETFLOW9_TABLES } from "./netflow9_elements.ts";
import { createElementRegistry, ELEMENT_TABLES, ElementRegistry } from "./registry.ts";

const SHARED = new URL("../../../../shared/", import.meta.url);

function isThere(path: string): boolean {
  try {
    Deno.statSync(new URL(path, SHARED));
    return true;
  } catch {
    return false;
  }
}

/** Ids from 1 to 533 that IANA gave no type, as the registry of 2026 has them. */
const WITHOUT_TYPE = [65, 66, 67, 68, 69, 97, ...range(105, 127), 416, 419];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

Deno.test("the built-in tables have no id twice and no name twice in a table", () => {
  // Looking at each table, the registry throws on what is wrong with it.
  const registry = new ElementRegistry(ELEMENT_TABLES);
  assertEquals(
    registry.size,
    ELEMENT_TABLES.reduce((sum, table) => sum + table.elements.length, 0),
  );
  assertEquals([...registry].length, registry.size);
});

Deno.test("no enterprise has two tables, and tables are sorted by id", () => {
  const enterprises = ENTERPRISE_TABLES.map(({ enterprise }) => enterprise);
  assertEquals(enterprises, [...new Set(enterprises)].sort((a, b) => a - b));
  for (const { owner, elements } of ELEMENT_TABLES) {
    const ids = elements.map(([id]) => id);
    assertEquals(ids, ids.toSorted((a, b) => a - b), owner);
  }
});

Deno.test("IANA's table is whole: every id to 533 that has a type", () => {
  const ids = IANA_ELEMENTS.elements.map(([id]) => id);
  assertEquals(ids, range(1, 533).filter((id) => !WITHOUT_TYPE.includes(id)));
});

Deno.test("IANA's names and types are those of the RFCs that defined them", () => {
  const rows = new Map(IANA_ELEMENTS.elements.map(([id, name, type]) => [id, [name, type]]));
  // RFC 5102, RFC 5477 (302), RFC 6313 (291), RFC 8038 (434), RFC 8158 (466), RFC 9487 (500),
  // RFC 9740 (515, 520), RFC 9951 (533).
  assertEquals(rows.get(6), ["tcpControlBits", "unsigned16"]);
  assertEquals(rows.get(89), ["forwardingStatus", "unsigned32"]);
  assertEquals(rows.get(154), ["flowStartMicroseconds", "dateTimeMicroseconds"]);
  assertEquals(rows.get(236), ["VRFname", "string"]);
  assertEquals(rows.get(276), ["dataRecordsReliability", "boolean"]);
  assertEquals(rows.get(291), ["basicList", "basicList"]);
  assertEquals(rows.get(302), ["selectorId", "unsigned64"]);
  assertEquals(rows.get(311), ["samplingProbability", "float64"]);
  assertEquals(rows.get(434), ["mibObjectValueInteger", "signed32"]);
  assertEquals(rows.get(466), ["natQuotaExceededEvent", "unsigned32"]);
  assertEquals(rows.get(500), ["srhIPv6ActiveSegmentType", "unsigned8"]);
  assertEquals(rows.get(515), ["ipv6ExtensionHeadersFull", "unsigned256"]);
  assertEquals(rows.get(520), ["tcpOptionsFull", "unsigned256"]);
  assertEquals(rows.get(533), ["pathDelaySumDeltaMicroseconds", "unsigned64"]);
});

Deno.test({
  name: "IANA's table agrees with another compilation of the registry (needs ../shared)",
  ignore: !isThere("iana-ipfix.tsv"),
  fn: () => {
    const rows = new Map(IANA_ELEMENTS.elements.map(([id, name, type]) => [id, [name, type]]));
    let compared = 0;
    for (const line of Deno.readTextFileSync(new URL("iana-ipfix.tsv", SHARED)).split("\n")) {
      const [id, name, type] = line.split("\t");
      if (!/^[1-9]\d*$/.test(id)) continue;
      assertEquals(rows.get(Number(id)), [name, type], `element ${id}`);
      compared++;
    }
    assert(compared > 400, `${compared} rows compared`);
  },
});

Deno.test("types stand in the order of their numbers (RFC 5610, section 3.1; RFC 9740)", () => {
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("octetArray"), 0);
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("unsigned64"), 4);
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("signed64"), 8);
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("float32"), 9);
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("boolean"), 11);
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("string"), 13);
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("dateTimeNanoseconds"), 17);
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("ipv6Address"), 19);
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("subTemplateMultiList"), 22);
  assertEquals(ELEMENT_TYPE_NAMES.indexOf("unsigned256"), 23);
});

Deno.test("NetFlow v9 has vendors' field types at the ids that other decoders know", () => {
  const registry = createElementRegistry();
  const name = (id: number) => registry.find(0, id)?.name;
  // Wireshark: INGRESS_ACL_ID … FW_EXT_EVENT, AAA_USERNAME … FW_EVENT.
  assertEquals([33000, 33001, 33002].map(name), ["ingressAclId", "egressAclId", "fwExtEvent"]);
  assertEquals(registry.find(0, 33000)?.type, "octetArray");
  assertEquals(range(40000, 40005).map(name), [
    "aaaUsername",
    "xlateSrcAddrIPv4",
    "xlateDstAddrIPv4",
    "xlateSrcPort",
    "xlateDstPort",
    "fwEvent",
  ]);
  assertEquals(name(42020), registry.find(9, 9252)?.name);
  assertEquals(name(45004), "clientIPv4Address");
  // nProbe: [NFv9 57652][IPFIX 35632.180] %HTTP_URL
  assertEquals(name(57652), "httpUrl");
  assertEquals(registry.find(35632, 180)?.name, "httpUrl");
  assertEquals([56701, 56702].map(name), ["appId", "userId"]);
  assertEquals(name(33610), "meterVersion");
});

Deno.test("tables of NetFlow v9 keep clear of IANA's ids", () => {
  const iana = new Set(IANA_ELEMENTS.elements.map(([id]) => id));
  const taken = (table: ElementTable) => table.elements.filter(([id]) => iana.has(id));
  assertEquals(NETFLOW9_TABLES.flatMap(taken), []);
});

/** Groups of captures whose templates are what follows from a damaged length: ids at random. */
const DAMAGED = new Set([
  "ipfixcol/bad-length-in-set",
  "ipfixcol/bad-length-in-set-very-long",
  "vflow/ipfix_multiMessage",
]);

/** Elements that no public source names. */
const NAMELESS = new Set(["5951.329", "5951.330", "5951.331", "5951.332", "5951.347"]);

/** A group of captures, as far as this test looks at it. */
interface Group {
  readonly source: string;
  readonly group: string;
  readonly packets: readonly {
    readonly flowsets?: readonly {
      readonly templates?: readonly {
        readonly fields?: readonly { type: number; pen: number; scope?: boolean }[];
      }[];
    }[];
  }[];
}

Deno.test({
  name: "every element in templates of real exporters has a name (needs ../shared/captures)",
  ignore: !isThere("captures/expected"),
  fn: () => {
    const registry = createElementRegistry();
    const unknown = new Set<string>();
    let looked = 0;
    for (const source of Deno.readDirSync(new URL("captures/expected/", SHARED))) {
      const directory = new URL(`captures/expected/${source.name}/`, SHARED);
      for (const { name } of Deno.readDirSync(directory)) {
        const group: Group = JSON.parse(Deno.readTextFileSync(new URL(name, directory)));
        if (DAMAGED.has(`${group.source}/${group.group}`)) continue;
        const templates = group.packets
          .flatMap((packet) => packet.flowsets ?? [])
          .flatMap((set) => set.templates ?? []);
        for (const { type, pen, scope } of templates.flatMap(({ fields }) => fields ?? [])) {
          looked++;
          if (scope && pen === 0) continue;
          if (registry.find(pen, type) === undefined) unknown.add(`${pen}.${type}`);
        }
      }
    }
    assert(looked > 5000, `${looked} fields looked at`);
    assertEquals(unknown, NAMELESS);
  },
});
