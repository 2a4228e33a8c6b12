import { builtInSymbols, type SymbolKind, SymbolTable } from "@flowtools/flowset/symbols";
import { environment } from "./environment.ts";
import type { Flag } from "./flags.ts";

/** Names the directory of symbol files, where no flag does. */
const DIRECTORY_VARIABLE = "FLOWTOOLS_SYM_DIR";

/** The directory that symbol files are read from. */
export const SYMBOLS_FLAG: Flag = {
  name: "symbols",
  value: "DIR",
  doc:
    `Directory of ip-prot.sym, tcp-port.sym, asn.sym, tag.sym (default: ${DIRECTORY_VARIABLE}, ` +
    "and what is built in)",
};

/**
 * The names of one kind: those of the directory's file, and the built-in ones where there is no
 * such file, or no directory that the environment names.
 *
 * @param directory The directory, where a flag names one
 * @throws {Deno.errors.NotFound} There is none
 */
export async function loadSymbols(kind: SymbolKind, directory?: string): Promise<SymbolTable> {
  const from = directory ?? environment(DIRECTORY_VARIABLE);
  if (from === undefined) return await builtInSymbols(kind);
  const path = `${from}/${kind}.sym`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // A directory need not have all files, but one that is named has to be there.
    if (directory !== undefined) await Deno.stat(directory);
    return await builtInSymbols(kind);
  }
  return SymbolTable.parse(text, path);
}
