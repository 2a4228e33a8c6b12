import type {
  PduCodec,
  PduRegistry,
  TemplateCodec,
  TemplateCounters,
} from "@flowtools/netflow-pdu";
import { versionLabel } from "@flowtools/flow-model";

/** Whether a codec learns templates from its exporters. */
export function isTemplateCodec(codec: PduCodec): codec is TemplateCodec {
  return "restoreSession" in codec && "store" in codec;
}

/** The codecs of a registry that learn templates. */
export function templateCodecs({ codecs }: PduRegistry): readonly TemplateCodec[] {
  return codecs.filter(isTemplateCodec);
}

/** What the codecs have counted, by version: a copy. */
export function templateCounters(
  codecs: readonly TemplateCodec[],
): Readonly<Record<string, Readonly<TemplateCounters>>> {
  return Object.fromEntries(codecs.map(({ version, store: { counters } }) => {
    return [versionLabel(version).slice(1), { ...counters }];
  }));
}

/** A text that is another one as soon as something was learned or forgotten. */
export function knowledgeMark(codecs: readonly TemplateCodec[]): string {
  return codecs.map(({ store: { counters } }) => {
    const { templates, changed, withdrawn, evicted, expired, facts, factsForgotten } = counters;
    return [templates, changed, withdrawn, evicted, expired, facts, factsForgotten].join();
  }).join(" ");
}
