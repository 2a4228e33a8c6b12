import { assertEquals, assertThrows } from "@std/assert";
import { type CollectorConfig, ConfigError, parseConfig, USAGE } from "./config.ts";

function parse(...args: string[]): CollectorConfig {
  const config = parseConfig(args);
  if (config === "help") throw new Error("help was not asked for");
  return config;
}

function listener(text: string): Pick<CollectorConfig, "hostname" | "port" | "exporter"> {
  const { hostname, port, exporter } = parse("-w", "flows", text);
  return { hostname, port, exporter };
}

function assertConfigError(args: string[], message: string): void {
  assertThrows(() => parseConfig(args), ConfigError, message);
}

Deno.test("parseConfig() takes for granted what flow-capture does", () => {
  assertEquals(parse("-w", "flows"), {
    directory: "flows",
    hostname: "0.0.0.0",
    port: 9991,
    rotations: 95,
    nesting: 3,
    compressionLevel: 6,
    byteOrder: "little",
    comments: undefined,
  });
});

Deno.test("parseConfig() reads every flag, apart or attached", () => {
  const expected: CollectorConfig = {
    directory: "/var/flows",
    hostname: "127.0.0.1",
    port: 2055,
    rotations: 287,
    nesting: -2,
    compressionLevel: 0,
    byteOrder: "big",
    comments: "border routers",
  };
  const apart = "-w /var/flows -n 287 -N -2 -z 0 -b big -C".split(" ");
  assertEquals(parse(...apart, "border routers", "127.0.0.1:2055"), expected);
  const attached = "-w/var/flows -n287 -N-2 -z0 -bbig".split(" ");
  assertEquals(parse(...attached, "-Cborder routers", "127.0.0.1:2055"), expected);
});

Deno.test("parseConfig() takes a directory that looks like a cluster of letters", () => {
  assertEquals(parse("-wflows").directory, "flows");
  assertEquals(parse("-w", "-n").directory, "-n");
});

Deno.test("parseConfig() reads HOST:PORT, IPv6 in brackets", () => {
  assertEquals(listener("10.0.0.1:1234"), {
    hostname: "10.0.0.1",
    port: 1234,
    exporter: undefined,
  });
  assertEquals(listener("[::1]:9991").hostname, "::1");
  assertEquals(listener("[2001:db8::1]:9992").port, 9992);
  assertEquals(listener("localhost:0").port, 0);
  assertEquals(listener(":9995"), { hostname: "0.0.0.0", port: 9995, exporter: undefined });
});

Deno.test("parseConfig() reads LOCALIP/REMOTEIP/PORT, 0 for any", () => {
  assertEquals(listener("0/0/9800"), { hostname: "0.0.0.0", port: 9800, exporter: undefined });
  assertEquals(listener("10.0.0.1/192.0.2.1/9800"), {
    hostname: "10.0.0.1",
    port: 9800,
    exporter: "192.0.2.1",
  });
  assertEquals(listener("//9800"), { hostname: "0.0.0.0", port: 9800, exporter: undefined });
  assertEquals(listener("::/2001:DB8:0::1/9800").exporter, "2001:db8::1");
});

Deno.test("parseConfig() gives help", () => {
  assertEquals(parseConfig(["-h"]), "help");
  assertEquals(parseConfig(["--help"]), "help");
  for (const flag of ["-w DIR", "-n N", "-N N", "-z N", "-b ORDER", "-C TEXT", "-h"]) {
    assertEquals(USAGE.includes(`  ${flag} `), true, flag);
  }
});

Deno.test("parseConfig() refuses what is missing, unknown or too much", () => {
  assertConfigError([], "-w DIR is missing");
  assertConfigError(["-w", ""], "-w DIR is missing");
  assertConfigError(["-w"], "-w needs a value");
  assertConfigError(["-w", "flows", "-C"], "-C needs a value");
  assertConfigError(["-w", "flows", "-x"], "unknown flag -x");
  assertConfigError(["-w", "flows", "--rotate", "5"], "unknown flag --rotate");
  assertConfigError(["-w", "flows", "0/0/1", "0/0/2"], "one listener expected, got 2");
});

Deno.test("parseConfig() refuses values out of bounds, and names the bounds", () => {
  const refuse = (flag: string, value: string, bounds: string) =>
    assertConfigError(["-w", "flows", flag, value], `${flag} is "${value}", expected ${bounds}`);
  refuse("-n", "1440", "a whole number 0 to 1439");
  refuse("-n", "-1", "a whole number 0 to 1439");
  refuse("-n", "1.5", "a whole number 0 to 1439");
  refuse("-n", "0x10", "a whole number 0 to 1439");
  refuse("-n", "", "a whole number 0 to 1439");
  refuse("-N", "4", "a whole number -3 to 3");
  refuse("-N", "-4", "a whole number -3 to 3");
  refuse("-z", "10", "a whole number 0 to 9");
  refuse("-b", "middle", "little or big");
});

Deno.test("parseConfig() refuses listeners that are none", () => {
  const refuse = (text: string, message: string) =>
    assertConfigError(["-w", "flows", text], message);
  const forms = "expected HOST:PORT or LOCALIP/REMOTEIP/PORT";
  refuse("9991", `listener is "9991", ${forms}`);
  refuse("localhost", `listener is "localhost", ${forms}`);
  refuse("0/9991", `listener is "0/9991", ${forms}`);
  refuse("localhost:70000", 'port is "70000", expected a whole number 0 to 65535');
  refuse("0/0/port", 'port is "port", expected a whole number 0 to 65535');
  refuse("0/0/", 'port is "", expected a whole number 0 to 65535');
  refuse("0/router/9991", 'exporter is "router", expected an IPv4 or IPv6 address');
});
