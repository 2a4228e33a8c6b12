import { FLOW_ATTRIBUTE_NAMES, type FlowSchema, SAMPLING_COLUMN } from "@flowtools/flow-model";
import { PACKET_MAGIC_BYTES, packetFormat } from "@flowtools/flowset/select";
import { type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { didYouMean } from "@flowtools/common/suggest";
import { fileStart } from "./file_start.ts";
import { ADDED_NAMES } from "./render/labelled_flow.ts";

/**
 * The names of fields that a call asks for. Those that nobody knows are refused at once, unless there
 * are files of packets among the inputs: these can tell of their elements themselves (RFC 5610).
 */
export class FieldNames {
  /** Names that nobody knows and no flow had so far. */
  readonly #unmet: Set<string>;

  private constructor(unmet: Iterable<string>) {
    this.#unmet = new Set(unmet);
  }

  /**
   * Looks at the names of a call.
   *
   * @param args The call
   * @param paths Its inputs
   * @throws {UsageError} A name is not known, and none of the inputs could tell it
   */
  static async load(args: ParsedArguments, paths: Iterable<string>): Promise<FieldNames> {
    const others = args.value("fields")?.split(",").filter((name) => !isAttribute(name)) ?? [];
    if (others.length === 0) return new FieldNames([]);
    // Thousands of elements take a while to load.
    const { knownElements } = await import("@flowtools/common/decode_registry");
    const elements = knownElements(args);
    const names = new FieldNames(others.filter((name) => elements.findName(name)?.name !== name));
    for (const name of names.#unmet) {
      // Names of elements are found however they are written: this is a slip, nothing to be told of.
      const meant = elements.findName(name)?.name;
      if (meant === undefined) continue;
      throw new UsageError(`no field is named "${name}", did you mean ${meant}?`);
    }
    if (names.#unmet.size > 0 && !hasPackets(paths)) throw new UsageError(names.#text());
    return names;
  }

  /** Looks at the shape of flows that are shown. */
  meet(schema: FlowSchema): void {
    for (const name of this.#unmet) if (schema.has(name)) this.#unmet.delete(name);
  }

  /** What is to be said at the end: of a name that no flow had and nobody knows. */
  get fault(): string | undefined {
    return this.#unmet.size === 0 ? undefined : `${this.#text()}; no input told of it either`;
  }

  #text(): string {
    const [first] = this.#unmet;
    const expected = didYouMean(first, FLOW_ATTRIBUTE_NAMES) ??
      `expected one of ${FLOW_ATTRIBUTE_NAMES.join(", ")}, or the name of an IPFIX element`;
    return `no field is named "${first}", ${expected}`;
  }
}

/** Whether a name is an attribute of flows, or of what is shown beside them. */
function isAttribute(name: string): boolean {
  return (FLOW_ATTRIBUTE_NAMES as readonly string[]).includes(name) || name === SAMPLING_COLUMN ||
    ADDED_NAMES.includes(name) || /^\d+\.\d+$/.test(name);
}

/** Whether there is a capture or an IPFIX file among the inputs; standard input cannot be looked at. */
function hasPackets(paths: Iterable<string>): boolean {
  for (const path of paths) {
    if (packetFormat(fileStart(path, PACKET_MAGIC_BYTES)) !== undefined) return true;
  }
  return false;
}
