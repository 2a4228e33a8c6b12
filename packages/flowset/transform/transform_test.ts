import { FlowBatch } from "@flowtools/flow-model";
import { findFtLayout, type RecordBlock } from "@flowtools/ft-format";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../config/error.ts";
import { FlowConversionError } from "../errors.ts";
import { parseFilterConfig } from "../filter/filter_config.ts";
import { FlowTransform } from "./flow_transform.ts";
import { parseMaskConfig } from "./mask_config.ts";
import { RecordTransform } from "./record_transform.ts";
import { parseTagConfig } from "./tag_config.ts";
import { parseXlateConfig, type XlateConfigOptions } from "./xlate_config.ts";

type Values = { readonly [name: string]: number | string };

const TAGGED = findFtLayout(1005)!;

/** Transforms one flow with every field, and gives some of them back. */
function apply(transform: FlowTransform, values: Values, fields: readonly string[]): unknown[] {
  const batch = new FlowBatch();
  batch.append(TAGGED.schema, values);
  transform.apply(batch);
  const flow = batch.flow(0).toJSON();
  return fields.map((field) => flow[field]);
}

function xlate(action: string, options?: XlateConfigOptions): FlowTransform {
  const text = `xlate-action A\n${action}\nxlate-definition d\nterm\naction A\n`;
  return parseXlateConfig(text, options).transform("D");
}

function tag(action: string, terms = "term\naction A"): FlowTransform {
  return parseTagConfig(`tag-action A\n${action}\ntag-definition d\n${terms}\n`).transform("d");
}

/** Action, what the flow is, and the tags that it gets. */
const TAGS:
  readonly (readonly [action: string, flow: Values, source: number, destination: number])[] = [
    [
      "type source-prefix\nmatch 10/8 set-source 1\nmatch 10.1/16 set-src 2",
      { srcaddr: "10.1.0.1" },
      2,
      0,
    ],
    ["type dst-prefix\nmatch 10/8 set-destination 1", { dstaddr: "10.1.0.1" }, 0, 1],
    [
      "type prefix\nmatch 10/8 or-source 1\nmatch 11/8 or-source 2",
      { srcaddr: "10.0.0.1", dstaddr: "11.0.0.1" },
      3,
      0,
    ],
    ["type as\nmatch 65537 set-dst 7", { src_as: 1 }, 0, 7],
    ["type next-hop\nmatch 192.0.2.1 set-src 0x10", { nexthop: "192.0.2.1" }, 16, 0],
    ["type tcp-port\nmatch 80 set-src 1", { prot: 6, dstport: 80 }, 1, 0],
    ["type tcp-port\nmatch 80 set-src 1", { prot: 17, dstport: 80 }, 0, 0],
    ["type udp-source-port\nmatch 53 set-dst 010", { prot: 17, srcport: 53 }, 0, 8],
    ["type tos\nmatch 32 set-src 1", { tos: 32 }, 1, 0],
    ["type exporter\nmatch 192.0.2.1 set-src 1", { exaddr: "192.0.2.1" }, 1, 0],
    ["type ip\nmatch 192.0.2.1 set-src 1", { dstaddr: "192.0.2.1" }, 1, 0],
    ["type interface\nmatch 3 set-src 1\nmatch 4 set-dst 2", { input: 3, output: 4 }, 1, 2],
    ["type any\nmatch any or-src 1\nmatch any or-src 2\nmatch ANY set-dst 9", {}, 3, 9],
  ];

for (const [action, flow, source, destination] of TAGS) {
  Deno.test(`tags: ${action.replaceAll("\n", "; ")} of ${JSON.stringify(flow)}`, () => {
    const fields = ["src_tag", "dst_tag"];
    assertEquals(apply(tag(action), flow, fields), [source, destination]);
  });
}

Deno.test("tags: `or` adds to a tag that is there, `set` replaces it", () => {
  const before = { src_tag: 0xf0, dst_tag: 0xf0 };
  const action = "type any\nmatch any or-src 0x80000001\nmatch any set-dst 1";
  assertEquals(apply(tag(action), before, ["src_tag", "dst_tag"]), [0x800000f1, 1]);
});

Deno.test("tags: a term is for its exporter and interfaces only", () => {
  const terms = "term\nexporter 192.0.2.1\ninput-filter 1-3\noutput-filter !5\naction A";
  const transform = tag("type any\nmatch any set-src 1", terms);
  const tagOf = (values: Values) => apply(transform, values, ["src_tag"])[0];
  const flow = { exaddr: "192.0.2.1", input: 3, output: 6 };
  assertEquals(tagOf(flow), 1);
  assertEquals(tagOf({ ...flow, exaddr: "192.0.2.2" }), 0);
  assertEquals(tagOf({ ...flow, input: 4 }), 0);
  assertEquals(tagOf({ ...flow, output: 5 }), 0);
});

const KEY = "0123456789abcdef0123456789abcdeffedcba98765432100123456789abcdef";

/** Action, what the flow is, and what it becomes. */
const XLATES: readonly (readonly [action: string, flow: Values, after: Values])[] = [
  ["type ip-source-address-to-network", { srcaddr: "10.1.2.3", src_mask: 20 }, {
    srcaddr: "10.1.0.0",
  }],
  ["type ip-source-address-to-network", { srcaddr: "10.1.2.3", src_mask: 0 }, {
    srcaddr: "10.1.2.3",
  }],
  ["type ip-destination-address-to-network", { dstaddr: "10.1.2.3", dst_mask: 33 }, {
    dstaddr: "10.1.2.3",
  }],
  ["type ip-source-address-to-class-network", { srcaddr: "10.1.2.3" }, { srcaddr: "10.0.0.0" }],
  ["type ip-destination-address-to-class-network", { dstaddr: "172.16.2.3" }, {
    dstaddr: "172.16.0.0",
  }],
  ["type ip-destination-address-to-class-network", { dstaddr: "239.1.2.3" }, {
    dstaddr: "239.1.2.0",
  }],
  ["type ip-address-privacy-mask\nmask 0xFFFFFF00 0xFFFF0000", {
    srcaddr: "10.1.2.3",
    dstaddr: "10.1.2.3",
  }, { srcaddr: "10.1.2.0", dstaddr: "10.1.0.0" }],
  ["type ip-port-privacy-mask\nmask 0xFF00 0", { srcport: 0x1234, dstport: 80 }, {
    srcport: 0x1200,
    dstport: 0,
  }],
  ["type tag-mask\nmask 0xFF 0xFF00", { src_tag: 0x1234, dst_tag: 0x1234 }, {
    src_tag: 0x34,
    dst_tag: 0x1200,
  }],
  ["type scale\nscale 3", { dOctets: 0x80000000, dPkts: 2 }, { dOctets: 0x80000000, dPkts: 6 }],
  ["type replace-source-as0\nas 65000", { src_as: 0, dst_as: 0 }, { src_as: 65000, dst_as: 0 }],
  ["type replace-destination-as0\nas 65000", { dst_as: 9 }, { dst_as: 9 }],
  // The first flow of the golden file xlate-anon.txt.
  [`type ip-address-anonymize\nalgorithm CryptoPAn-aes128\nkey ${KEY}`, {
    srcaddr: "192.178.188.141",
    dstaddr: "10.0.2.183",
  }, { srcaddr: "227.205.60.130", dstaddr: "104.254.10.75" }],
];

for (const [action, flow, after] of XLATES) {
  Deno.test(`xlate: ${action.replaceAll("\n", "; ")} of ${JSON.stringify(flow)}`, () => {
    assertEquals(apply(xlate(action), flow, Object.keys(after)), Object.values(after));
  });
}

Deno.test("xlate: terms have filters, which see what was changed before, and may stop", () => {
  const filters = parseFilterConfig(
    "filter-primitive P\ntype counter\npermit gt 10\nfilter-definition large\nmatch packets P\n",
  );
  const text = `include-filter my.cfg
xlate-action TEN
 type scale
 scale 10
xlate-definition d
 term
  action TEN
 term
  filter Large
  action TEN
  stop
 term
  action TEN
`;
  const paths: (string | undefined)[] = [];
  const options = { filters: (path: string | undefined) => (paths.push(path), filters) };
  const transform = parseXlateConfig(text, options).transform("d");
  assertEquals(paths, ["my.cfg"]);
  const batch = new FlowBatch();
  for (const dPkts of [1, 2]) batch.append(TAGGED.schema, { dPkts });
  transform.apply(batch);
  assertEquals([...batch.column("dPkts").subarray(0, 2)], [100, 200]);
});

Deno.test("xlate: a key is read again when its time has come", () => {
  let now = 1_700_000_000;
  const keys = [KEY, "not a key", "f".repeat(70)];
  const warnings: string[] = [];
  const transform = xlate(
    "type ip-source-address-anonymize\nalgorithm cryptopan-aes128\nkey-file k\nkey-file-refresh 5",
    {
      now: () => now,
      readKeyFile: () => keys[0],
      warn: (message) => warnings.push(message),
    },
  );
  const replaced = () => apply(transform, { srcaddr: "192.178.188.141" }, ["srcaddr"])[0];
  assertEquals(replaced(), "227.205.60.130");
  keys.shift();
  assertEquals(replaced(), "227.205.60.130");
  now += 3600;
  assertEquals(replaced(), "227.205.60.130");
  assertStringIncludes(
    warnings.join(),
    'the key stays as it was: xlate configuration:4:10: "k" holds',
  );
  keys.shift();
  assertEquals(replaced(), "227.205.60.130");
  now += 300;
  const plain = xlate(
    `type ip-source-address-anonymize\nalgorithm cryptopan-aes128\nkey ${"f".repeat(64)}`,
  );
  assertEquals([replaced()], apply(plain, { srcaddr: "192.178.188.141" }, ["srcaddr"]));
});

Deno.test("rows whose address is IPv6, or that lack a field, stay as they are", () => {
  const batch = new FlowBatch();
  batch.append(TAGGED.schema, { srcaddr: "2001:db8::1", dstaddr: "10.1.2.3", src_mask: 64 });
  batch.append(findFtLayout(1)!.schema, { srcaddr: "10.1.2.3" });
  parseMaskConfig("mask-definition m\nprefix 0/0 9\n").transform("m").apply(batch);
  xlate("type ip-address-privacy-mask\nmask 0xff000000 0xff000000").apply(batch);
  const [first, second] = [...batch];
  assertEquals([first.srcaddr, first.src_mask, first.dst_mask], ["2001:db8::1", 64, 9]);
  assertEquals([first.dstaddr, second.srcaddr], ["10.0.0.0", "10.0.0.0"]);
  assertEquals(batch.column("src_mask")[1], 0);
});

Deno.test("RecordTransform writes what changes, in both byte orders, and keeps reserved bytes", () => {
  const layout = findFtLayout(5)!;
  const transform = xlate("type ip-port-privacy-mask\nmask 0xFF00 0x00FF");
  for (const littleEndian of [true, false]) {
    const bytes = Uint8Array.from({ length: 3 * layout.size + 3 }, (_, index) => index * 7);
    const view = new DataView(bytes.buffer);
    const block: RecordBlock = { layout, view, offset: 3, count: 3, littleEndian };
    const expected = new DataView(bytes.slice(3).buffer);
    for (let at = 48; at < expected.byteLength; at += layout.size) {
      expected.setUint16(at, expected.getUint16(at, littleEndian) & 0xff00, littleEndian);
      expected.setUint16(at + 2, expected.getUint16(at + 2, littleEndian) & 0xff, littleEndian);
    }
    const after = new RecordTransform(transform).apply(block);
    const got = new Uint8Array(after.view.buffer, after.offset, 3 * layout.size);
    assertEquals(got, new Uint8Array(expected.buffer));
    assertEquals(bytes[3 + 48 + 1], ((3 + 48 + 1) * 7) & 255);
  }
});

Deno.test("RecordTransform refuses conversions that flow-tools does not have", () => {
  const layout = findFtLayout(8, 1)!;
  const view = new DataView(new ArrayBuffer(layout.size));
  const block = { layout, view, offset: 0, count: 1, littleEndian: true };
  const records = new RecordTransform(new FlowTransform([], []), findFtLayout(5));
  assertThrows(() => records.apply(block), FlowConversionError, "no conversion from v8.1 to v5");
});

Deno.test("missing() names the fields that a version lacks", () => {
  assertEquals(tag("type any").missing(findFtLayout(5)!.schema), []);
  assertEquals(tag("type any").missing(findFtLayout(1)!.schema).includes("src_as"), true);
  const network = xlate("type ip-source-address-to-network");
  assertEquals(network.missing(findFtLayout(1)!.schema), ["src_mask"]);
});

/** Configuration, place of its fault, and what the message says. */
const FAULTS: readonly (readonly ["tag" | "xlate" | "mask", text: string, message: string])[] = [
  [
    "tag",
    "tag-action A\n type ip-address\n",
    ':2:7: unknown type "ip-address", expected one of source-prefix',
  ],
  ["tag", "tag-action A\n match 1 set-src 1\n", ':2:7: action "A" has no type yet'],
  [
    "tag",
    "tag-action A\n type as\n match 1 set-src 1\n match 1 or-src 2\n",
    ':4:8: the source tag of "1" is set before',
  ],
  ["tag", "tag-action A\n type as\n match 1 put-src 1\n", ':3:10: unknown operation "put-src"'],
  ["tag", "tag-action A\n type any\n match 1 set-src 1\n", ':3:8: match is "1", expected "any"'],
  ["tag", "tag-definition d\n action A\n", ":2:8: there is no term yet"],
  ["tag", "tag-definition d\n term\n  action A\n", ':3:10: there is no tag-action "A"'],
  ["tag", "tag-definition d\n term\n  input-filter 70000\n", ':3:16: "70000" is out of range'],
  [
    "tag",
    "tag-definition d\n term\n  exporter 1.1.1.1\n  exporter 1.1.1.1\n",
    ":4:11: the term has an exporter",
  ],
  [
    "xlate",
    "xlate-action A\n type scale\n mask 1 1\n",
    ":3:6: type scale has no mask, expected type ip-address-privacy-mask",
  ],
  ["xlate", "xlate-action A\n scale 1\n", ':2:7: action "A" has no type yet'],
  [
    "xlate",
    "xlate-action A\n type ip-address-anonymize\n key 12x\n",
    ':3:6: "12x" is no key, expected up to 64',
  ],
  [
    "xlate",
    "xlate-action A\n type ip-address-anonymize\n key 12\n",
    ':1:14: action "A" has no algorithm',
  ],
  [
    "xlate",
    "xlate-action A\n type ip-address-anonymize\n algorithm cryptopan-aes128\n",
    ':1:14: action "A" has no key',
  ],
  [
    "xlate",
    "xlate-action A\n type ip-address-anonymize\n key-file-refresh 0\n",
    ':3:19: "0" is no interval',
  ],
  ["xlate", "include-filter a\ninclude-filter b\n", ':2:16: the filters are those of "a"'],
  ["xlate", "xlate-definition d\n term\n  filter f\n", ':3:10: there is no filter-definition "f"'],
  [
    "mask",
    "mask-definition d\n prefix 10/8 8\n prefix 10/8 9\n",
    ':3:9: prefix "10/8" stands twice',
  ],
  ["mask", "mask-definition d\nmask-definition D\n", ':2:17: mask-definition "D" is defined twice'],
  ["mask", "prefix 10/8 8\n", ':1:1: unexpected "prefix", expected one of mask-definition'],
];

const PARSERS = {
  tag: parseTagConfig,
  mask: parseMaskConfig,
  xlate: (text: string) => parseXlateConfig(text, { filters: () => parseFilterConfig("") }),
};

for (const [language, text, message] of FAULTS) {
  Deno.test(`${language} configuration: ${message}`, () => {
    const error = assertThrows(() => PARSERS[language](text), ConfigError);
    assertStringIncludes(error.message, `${language} configuration${message}`);
  });
}
