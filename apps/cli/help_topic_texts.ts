import { headingText, type TextStyle } from "@flowtools/common/command_text";
import { type Definition, definitionLines, wrapText } from "@flowtools/common/text_layout";
import { FLOW_FIELDS } from "@flowtools/flow-model";
import { GROUP_COUNTERS, GROUP_KEYS } from "@flowtools/flowset/groups";
import { WHERE_FIELDS } from "@flowtools/flowset/select";

/** Expressions worth copying, each with what it selects. */
export const WHERE_EXAMPLES: readonly Definition[] = [
  ["dst port 443", "flows to a port"],
  ["src net 10.0.0.0/8 and not dst net 10.0.0.0/8", "what leaves a network"],
  ["proto udp and port in [53 5353 8000-8999]", "a list, with a range"],
  ["flags S and not flags AF", "connections that were tried"],
  ["octets > 10M and duration < 1m", "large and short: k M G T, Ki Mi Gi Ti; ms s m h d"],
  ["last > -1h", "of the last hour; also 2024-05-01T12:00, today, yesterday"],
  ["host 2001:db8::1 or src as 64500", "IPv6 is written as it is"],
  ["(tcp or udp) and bps >= 1M", "and, or, not; parentheses"],
];

/** The query language. */
export function whereText(style: TextStyle): string {
  const fields = WHERE_FIELDS.map(({ words, sides, doc }): Definition => {
    const before = sides.length === 0 ? "" : `${sides.join("|")} `;
    return [
      before + words[0],
      words.length === 1 ? doc : `${doc}; also ${words.slice(1).join(", ")}`,
    ];
  });
  return paragraphs(style, [
    "A condition is a field, a comparison (= != < > <= >= in) and a value; without a comparison it " +
    "means =. The word src or dst before a field means that end, none of them either.",
    "Examples:",
    WHERE_EXAMPLES,
    "Fields:",
    fields,
    "Names of fields (flowtools help fields) and, of packets, of information elements can be asked " +
    "for, too. Shells want the expression in quotes.",
  ]);
}

/** Keys and counters of groups. */
export function keysText(style: TextStyle): string {
  const keys = GROUP_KEYS.map(({ name, aliases, doc }): Definition => [
    name,
    aliases.length === 0 ? doc : `${doc}; also ${aliases.join(", ")}`,
  ]);
  const counters = GROUP_COUNTERS.map(({ name, doc }): Definition => [name, doc]);
  return paragraphs(style, [
    "--by takes keys with commas between: --by srcaddr/24,dstport.",
    "Keys:",
    keys,
    "Counters (--order names the one that decides):",
    counters,
  ]);
}

/** Fields of flows. */
export function fieldsText(style: TextStyle): string {
  const fields = FLOW_FIELDS.map(({ name, doc }): Definition => [name, doc]);
  return paragraphs(style, [
    "--fields takes names with commas between, --sort one of them. Records have those that their " +
    "version has. Of packets, names of IPFIX information elements are fields, too.",
    "Fields:",
    fields,
    "What print shows as first and last are times, Unix seconds in JSON and CSV; first_raw and " +
    "last_raw are the uptimes.",
  ]);
}

/** Text, headings (which end in a colon) and lists. */
function paragraphs(style: TextStyle, parts: readonly (string | readonly Definition[])[]): string {
  let text = "";
  for (const part of parts) {
    if (typeof part !== "string") {
      text += `${definitionLines(part, style.columns).join("\n")}\n\n`;
    } else if (part.endsWith(":")) text += `${headingText(part, style)}\n`;
    else text += `${wrapText(part, style.columns).join("\n")}\n\n`;
  }
  return text.trimEnd() + "\n";
}
