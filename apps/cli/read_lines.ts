import { readChunks } from "./read_chunks.ts";

/** Characters of a line at most: what is longer is no text of ours. */
const LINE_CHARS_MAX = 1 << 20;

/** The lines of a text file, or of standard input as `-`, without their ends. */
export async function* readLines(path: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of readChunks(path)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    if (rest.length > LINE_CHARS_MAX) {
      throw new RangeError(
        `Cannot read ${path === "-" ? "standard input" : path}: a line is longer than ` +
          `LINE_CHARS_MAX (${LINE_CHARS_MAX})`,
      );
    }
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
