/**
 * Makes the built-in symbol tables from a directory of symbol files:
 *
 *     deno run -A scripts/make_symbols.ts /etc/flow-tools/sym
 *
 * Only the facts are taken (value, name), in the compact form of `SymbolTable`.
 */
import { SYMBOL_KINDS, SymbolTable } from "@flowtools/flowset";

const [directory] = Deno.args;
if (directory === undefined) throw new Error("Cannot make symbols: name the directory of *.sym");

for (const kind of SYMBOL_KINDS) {
  const text = await Deno.readTextFile(`${directory}/${kind}.sym`);
  const names = SymbolTable.parse(text, `${kind}.sym`).toCompact();
  const target = new URL(`../packages/flowset/data/${kind}.json`, import.meta.url);
  await Deno.writeTextFile(target, JSON.stringify({ names }, undefined, 2) + "\n");
  console.log(`${kind}: ${names.length} bytes`);
}
