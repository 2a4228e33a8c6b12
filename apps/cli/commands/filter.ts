import { AccessLists, createListFilter, type ListFilterOptions } from "@flowtools/flowset";
import { parseIPv4 } from "@flowtools/flow-model";
import type { CommandBody } from "../command.ts";
import { filterStreams, STREAM_FLAGS } from "../filter_streams.ts";
import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { OUTPUT_FLAG } from "../shared_flags.ts";
import { withWhere } from "../where_selection.ts";
import { strictCompat } from "../strict_compat.ts";

/** The file of access lists, where no flag names one; it may be missing. */
const ACL_FILE = "flow.acl";

/** The flags that are lists: each is a row, and the option of the filter that it sets. */
const LIST_FLAGS: readonly (Flag & { readonly option: keyof ListFilterOptions })[] = [
  list("source-as", "a", "sourceAs", "Source AS numbers"),
  list("destination-as", "A", "destinationAs", "Destination AS numbers"),
  list("input", "i", "input", "Input interfaces"),
  list("output-interface", "I", "output", "Output interfaces"),
  list("source-port", "p", "sourcePort", "Source ports"),
  list("destination-port", "P", "destinationPort", "Destination ports"),
  list("protocol", "r", "protocol", "IP protocols"),
  list("tos", "t", "tos", "Types of service; LIST/MASK for some bits only"),
  list("tcp-flags", "T", "tcpFlags", "TCP flags; LIST/MASK for some bits only"),
];

function list(name: string, letter: string, option: keyof ListFilterOptions, what: string) {
  return { name, letter, option, value: "LIST", doc: `${what}, such as 1-15 or !1,15` };
}

/** The flags that name access lists. */
const ACL_FLAGS: readonly (Flag & { readonly option: keyof ListFilterOptions })[] = [
  acl("source-list", "S", "sourceList", "source"),
  acl("destination-list", "D", "destinationList", "destination"),
  acl("nexthop-list", "x", "nexthopList", "next hop"),
];

function acl(name: string, letter: string, option: keyof ListFilterOptions, what: string) {
  return { name, letter, option, value: "NAME", doc: `Standard access list of the ${what}` };
}

/** Filters flows by lists of numbers and access lists. */
export const filterCommand: CommandBody = {
  operands: "[FILE…]",
  flags: withWhere([
    ...LIST_FLAGS,
    { name: "exporter", letter: "e", value: "ADDRESS", doc: "Address of the exporter" },
    ...ACL_FLAGS,
    {
      name: "extended-list",
      letter: "E",
      value: "NAME",
      doc: "Extended access list: protocol, source and destination",
    },
    {
      name: "acl-file",
      letter: "f",
      value: "FILE",
      doc: `File of access lists (default: ${ACL_FILE})`,
    },
    { name: "any", letter: "o", doc: "Write flows that pass one list or more, not all" },
    ...STREAM_FLAGS,
    // The letter is taken.
    { ...OUTPUT_FLAG, letter: undefined },
  ]),
  examples: [
    ["flowtools filter -r 6 -P 80,443 day.ft | flowtools print", "Web traffic"],
    ["flowtools filter -o -i 1-3 -I 1-3 <day.ft >edge.ft", "All that crosses three interfaces"],
  ],
  run: async (args) => {
    const options: Record<string, unknown> = { any: args.on("any") };
    for (const { name, option } of LIST_FLAGS) options[option] = args.value(name);
    options.exporter = exporterAddress(args);
    const lists = await readAccessLists(args);
    for (const { name, option } of ACL_FLAGS) {
      const wanted = args.value(name);
      if (wanted !== undefined) options[option] = lists.standard(wanted);
    }
    const extended = args.value("extended-list");
    if (extended !== undefined) options.extendedList = lists.extended(extended);
    return await filterStreams(args, {
      name: "filter",
      filter: createListFilter(options),
      missing: "Flow record missing required field for format.",
    });
  },
};

function exporterAddress(args: ParsedArguments): number | undefined {
  const text = args.value("exporter");
  if (text === undefined) return undefined;
  const address = parseIPv4(text);
  if (address === undefined) {
    throw new UsageError(`--exporter is "${text}", expected an IPv4 address`);
  }
  return address;
}

/** The access lists, which are read when a flag asks for one. */
async function readAccessLists(args: ParsedArguments): Promise<AccessLists> {
  const wanted = [...ACL_FLAGS.map(({ name }) => name), "extended-list"];
  if (wanted.every((name) => args.value(name) === undefined)) return AccessLists.parse("");
  const path = args.value("acl-file") ?? ACL_FILE;
  // flow-filter reads up to the first wrong line, and goes on with what it has.
  const endAt = strictCompat(args)
    ? ({ message }: Error) => console.error(`flow-filter: ${message}`)
    : undefined;
  return AccessLists.parse(await Deno.readTextFile(path), path, endAt);
}
