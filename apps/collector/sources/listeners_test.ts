import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "@flowtools/common/flags";
import { parseIPv6 } from "@flowtools/flow-model";
import { formatListener, type Listener, parseListener } from "./listeners.ts";

const PLAIN = { remote: undefined, multicast: false, interface: undefined };

const CASES: Readonly<Record<string, Listener>> = {
  "192.0.2.1:9991": { ...PLAIN, address: "192.0.2.1", port: 9991 },
  "localhost:1": { ...PLAIN, address: "127.0.0.1", port: 1 },
  ":2055": { ...PLAIN, address: undefined, port: 2055 },
  "[2001:DB8:0::1]:65535": { ...PLAIN, address: "2001:db8::1", port: 65535 },
  "[::]:0": { ...PLAIN, address: "::", port: 0 },
  "[fe80::1%eth0]:9991": { ...PLAIN, address: "fe80::1", port: 9991, interface: "eth0" },
  "239.1.2.3:9991": { ...PLAIN, address: "239.1.2.3", port: 9991, multicast: true },
  "239.1.2.3%lo:9991": {
    ...PLAIN,
    address: "239.1.2.3",
    port: 9991,
    multicast: true,
    interface: "lo",
  },
  "[ff02::1%2]:9991": {
    ...PLAIN,
    address: "ff02::1",
    port: 9991,
    multicast: true,
    interface: "2",
  },
  "0/0/9991": { ...PLAIN, address: "0.0.0.0", port: 9991 },
  "//": { ...PLAIN, address: "0.0.0.0", port: 9991 },
  "192.0.2.1/198.51.100.7/2055": {
    ...PLAIN,
    address: "192.0.2.1",
    port: 2055,
    remote: 0xc6336407,
  },
  "0/2001:db8::7/2055": {
    ...PLAIN,
    address: "::",
    port: 2055,
    remote: parseIPv6("2001:db8::7"),
  },
  // flow-capture's order for groups: the sender first.
  "198.51.100.7/232.1.1.1/2055": {
    ...PLAIN,
    address: "232.1.1.1",
    port: 2055,
    remote: 0xc6336407,
    multicast: true,
  },
  "232.1.1.1/198.51.100.7/2055": {
    ...PLAIN,
    address: "232.1.1.1",
    port: 2055,
    remote: 0xc6336407,
    multicast: true,
  },
  "0/239.1.1.1/2055": { ...PLAIN, address: "239.1.1.1", port: 2055, multicast: true },
};

for (const [text, expected] of Object.entries(CASES)) {
  Deno.test(`parseListener() reads ${text}`, () => assertEquals(parseListener(text), expected));
}

const WRONG: Readonly<Record<string, string>> = {
  "9991": 'listener is "9991": expected HOST:PORT',
  "192.0.2.1": "expected HOST:PORT",
  "192.0.2.1:": "expected HOST:PORT",
  "2001:db8::1:9991": "expected HOST:PORT, [IPV6]:PORT",
  "192.0.2.1:65536": 'the port is "65536", expected 0 to 65535',
  "router.example:9991": 'the address is "router.example", expected an IPv4 or IPv6 address',
  "192.0.2.300:9991": 'the address is "192.0.2.300"',
  "[fe80::1%]:9991": "expected an interface behind %",
  "0/0": "expected HOST:PORT",
  "0/0/9991/3": "expected HOST:PORT",
  "x/0/9991": 'LOCALIP is "x"',
  "0/y/9991": 'REMOTEIP is "y"',
  "0/0/z": 'the port is "z"',
  "239.0.0.1/239.0.0.2/9991": "cannot both be multicast groups",
  "192.0.2.1/2001:db8::1/9991": "must be of the same family",
};

for (const [text, message] of Object.entries(WRONG)) {
  Deno.test(`parseListener() refuses ${text}`, () => {
    assertThrows(() => parseListener(text), UsageError, message);
  });
}

Deno.test("formatListener() writes addresses as they are read", () => {
  for (const text of ["192.0.2.1:9991", "[2001:db8::1]:9991", ":9991"]) {
    assertEquals(formatListener(parseListener(text)), text);
  }
});
