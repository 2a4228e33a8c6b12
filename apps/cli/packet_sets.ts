import { type JsonValue, recordJson } from "@flowtools/flow-model";
import {
  type ListContext,
  type LocatedRecord,
  parseExporter,
  type PduSet,
  type PduSets,
  readFields,
  readPduSets,
  type Template,
  type TemplateCodec,
  type TemplateSession,
} from "@flowtools/netflow-pdu";

/**
 * Takes a packet of NetFlow v9 or IPFIX apart, as JSON.
 *
 * @param codec The codec of its version
 * @param payload The packet
 * @param exporter Address of its exporter
 * @param session The memory of its exporter, which learns what the packet tells
 * @param passes Whether a record is shown; then sets without such records are left out. Default all
 * @returns What the decoder says of the packet, its sets, and those that waited for its templates
 */
export function packetSets(
  codec: TemplateCodec,
  payload: Uint8Array,
  exporter: string,
  session: TemplateSession,
  passes?: (record: LocatedRecord) => boolean,
): {
  readonly result: PduSets["result"];
  readonly sets: JsonValue[];
  readonly resumed: JsonValue[];
} {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const input = { view, offset: 0, length: payload.length, exporter: parseExporter(exporter) };
  const { result, sets, resumed } = readPduSets(codec, input, session);
  const domain = result.header?.source_id ?? 0;
  const context: ListContext = {
    dialect: codec.dialect,
    findTemplate: (id) => session.find(domain, id, 0),
  };
  return {
    result,
    sets: chosenSets(sets, passes).map((set) => setJson(set, context)),
    resumed: chosenSets(resumed, passes).map((set) => setJson(set, context)),
  };
}

function chosenSets(
  sets: readonly PduSet[],
  passes: ((record: LocatedRecord) => boolean) | undefined,
): readonly PduSet[] {
  if (passes === undefined) return sets;
  return sets.map((set) => ({ ...set, records: set.records?.filter(passes) ?? [] }))
    .filter(({ records }) => records.length > 0);
}

function setJson(set: PduSet, context: ListContext): JsonValue {
  const { id, kind, templates, withdrawn, records } = set;
  if (kind !== "data") {
    return {
      id,
      kind,
      templates: (templates ?? []).map(templateJson),
      ...(withdrawn === undefined ? {} : { withdrawn }),
    };
  }
  // Records whose template has not come yet: they are shown where it comes.
  if (records === undefined) return { id, kind, waiting: true };
  const located = records.map((record) =>
    recordJson(readFields(record.template, record.view, record, context))
  );
  return { id, kind, records: located };
}

function templateJson({ id, fields, options, scopeCount }: Template): JsonValue {
  return {
    id,
    ...(options ? { scope_count: scopeCount } : {}),
    fields: fields.map(({ name, enterprise, id, length, scope }) => ({
      name,
      enterprise,
      id,
      length,
      ...(scope ? { scope } : {}),
    })),
  };
}
