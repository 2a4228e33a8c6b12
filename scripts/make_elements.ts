/**
 * Makes the tables of IANA's information elements from the registry in XML
 * (https://www.iana.org/assignments/ipfix/ipfix.xml):
 *
 *     deno run -A scripts/make_elements.ts ipfix.xml && deno fmt packages/netflow-pdu/elements
 *
 * Only the facts are taken: id, name, abstract data type. Ids without a type ("Reserved",
 * "Unassigned") are no elements.
 */
import { ELEMENT_TYPES } from "../packages/netflow-pdu/elements/element.ts";

/** The files, each below the length that the repository allows, and the ids that they hold. */
const FILES = [
  { file: "to_127", name: "IANA_ROWS_TO_127", from: 1, to: 127 },
  { file: "to_433", name: "IANA_ROWS_TO_433", from: 128, to: 433 },
  { file: "from_434", name: "IANA_ROWS_FROM_434", from: 434, to: 32767 },
];

const [path] = Deno.args;
if (path === undefined) throw new Error("Cannot make elements: name IANA's registry, ipfix.xml");
const xml = await Deno.readTextFile(path);
const registry = /<registry id="ipfix-information-elements">([\s\S]*?)<registry id=/.exec(xml);
if (registry === null) {
  throw new Error(`Cannot make elements: "${path}" has no registry "ipfix-information-elements"`);
}

const rows: [number, string, string][] = [];
for (const [, record] of registry[1].matchAll(/<record[^>]*>([\s\S]*?)<\/record>/g)) {
  const text = (tag: string) => new RegExp(`<${tag}>\\s*(.*?)\\s*</${tag}>`).exec(record)?.[1];
  const [id, name, type] = [text("elementId"), text("name"), text("dataType")];
  if (id === undefined || name === undefined || type === undefined) continue;
  if (!/^\d+$/.test(id)) throw new Error(`Cannot make elements: "${name}" has the id "${id}"`);
  if (!(type in ELEMENT_TYPES)) {
    throw new Error(`Cannot make elements: "${name}" is of the unknown type "${type}"`);
  }
  rows.push([Number(id), name, type]);
}
rows.sort((a, b) => a[0] - b[0]);

for (const { file, name, from, to } of FILES) {
  const part = rows.filter(([id]) => id >= from && id <= to);
  const source = `import type { ElementRow } from "../element.ts";

/** IANA's elements ${from} to ${part.at(-1)?.[0]}; made by \`scripts/make_elements.ts\`. */
export const ${name}: readonly ElementRow[] = [
${part.map((row) => `  [${row.map((value) => JSON.stringify(value)).join(", ")}],`).join("\n")}
];
`;
  const target = new URL(
    `../packages/netflow-pdu/elements/iana_rows/${file}.ts`,
    import.meta.url,
  );
  await Deno.writeTextFile(target, source);
  console.log(`${file}: ${part.length} elements`);
}
