import { assertEquals, assertThrows } from "@std/assert";
import { builtInSymbols, SYMBOL_KINDS, SymbolError, SymbolTable } from "./symbols.ts";

Deno.test("SymbolTable.parse() reads decimal, hexadecimal and octal values, and comments", () => {
  const table = SymbolTable.parse(
    "# a\n\n 6 tcp\n0x11\tudp \n010 eight\r\n  # b\n5 Class A Unicast",
  );
  assertEquals([...table.entries()], [[6, "tcp"], [17, "udp"], [8, "eight"], [
    5,
    "Class A Unicast",
  ]]);
});

Deno.test("SymbolTable.parse() lets the last name of a value count, and cuts 6.6 to 6", () => {
  const table = SymbolTable.parse("6 first\n6.6 last\n7 other\n");
  assertEquals([table.name(6), table.value("first"), table.size], ["last", undefined, 2]);
});

Deno.test("SymbolTable.parse() refuses a line without a value or a name, and says which", () => {
  assertThrows(
    () => SymbolTable.parse("6 tcp\nudp\n", "ip-prot.sym"),
    SymbolError,
    'Cannot read ip-prot.sym: line 2 is "udp", expected a value and a name',
  );
  assertThrows(() => SymbolTable.parse("17\n"), SymbolError, "line 1");
});

Deno.test("value() ignores case and takes the first of equal names", () => {
  const table = SymbolTable.parse("4 echo\n7 echo\n80 HTTP\n");
  assertEquals([table.value("Echo"), table.value("http"), table.value("nope")], [4, 80, undefined]);
});

Deno.test("the compact form gives back every name", () => {
  const table = SymbolTable.parse("0 ip\n1 icmp\n2 same\n3 same\n4 same\n9 12\n10 12\n");
  const compact = table.toCompact();
  assertEquals(compact, "@0|ip|icmp|same|*2|@9|12|*1");
  assertEquals([...SymbolTable.parseCompact(compact).entries()], [...table.entries()]);
});

Deno.test("the built-in tables have the names that everybody knows", async () => {
  const sizes = await Promise.all(
    SYMBOL_KINDS.map(async (kind) => [kind, (await builtInSymbols(kind)).size]),
  );
  assertEquals(Object.fromEntries(sizes), {
    "ip-prot": 132,
    "ip-type": 6,
    "tcp-port": 5148,
    "asn": 63995,
    "tag": 30,
  });
  const ports = await builtInSymbols("tcp-port");
  for (const [port, name] of [[22, "ssh"], [25, "smtp"], [53, "domain"], [80, "http"]] as const) {
    assertEquals([ports.name(port), ports.value(name)], [name, port]);
  }
});
