import type { FilterConfig } from "../filter/filter_config.ts";
import { WHERE_CONDITIONS_MAX, WHERE_DEPTH_MAX } from "../limits.ts";
import { looksLikeAddress, shownAddresses } from "./address_values.ts";
import {
  buildAddresses,
  buildBytes,
  buildElement,
  buildFamily,
  buildFilter,
  buildFlags,
  buildIcmp,
  buildNumbers,
  buildProtocol,
  buildVersions,
  type Built,
  type Joint,
} from "./build_condition.ts";
import { buildNamedElements, buildNamedNumbers, type NamedContext } from "./build_named.ts";
import { type Condition, indent } from "./condition.ts";
import { elementForm } from "./element_values.ts";
import { FLAGS, readFlags } from "./flag_values.ts";
import type { ValueTest } from "./narrow_elements.ts";
import { AndTest, ConstantTest, NotTest, OrTest } from "./narrow_logic.ts";
import { didYouMean } from "./nearest.ts";
import { ELEMENT_TEXT, readOctets, readVersion, VERSION } from "./other_values.ts";
import type { Side, Subject } from "./subjects.ts";
import { isElementNumber, type SubjectTable } from "./subject_table.ts";
import type { TokenReader } from "./token_reader.ts";
import { type ReadComparison, ValueReader } from "./value_reader.ts";
import type { ValueContext } from "./values.ts";

/** What expressions can name beyond the language itself. */
export interface ParserContext extends ValueContext {
  readonly subjects: SubjectTable;
  /** How names that exporters tell are asked for; nothing where they cannot be. */
  readonly named: NamedContext | undefined;
  readonly filters: Pick<FilterConfig, "names" | "filter"> | undefined;
}

/** A subject with its sides, as an expression names it. */
interface Named {
  readonly subject: Subject;
  readonly sides: readonly Side[] | undefined;
  readonly joint: Joint;
  /** Sides and subject as they are shown. */
  readonly shown: string;
}

const AND = ["and", "&&", "&"];
const OR = ["or", "||", "|"];
const NOT = ["not", "!"];

const SIDES: Readonly<Record<string, Side>> = {
  src: "src",
  source: "src",
  dst: "dst",
  dest: "dst",
  destination: "dst",
  in: "in",
  out: "out",
};
const SIDE_WORDS = Object.keys(SIDES);

/** The other side of each, with which it can be joined. */
const OTHER: Readonly<Record<Side, Side>> = { src: "dst", dst: "src", in: "out", out: "in" };

/** Words of a subject at most. */
const SUBJECT_WORDS_MAX = 3;

const CONDITION = 'a condition such as "src net 10.0.0.0/8", "dst port 443" or "octets > 10k"';

/**
 * Reads expressions: `or` binds least, then `and`, then `not`, then parentheses; and builds their
 * tests.
 */
export class Parser {
  readonly #tokens: TokenReader;
  readonly #context: ParserContext;
  readonly #values: ValueReader;
  #conditions = 0;

  constructor(tokens: TokenReader, context: ParserContext) {
    this.#tokens = tokens;
    this.#context = context;
    this.#values = new ValueReader(tokens, context);
  }

  /**
   * Reads the whole expression.
   *
   * @throws {WhereError} It is none
   */
  parse(): Condition {
    const condition = this.#or(0);
    if (this.#tokens.peek().kind === "end") return condition;
    const next = this.#tokens.peek();
    if (next.kind !== "word") return this.#tokens.failNext('"and", "or" or the end');
    return this.#tokens.failNext(
      '"and", "or" or the end',
      this.#startsCondition()
        ? 'conditions stand side by side: put "and" between them'
        : didYouMean(next.text, [...AND, ...OR]) ??
          "several values are a list, as in port in [80 443]",
    );
  }

  #or(depth: number): Condition {
    const parts = [this.#and(depth)];
    while (this.#tokens.take(...OR) !== undefined) parts.push(this.#and(depth));
    return joined(parts, "or", (tests) => new OrTest(tests));
  }

  #and(depth: number): Condition {
    const parts = [this.#not(depth)];
    while (this.#tokens.take(...AND) !== undefined) parts.push(this.#not(depth));
    return joined(parts, "and", (tests) => new AndTest(tests));
  }

  #not(depth: number): Condition {
    if (depth > WHERE_DEPTH_MAX) {
      return this.#tokens.fail(this.#tokens.peek(), {
        code: "where-limit",
        state: "there are too many parentheses and negations within each other",
        expected: `${WHERE_DEPTH_MAX} at most`,
      });
    }
    if (this.#tokens.take(...NOT) !== undefined) return inverted(this.#not(depth + 1));
    if (this.#tokens.take("(") === undefined) return this.#condition();
    const condition = this.#or(depth + 1);
    if (this.#tokens.take(")") === undefined) this.#tokens.failNext('"and", "or" or ")"');
    return condition;
  }

  #condition(): Condition {
    const start = this.#tokens.peek();
    if (++this.#conditions > WHERE_CONDITIONS_MAX) {
      return this.#tokens.fail(start, {
        code: "where-limit",
        state: `there are more than ${WHERE_CONDITIONS_MAX} conditions`,
        expected: "lists, as in port in [80 443 8080]",
      });
    }
    const named = this.#named();
    if (named.subject.kind === "any") {
      return { test: new ConstantTest(true), needs: [], lines: ["any"] };
    }
    const comparison = WHOLE.has(named.subject.kind)
      ? { sign: undefined, inverted: false }
      : this.#values.comparison();
    const { test, alternatives, shown, octets } = this.#build(named, comparison);
    const text = this.#tokens.since(start);
    const condition: Condition = {
      test,
      needs: alternatives.length === 0 ? [] : [{ text, alternatives, octets }],
      lines: [`${named.shown} ${shown}`.trimEnd()],
    };
    return comparison.inverted ? inverted(condition) : condition;
  }

  #build(named: Named, comparison: ReadComparison): Built {
    const { subject, joint } = named;
    const values = this.#values;
    switch (subject.kind) {
      case "number":
        return this.#numbers(named, subject, comparison);
      case "named":
        return buildNamedElements(
          { ...subject, ends: this.#ends(named, subject.ends) },
          joint,
          comparison,
          values,
          // Without names there is no such subject.
          this.#context.named!,
        );
      case "element":
        return this.#element(subject, comparison);
      case "address":
        return buildAddresses(
          this.#ends(named, subject.ends),
          joint,
          values.addresses(comparison),
        );
      case "flags": {
        const exact = comparison.sign !== undefined;
        return buildFlags(values.words(comparison, FLAGS, (word) => readFlags(word, exact)));
      }
      case "icmp":
        return buildIcmp(values.numbers(subject.values, comparison), subject.shift);
      case "version":
        return buildVersions(values.words(comparison, VERSION, readVersion));
      case "bytes": {
        const octets = values.words(comparison, ELEMENT_TEXT, readOctets);
        return buildBytes(subject.element, octets.map(({ bytes }) => bytes), shownList(octets));
      }
      case "filter":
        return this.#filter(comparison);
      case "protocol":
        return buildProtocol(subject.protocol);
      case "ipv4":
        return buildFamily(4);
      default:
        return buildFamily(6);
    }
  }

  #numbers(
    named: Named,
    subject: Extract<Subject, { kind: "number" }>,
    comparison: ReadComparison,
  ): Built {
    const { joint } = named;
    const ends = this.#ends(named, subject.ends);
    const context = this.#context.named;
    if (subject.named === undefined || context === undefined) {
      return buildNumbers(ends, joint, this.#values.numbers(subject.values, comparison));
    }
    const { numbers, names } = this.#values.numbersOrNames(subject.values, comparison);
    // Numbers alone have tests that look at both ends at once.
    if (numbers !== undefined && names.length === 0) return buildNumbers(ends, joint, numbers);
    return buildNamedNumbers({ ends, named: subject.named }, joint, { numbers, names }, context);
  }

  #element(
    { element, type }: Extract<Subject, { kind: "element" }>,
    comparison: ReadComparison,
  ): Built {
    const form = elementForm(type);
    switch (form.kind) {
      case "number": {
        const { ranges, shown } = this.#values.numbers(form.values, comparison);
        return buildElement(element, form.test(ranges), shown);
      }
      case "address": {
        const addresses = this.#values.addresses(comparison);
        return buildElement(element, form.test(addresses), shownAddresses(addresses));
      }
      case "words": {
        const words = this.#values.words(comparison, form.what, form.read);
        const tests = words.map(({ test }) => test);
        const passes: ValueTest = (value) => tests.some((test) => test(value));
        return buildElement(element, passes, shownList(words));
      }
    }
  }

  #filter(comparison: ReadComparison): Built {
    const { filters } = this.#context;
    const expected = filters === undefined
      ? "the name of a definition, and the configuration that has it"
      : filters.names.length === 0
      ? "a definition, of which the configuration has none"
      : `one of ${filters.names.join(", ")}`;
    if (comparison.sign !== undefined) this.#tokens.failNext(`${expected}, with nothing before it`);
    const token = this.#tokens.peek();
    if (token.kind === "sign" || token.kind === "end") return this.#tokens.failNext(expected);
    this.#tokens.next();
    const wanted = token.text.toLowerCase();
    const name = filters?.names.find((candidate) => candidate.toLowerCase() === wanted);
    if (filters === undefined || name === undefined) {
      return this.#tokens.fail(token, {
        code: "where-filter",
        state: filters === undefined
          ? "no filter configuration is loaded"
          : `there is no filter definition "${token.text}"`,
        expected,
        hint: didYouMean(token.text, filters?.names ?? []),
      });
    }
    return buildFilter(filters.filter(name), name);
  }

  /** Reads sides and subject. */
  #named(): Named {
    const start = this.#tokens.peek();
    const { sides, joint } = this.#sides();
    const at = this.#tokens.peek();
    const subject = this.#subject(sides);
    const shownSides = sides === undefined ? "" : `${sides.join(` ${joint} `)} `;
    const ends = "ends" in subject ? subject.ends : [];
    if (sides === undefined) {
      const all = ends.flatMap(({ side }) => side ?? []);
      const either = all.length > 1 ? `${all.join(" or ")} ` : "";
      return { subject, sides, joint, shown: `${either}${subject.words[0]}` };
    }
    if (sides.some((side) => !ends.some((end) => end.side === side))) {
      const all = ends.flatMap(({ side }) => side ?? []);
      this.#tokens.fail({ from: start.from, to: at.to }, {
        code: "where-word",
        state: `there is no "${sides[0]} ${subject.words[0]}"`,
        expected: all.length === 0
          ? `"${subject.words[0]}" alone`
          : all.map((side) => `"${side} ${subject.words[0]}"`).join(" or "),
      });
    }
    return { subject, sides, joint, shown: `${shownSides}${subject.words[0]}` };
  }

  /** Reads `src`, `dst`, `src or dst`, `src and dst`, and so on. */
  #sides(): { readonly sides: readonly Side[] | undefined; readonly joint: Joint } {
    if (!this.#tokens.isNext(SIDE_WORDS)) return { sides: undefined, joint: "or" };
    const side = SIDES[this.#tokens.next().text.toLowerCase()];
    const joint: Joint | undefined = this.#tokens.isNext(AND)
      ? "and"
      : this.#tokens.isNext(OR)
      ? "or"
      : undefined;
    const other = SIDE_WORDS.filter((word) => SIDES[word] === OTHER[side]);
    if (joint === undefined || !this.#tokens.isNext(other, 1)) {
      return { sides: [side], joint: "or" };
    }
    this.#tokens.next();
    this.#tokens.next();
    return { sides: [side, OTHER[side]], joint };
  }

  #subject(sides: readonly Side[] | undefined): Subject {
    const { subjects } = this.#context;
    const token = this.#tokens.peek();
    if (token.kind !== "word") {
      return this.#tokens.failNext(sides === undefined ? CONDITION : "what of it: ip, port, as, …");
    }
    const found = this.#findSubject();
    if (found !== undefined) {
      for (let count = found.words; count > 0; count--) this.#tokens.next();
      return found.subject;
    }
    const address = looksLikeAddress(token.text);
    // "src 10.0.0.1" leaves out what goes without saying.
    if (address && sides !== undefined) return subjects.find("ip")!;
    const value = /^[\d.]/.test(token.text);
    return this.#tokens.fail(token, {
      code: "where-word",
      state: value || address
        ? `"${token.text}" stands alone`
        : `there is no field "${token.text}"`,
      expected: CONDITION,
      hint: address
        ? `did you mean "ip ${token.text}"?`
        : value
        ? "lists are written port in [80 443]"
        : subjects.meantSide(token.text) ??
          didYouMean(token.text, [...subjects.words, ...SIDE_WORDS, "not"]) ??
          didYouMean(token.text, subjects.elementNames()),
    });
  }

  /** The subject that the next words name, the most of them. */
  #findSubject(): { readonly subject: Subject; readonly words: number } | undefined {
    for (let words = SUBJECT_WORDS_MAX; words > 0; words--) {
      const tokens = Array.from({ length: words }, (_, ahead) => this.#tokens.peek(ahead));
      if (tokens.some(({ kind }) => kind !== "word")) continue;
      const text = tokens.map(({ text }) => text).join(" ");
      // "10.1" is an address that is cut off, unless something is asked of it.
      if (isElementNumber(text) && !this.#values.isComparison(words)) continue;
      const subject = this.#context.subjects.find(text);
      if (subject !== undefined) return { subject, words };
    }
    return undefined;
  }

  #startsCondition(): boolean {
    return this.#tokens.isNext([...SIDE_WORDS, ...NOT]) || this.#findSubject() !== undefined;
  }

  /** The ends that the sides pick. */
  #ends<End extends { readonly side?: Side }>(
    { sides }: Named,
    ends: readonly End[],
  ): readonly End[] {
    return sides === undefined
      ? ends
      : ends.filter(({ side }) => side !== undefined && sides.includes(side));
  }
}

/** Subjects that are conditions without any value. */
const WHOLE: ReadonlySet<Subject["kind"]> = new Set(["any", "ipv4", "ipv6", "protocol"] as const);

function joined(
  parts: readonly Condition[],
  word: Joint,
  join: (tests: readonly Condition["test"][]) => Condition["test"],
): Condition {
  if (parts.length === 1) return parts[0];
  return {
    test: join(parts.map(({ test }) => test)),
    needs: parts.flatMap(({ needs }) => needs),
    lines: indent(word, parts),
  };
}

function inverted(part: Condition): Condition {
  return { test: new NotTest(part.test), needs: part.needs, lines: indent("not", [part]) };
}

function shownList(values: readonly { readonly shown: string }[]): string {
  return `= ${values.map(({ shown }) => shown).join(", ")}`;
}
