import { parseIPv4, SFLOW_VERSION, versionLabel } from "@flowtools/flow-model";
import { variablesOf } from "@flowtools/common/config_file";
import { type ParsedArguments, parseFlags, UsageError } from "@flowtools/common/flags";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import { parseSize } from "@flowtools/common/parse_size";
import { type ExportVersion, parseVersion } from "@flowtools/common/parse_version";
import type { ConfigVariables } from "@flowtools/flowset";
import {
  type ClassicPduCodec,
  createPduRegistry,
  IPFIX_CODEC,
  PDU_CODECS,
  type PduCodec,
  type TemplateCodec,
  V9_CODEC,
} from "@flowtools/netflow-pdu";
import { DRAIN_SECONDS } from "../operation_options.ts";
import { filterOf, type FilterSettings } from "../pipeline/options.ts";
import { captureFile } from "../sources/options.ts";
import { TARGET_QUEUE_BYTES } from "./limits.ts";
import { FANOUT_SINK_FLAG, TARGET_OPTIONS } from "./options.ts";
import type { ChangeOptions } from "./row_changes.ts";
import { parseTarget, type TargetText } from "./target.ts";

/** The versions that packets can be made of. */
const REGISTRY = createPduRegistry(PDU_CODECS);

/** A codec that packets can be made with. */
export type SendableCodec = ClassicPduCodec | TemplateCodec;

/** Those whose packets bring templates, by what `--export-version` calls them. */
const TEMPLATE_CODECS: Readonly<Record<string, TemplateCodec>> = { 9: V9_CODEC, 10: IPFIX_CODEC };

/** What can be set for a target without an address of its own: what `--raw` rules out. */
const NOT_RAW = [
  "where",
  "filter-definition",
  "filter-file",
  "replace-as",
  "privacy-mask",
  "export-version",
];

/** A target, and what it gets. */
export interface TargetSettings {
  /** Where it is. */
  readonly target: TargetText;
  /** Packets have the address of the exporter, or the local one, as their source. */
  readonly spoof: boolean;
  /** Microseconds to wait after each packet. */
  readonly delayMicros: number;
  /** Datagrams are sent as they came; nothing of what follows applies. */
  readonly raw: boolean;
  /** The version to send; default that of the flows. */
  readonly codec: SendableCodec | undefined;
  readonly changes: ChangeOptions;
  /** One sequence for all sources. */
  readonly sharedSequence: boolean;
  /** Which flows it gets; all unless told. */
  readonly filter: FilterSettings | undefined;
}

/** A fan-out. */
export interface FanoutSettings {
  readonly targets: readonly TargetSettings[];
  /** Bytes that may wait for each target. */
  readonly queueBytes: number;
  /** Seconds that closing may take. */
  readonly drainSeconds: number;
  /** Variables of the filter configurations. */
  readonly variables: ConfigVariables | undefined;
  /** Directory of symbol files. */
  readonly symbols: string | undefined;
}

/** Where the settings of targets come from that have none of their own. */
type Defaults = Pick<ParsedArguments, "value" | "on">;

const NO_DEFAULTS: Defaults = { value: () => undefined, on: () => false };

/**
 * What a call of `fanout` listens on: its first operand, unless a packet capture is read.
 *
 * @param args The call
 */
export function fanoutListeners(args: ParsedArguments): readonly string[] {
  return captureFile(args) === undefined ? args.operands.slice(0, 1) : [];
}

/**
 * The fan-out that a call of `fanout` asks for.
 *
 * @param args `FANOUT_OPTIONS`; the operands behind the listener are the targets: `LOCALIP/REMOTEIP/PORT[/TTL]`, `HOST:PORT` or `[IPV6]:PORT`, each with options of its
 * own behind commas, such as `10.0.0.1:9995,filter-definition=web,export-version=7`
 * @throws {UsageError} An option or a target is wrong, or there is no target
 */
export function fanoutSettings(args: ParsedArguments): FanoutSettings {
  const operands = args.operands.slice(fanoutListeners(args).length);
  if (operands.length === 0) {
    throw new UsageError("target is missing: localip/remoteip/port or host:port");
  }
  const size = args.value("queue-size");
  return {
    ...commonSettings(args),
    targets: operands.map((operand) => readTarget(operand, args)),
    queueBytes: size === undefined ? TARGET_QUEUE_BYTES : parseSize("queue-size", size),
  };
}

/**
 * The fan-out beside another sink: what letters of the call mean for that one says nothing of the
 * targets, which have only what stands behind their addresses.
 *
 * @param args The call, with `FANOUT_SINK_FLAG`
 * @throws {UsageError} A target or one of its options is wrong
 */
export function fanoutSinkSettings(args: ParsedArguments): FanoutSettings {
  const targets = args.values(FANOUT_SINK_FLAG.name);
  return {
    ...commonSettings(args),
    targets: targets.map((target) => readTarget(target, NO_DEFAULTS)),
    queueBytes: TARGET_QUEUE_BYTES,
  };
}

function commonSettings(args: ParsedArguments) {
  return {
    drainSeconds: args.number("drain-seconds") ?? DRAIN_SECONDS,
    variables: variablesOf(args),
    symbols: args.value(SYMBOLS_FLAG.name),
  };
}

/** Reads an address and the options behind its commas, which go before those of the call. */
function readTarget(operand: string, defaults: Defaults): TargetSettings {
  const [text, ...settings] = operand.split(",");
  const own = readOwn(operand, settings);
  const value = (name: string) => own.value(name) ?? defaults.value(name);
  const on = (name: string) => own.on(name) || defaults.on(name);
  const raw = on("raw");
  if (raw) {
    const given = own.on("raw") ? own.value : value;
    const contradicting = NOT_RAW.find((name) => given(name) !== undefined);
    if (contradicting !== undefined) {
      throw new UsageError(
        `target "${operand}" gets datagrams as they came (--raw), so --${contradicting} ` +
          "can do nothing",
      );
    }
  }
  // A filter of its own goes before the one of the call, of whatever kind that is.
  const ownFilter = own.value("where") !== undefined ||
    own.value("filter-definition") !== undefined;
  const target = parseTarget(text);
  if (on("spoof") && target.host.includes(":")) {
    throw new UsageError(`target "${operand}" is IPv6, --spoof knows IPv4 only`);
  }
  return {
    target,
    spoof: on("spoof"),
    delayMicros: Number(value("delay") ?? 0),
    raw,
    codec: codecOf(value("export-version")),
    changes: {
      replaceAs: Number(value("replace-as") ?? 0),
      privacyMask: maskOf(value("privacy-mask")),
    },
    sharedSequence: value("sequence") === "target",
    filter: filterOf(
      ownFilter ? (name) => name === "filter-file" ? value(name) : own.value(name) : value,
    ),
  };
}

function readOwn(operand: string, settings: readonly string[]): ParsedArguments {
  try {
    return parseFlags(settings.map((setting) => `--${setting}`), TARGET_OPTIONS);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`target "${operand}": ${error.message}`);
  }
}

/**
 * The codec of a version that is to be sent.
 *
 * @param version Export version
 * @param aggregation Aggregation method of version 8
 * @returns The codec, or `undefined` where no such packets can be made
 */
export function sendableCodec(version: number, aggregation?: number): ClassicPduCodec | undefined {
  const codec: PduCodec | undefined = REGISTRY.find(version, aggregation);
  return codec?.layouts === undefined ? undefined : codec as ClassicPduCodec;
}

/** Reads a version of packets without templates; what is wrong names the others, too. */
function parseSendable(text: string): ExportVersion {
  try {
    return parseVersion(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}, ${Object.keys(TEMPLATE_CODECS).join(", ")}`);
  }
}

/**
 * The codec that flows of a version go out with that no classic packets hold, unless told otherwise:
 * sFlow goes as IPFIX, which holds more of it than anything else.
 *
 * @param version Export version of the flows
 * @returns The codec, or `undefined` where no such is known
 */
export function templateCodec(version: number): TemplateCodec | undefined {
  return version === SFLOW_VERSION ? IPFIX_CODEC : TEMPLATE_CODECS[version];
}

function codecOf(text: string | undefined): SendableCodec | undefined {
  if (text === undefined) return undefined;
  if (Object.hasOwn(TEMPLATE_CODECS, text)) return TEMPLATE_CODECS[text];
  const { version, aggregation } = parseSendable(text);
  const codec = sendableCodec(version, aggregation);
  if (codec === undefined) {
    const label = versionLabel(version, aggregation);
    throw new UsageError(`--export-version is "${text}": there are no packets of ${label}`);
  }
  return codec;
}

function maskOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const mask = parseIPv4(text);
  if (mask === undefined) {
    throw new UsageError(`--privacy-mask is "${text}", expected a mask such as 255.255.255.0`);
  }
  return mask;
}
