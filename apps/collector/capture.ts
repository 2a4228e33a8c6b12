import type { Flag, ParsedArguments } from "@flowtools/common/flags";
import { createClientSink, createFileSink } from "./sinks/files/mod.ts";
import { fileSettings } from "./sinks/files/options.ts";
import type { OpenSinks, SinkContext, SinkKind } from "./sinks/sink_kind.ts";
import { LISTEN_FLAG } from "./operation_options.ts";
import { CAPTURE } from "./options.ts";
import type { Program } from "./program.ts";

/**
 * Stores flows in rotated files, as flow-capture does.
 *
 * @param kinds What else can be done with the flows
 * @returns The program
 */
export function captureProgram(kinds: readonly SinkKind[]): Program {
  const further = kinds.map(({ flag }) => flag).filter((flag) => !CAPTURE.flags.includes(flag));
  const wanted = (settings: ParsedArguments) => kinds.filter(({ flag }) => isSet(flag, settings));
  return {
    description: { ...CAPTURE, flags: [...CAPTURE.flags, ...further] },
    operandsFlag: LISTEN_FLAG.name,
    pageDefault: true,
    listeners: ({ operands }) => operands,
    check: (settings) => {
      fileSettings(settings);
      for (const kind of wanted(settings)) kind.check(settings);
    },
    directory: (settings) => fileSettings(settings).directory,
    openSinks: (context) => openAll([openFiles, ...wanted(context.settings).map(opener)], context),
  };
}

/** Makes sinks. */
type Opener = (context: SinkContext) => Promise<OpenSinks>;

const opener = (kind: SinkKind): Opener => (context) => kind.open(context);

const openFiles: Opener = async ({ settings, drainSeconds, log, port, address }) => {
  const files = { ...fileSettings(settings), drainMs: drainSeconds * 1000 };
  const sink = await createFileSink(files, log);
  const hangup = () => sink.hangup();
  if (files.clients === 0) return { sinks: [sink], hangup };
  try {
    return { sinks: [sink, await createClientSink(files, log, port ?? 0, address)], hangup };
  } catch (error) {
    await sink.close();
    throw error;
  }
};

/** Makes the sinks of all kinds, or none where one cannot be made. */
async function openAll(openers: readonly Opener[], context: SinkContext): Promise<OpenSinks> {
  const opened: OpenSinks[] = [];
  try {
    for (const open of openers) opened.push(await open(context));
  } catch (error) {
    for (const { sinks, forwarders = [] } of opened) {
      for (const it of [...sinks, ...forwarders]) await it.close();
    }
    throw error;
  }
  return {
    sinks: opened.flatMap(({ sinks }) => sinks),
    forwarders: opened.flatMap(({ forwarders = [] }) => forwarders),
    hangup: async () => {
      for (const { hangup } of opened) await hangup?.();
    },
  };
}

function isSet({ name, value, repeated }: Flag, settings: ParsedArguments): boolean {
  if (value === undefined) return settings.on(name);
  return repeated === true ? settings.values(name).length > 0 : settings.value(name) !== undefined;
}
