import { builtInSymbols, type SymbolKind, SymbolTable } from "@flowtools/flowset/select";
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
 * such directory or file.
 *
 * @param directory The directory, where a flag names one
 */
export async function loadSymbols(kind: SymbolKind, directory?: string): Promise<SymbolTable> {
  const from = directory ?? environment(DIRECTORY_VARIABLE);
  if (from === undefined) return await builtInSymbols(kind);
  const path = `${from}/${kind}.sym`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return await builtInSymbols(kind);
    throw error;
  }
  return SymbolTable.parse(text, path);
}
