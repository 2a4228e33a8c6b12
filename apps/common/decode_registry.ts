import {
  createElementRegistry,
  createIpfixCodec,
  createPduRegistry,
  createV9Codec,
  defineSflowCodec,
  type ElementRegistry,
  ElementTableError,
  parseElementTable,
  PDU_CODECS,
  type PduRegistry,
  replaceCodecs,
  type TemplateLimits,
} from "@flowtools/netflow-pdu";
import { BIFLOW_FLAG, DISCARDED_FLAG, ELEMENTS_FLAG, INNER_FLAG } from "./decode_flags.ts";
import { type ParsedArguments, UsageError } from "./flags.ts";

/**
 * The codecs that a call asks for. Those that learn from exporters share their bounds with no other
 * call of this.
 *
 * @param args The call; flags that it lacks were not given
 * @param limits Bounds of what is remembered of exporters, where they are not to be as usual
 * @returns All codecs
 * @throws {UsageError} A table of elements cannot be read
 */
export function decodeRegistry(
  args: ParsedArguments,
  limits: Partial<TemplateLimits> = {},
): PduRegistry {
  const biflow = args.value(BIFLOW_FLAG.name) === "split" ? "split" : "record";
  const elements = knownElements(args);
  const own = [
    createV9Codec({ biflow, elements, limits }),
    createIpfixCodec({ biflow, elements, limits }),
    defineSflowCodec({
      innerHeaders: args.on(INNER_FLAG.name),
      discardedPackets: args.on(DISCARDED_FLAG.name),
    }),
  ];
  return createPduRegistry(replaceCodecs(PDU_CODECS, own));
}

/**
 * The elements that are known in a call.
 *
 * @param args The call
 * @returns Those that everybody knows, and those of the tables that it names
 * @throws {UsageError} A table of elements cannot be read
 */
export function knownElements(args: ParsedArguments): ElementRegistry {
  return args.values(ELEMENTS_FLAG.name).reduce(
    // Who brings a table means it, also where the element is known by another name.
    (known, path) => known.with(elementsOf(path), { replace: true }),
    createElementRegistry(),
  );
}

function elementsOf(path: string): ReturnType<typeof parseElementTable> {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--elements cannot be read: ${reason}`, { cause: error });
  }
  try {
    return parseElementTable(text, path);
  } catch (error) {
    if (!(error instanceof ElementTableError)) throw error;
    throw new UsageError(`--elements: ${error.message}`, { cause: error });
  }
}
