/** Reads Prometheus' text exposition format, version 0.0.4, as its specification has it. */

/** One value. */
export interface Sample {
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** A metric with all its values. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: Sample[];
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,?)/y;
const VALUE = /^ ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/;

/**
 * Reads the text.
 *
 * @throws {Error} A line is not as the format wants it
 */
export function parseExposition(text: string): Family[] {
  if (!text.endsWith("\n")) throw new Error("The last line does not end");
  const families = new Map<string, Family>();
  let help: { name: string; text: string } | undefined;
  let current: Family | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const fail = (what: string) => new Error(`${what}: ${line}`);
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment?.[1] === "HELP") {
      help = { name: comment[2], text: comment[3] };
    } else if (comment !== null) {
      const [, , name, type] = comment;
      if (help?.name !== name) throw fail("TYPE without its HELP");
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(type)) throw fail("Unknown type");
      if (families.has(name)) throw fail("A family comes twice");
      current = { name, help: help.text, type, samples: [] };
      families.set(name, current);
    } else {
      NAME.lastIndex = 0;
      const name = NAME.exec(line)?.[0];
      if (name === undefined || name !== current?.name) throw fail("A sample out of its family");
      let at = name.length;
      const labels: Record<string, string> = {};
      if (line[at] === "{") {
        LABEL.lastIndex = at + 1;
        for (let more = true; more;) {
          const match = LABEL.exec(line);
          if (match === null) throw fail("A wrong label");
          if (match[1] in labels) throw fail("A label comes twice");
          labels[match[1]] = match[2].replace(/\\(.)/g, (_, c) => c === "n" ? "\n" : c);
          at = LABEL.lastIndex;
          more = match[3] === ",";
        }
        if (line[at++] !== "}") throw fail("Labels do not end");
      }
      const value = VALUE.exec(line.slice(at))?.[1];
      if (value === undefined) throw fail("A wrong value");
      const known = JSON.stringify(labels);
      if (current.samples.some((sample) => JSON.stringify(sample.labels) === known)) {
        throw fail("A sample comes twice");
      }
      current.samples.push({ labels, value: Number(value.replace("Inf", "Infinity")) });
    }
  }
  return [...families.values()];
}
