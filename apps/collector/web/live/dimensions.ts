import { formatIPv4, formatIPv6 } from "@flowtools/flow-model";
import type { SymbolTable } from "@flowtools/flowset";
import { applicationOctets, type LiveExtra } from "../live_extras.ts";
import type { LiveAddress, LiveField } from "../live_rows.ts";
import type { LabelStore } from "./label_store.ts";
import type { ExporterNames, LiveInput } from "./live_input.ts";

/** Names that keys are shown with. */
export interface KeyNames {
  readonly exporters: ExporterNames;
  readonly labels: LabelStore;
  readonly protocols: SymbolTable;
  readonly ports: SymbolTable;
}

/** One way in which the key of a dimension is laid out. */
export interface KeyLayout {
  /** 32-bit words. */
  readonly words: number;
  /** Columns that a flow must have to be in it. */
  readonly fields: readonly (LiveField | LiveExtra)[];
  /** Whether it is for flows with an IPv6 address in `addresses`, or for those without. */
  readonly wide: boolean;
  readonly addresses: readonly LiveAddress[];
  /** The words of each row. */
  readonly keys: (input: LiveInput) => readonly Uint32Array[];
  /** A key as text; `at` is where its words begin. */
  readonly text: (words: Uint32Array, at: number, names: KeyNames) => string;
  /** What its exporter calls it, where it told. */
  readonly label?: (words: Uint32Array, at: number, names: KeyNames) => string | undefined;
}

/** Something that traffic is told apart by. */
export interface Dimension {
  /** Its name in the API. */
  readonly id: string;
  /** What it is called on the page. */
  readonly title: string;
  /** Whether time series are stacked by it. */
  readonly stack: boolean;
  readonly layouts: readonly KeyLayout[];
}

/** Between the two ends of a pair. */
const ARROW = " → ";

function addressText(words: Uint32Array, at: number): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + 4 * at, 16);
  const text = formatIPv6(bytes);
  return text.startsWith("::ffff:") && text.includes(".") ? text.slice(7) : text;
}

/** A dimension of addresses: keys of IPv4, and wider ones of flows with an IPv6 address. */
function addresses(id: string, title: string, fields: readonly LiveAddress[]): Dimension {
  const text = (one: (words: Uint32Array, at: number) => string, step: number) => {
    return (words: Uint32Array, at: number): string =>
      fields.map((_, index) => one(words, at + index * step)).join(ARROW);
  };
  return {
    id,
    title,
    stack: false,
    layouts: [
      {
        words: fields.length,
        fields,
        wide: false,
        addresses: fields,
        keys: (input) => fields.map((field) => input.words(field)),
        text: text((words, at) => formatIPv4(words[at]), 1),
      },
      {
        words: 4 * fields.length,
        fields,
        wide: true,
        addresses: fields,
        keys: (input) => fields.flatMap((field) => input.wideWords(field)),
        text: text(addressText, 4),
      },
    ],
  };
}

/** A dimension whose keys have words of no family. */
function numbers(
  row:
    & Pick<Dimension, "id" | "title">
    & Pick<KeyLayout, "fields" | "keys" | "text" | "label">
    & Partial<Pick<KeyLayout, "words">>,
): Dimension {
  const { id, title, words = 1, fields, keys, text, label } = row;
  return {
    id,
    title,
    stack: true,
    layouts: [{ words, fields, wide: false, addresses: [], keys, text, label }],
  };
}

/**
 * An interface of an exporter: its number means something on the exporter only, over all of whose
 * domains it is one thing (RFC 2863).
 */
function interfaces(id: string, title: string, field: "input" | "output"): Dimension {
  return numbers({
    id,
    title,
    words: 2,
    fields: [field],
    keys: (input) => [input.exporters(), input.words(field)],
    text: (words, at, { exporters }) => `${exporters.name(words[at])} if ${words[at + 1]}`,
    label: (words, at, { exporters, labels }) =>
      labels.nameOf("interfaces", String(words[at + 1]), exporters.name(words[at])),
  });
}

/** An autonomous system; 0 is unknown, or the exporter's own. */
function systems(id: string, title: string, field: "src_as" | "dst_as"): Dimension {
  return numbers({
    id,
    title,
    fields: [field],
    keys: (input) => [input.words(field)],
    text: (words, at) => words[at] === 0 ? "AS 0 (none)" : `AS ${words[at]}`,
  });
}

function protocolText(protocol: number, { protocols }: KeyNames): string {
  return protocols.name(protocol) ?? `protocol ${protocol}`;
}

function applicationText(words: Uint32Array, at: number, names: KeyNames): string {
  const port = words[at] & 0xffff;
  const protocol = protocolText(words[at] >>> 16, names);
  if (port === 0) return protocol;
  const service = names.ports.name(port);
  return service === undefined ? `${port}/${protocol}` : `${port}/${protocol} ${service}`;
}

/** Ids have four octets: the engine that found the application out, and its number there. */
function applicationIdText(id: number): string {
  if (id === 0) return "unknown";
  // That is what longer ones become.
  return id === 0xffffffff ? "longer ids" : `0x${applicationOctets(id)}`;
}

/** Everything that live traffic is told apart by. */
export const DIMENSIONS: readonly Dimension[] = [
  addresses("source", "Sources", ["srcaddr"]),
  addresses("destination", "Destinations", ["dstaddr"]),
  addresses("pair", "Pairs", ["srcaddr", "dstaddr"]),
  numbers({
    id: "application",
    title: "Ports",
    fields: ["prot", "srcport", "dstport"],
    keys: (input) => [input.applications()],
    text: applicationText,
  }),
  numbers({
    id: "protocol",
    title: "Protocols",
    fields: ["prot"],
    keys: (input) => [input.words("prot")],
    text: (words, at, names) => protocolText(words[at], names),
  }),
  interfaces("input-interface", "Interfaces in", "input"),
  interfaces("output-interface", "Interfaces out", "output"),
  numbers({
    id: "vrf",
    title: "VRFs",
    // As that of an interface, its number means something on the exporter only.
    words: 2,
    fields: ["vrf"],
    keys: (input) => [input.exporters(), input.extra("vrf")],
    text: (words, at, { exporters }) => `${exporters.name(words[at])} VRF ${words[at + 1]}`,
    label: (words, at, { exporters, labels }) =>
      labels.nameOf("vrfs", String(words[at + 1]), exporters.name(words[at])),
  }),
  numbers({
    id: "application-id",
    title: "Applications",
    fields: ["application"],
    keys: (input) => [input.extra("application")],
    text: (words, at) => applicationIdText(words[at]),
    label: (words, at, { labels }) => labels.nameOf("applications", applicationOctets(words[at])),
  }),
  systems("source-as", "AS from", "src_as"),
  systems("destination-as", "AS to", "dst_as"),
  numbers({
    id: "exporter",
    title: "Exporters",
    fields: ["exaddr"],
    keys: (input) => [input.exporters()],
    text: (words, at, { exporters }) => exporters.name(words[at]),
  }),
];

/** The names of the dimensions. */
export const DIMENSION_IDS: readonly string[] = DIMENSIONS.map(({ id }) => id);

/** The names of those that time series are stacked by. */
export const STACK_IDS: readonly string[] = DIMENSIONS.filter(({ stack }) => stack)
  .map(({ id }) => id);
