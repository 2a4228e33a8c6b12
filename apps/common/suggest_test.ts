import { assertEquals } from "@std/assert";
import { didYouMean, expectedWords, oneOfWords, suggestedWords } from "./suggest.ts";

const COMMANDS = ["print", "split", "header", "export", "expire", "nfilter", "filter"];

Deno.test("suggestedWords() finds words with letters left out, added, changed or swapped", () => {
  for (const [word, meant] of [["prnt", "print"], ["printt", "print"], ["prynt", "print"]]) {
    assertEquals(suggestedWords(word, COMMANDS)[0], meant, word);
  }
  assertEquals(suggestedWords("ehader", COMMANDS), ["header"], "swapped letters");
  assertEquals(suggestedWords("Header", COMMANDS), ["header"], "another case");
});

Deno.test("suggestedWords() finds words by how they begin, unless many do", () => {
  assertEquals(suggestedWords("head", COMMANDS), ["header"]);
  assertEquals(suggestedWords("ex", COMMANDS), ["export", "expire"]);
  assertEquals(suggestedWords("e", COMMANDS), [], "one letter is too little");
  const many = ["output-a", "output-b", "output-c", "output-d"];
  assertEquals(suggestedWords("out", many), [], "four of them are no suggestion");
});

Deno.test("suggestedWords() knows what other programs call things", () => {
  const counters = ["flows", "packets", "octets", "bps"];
  assertEquals(suggestedWords("bytes", counters), ["octets"]);
  assertEquals(suggestedWords("Pkts", counters), ["packets"]);
  assertEquals(suggestedWords("bytes", ["srcaddr", "dOctets"]), ["dOctets"]);
  assertEquals(suggestedWords("bytes", COMMANDS), [], "where there is none of that name");
  assertEquals(suggestedWords("constructor", counters), []);
});

Deno.test("suggestedWords() does not guess far", () => {
  assertEquals(suggestedWords("nothing", COMMANDS), []);
  assertEquals(suggestedWords("", COMMANDS), []);
  assertEquals(suggestedWords("25", ["1", "2", "24", "5"]), [], "every number is near to another");
  assertEquals(suggestedWords("x".repeat(100_000), COMMANDS), [], "long words take no time");
});

Deno.test("didYouMean() asks with quotes, or with the prefix of flags", () => {
  assertEquals(didYouMean("prnt", COMMANDS), 'did you mean "print"?');
  assertEquals(didYouMean("ex", COMMANDS), 'did you mean "export" or "expire"?');
  assertEquals(didYouMean("ouput", ["output", "format"], "--"), "did you mean --output?");
  assertEquals(didYouMean("nothing", COMMANDS), undefined);
});

Deno.test("expectedWords() lists what there is where nothing is near", () => {
  assertEquals(expectedWords("heder", COMMANDS), 'did you mean "header"?');
  assertEquals(expectedWords("xyz", ["cat", "merge"]), "expected one of cat, merge");
});

Deno.test("oneOfWords() lists what there is, and asks for what is near", () => {
  assertEquals(oneOfWords("mrge", ["cat", "merge"]), 'one of cat, merge; did you mean "merge"?');
  assertEquals(oneOfWords("xyz", ["cat", "merge"]), "one of cat, merge");
});
