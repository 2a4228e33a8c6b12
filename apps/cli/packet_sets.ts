import {
  elementJson,
  type FieldValue,
  type FieldValues,
  type ListContext,
  parseExporter,
  type PduSet,
  type PduSets,
  readFields,
  readPduSets,
  type Template,
  type TemplateCodec,
  type TemplateSession,
} from "@flowtools/netflow-pdu";

/** What JSON can hold. */
export type Json = number | string | boolean | null | readonly Json[] | {
  readonly [name: string]: Json;
};

/**
 * Takes a packet of NetFlow v9 or IPFIX apart, as JSON.
 *
 * @returns What the decoder says of the packet, its sets, and those that waited for its templates
 */
export function packetSets(
  codec: TemplateCodec,
  payload: Uint8Array,
  exporter: string,
  session: TemplateSession,
): { readonly result: PduSets["result"]; readonly sets: Json[]; readonly resumed: Json[] } {
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
    sets: sets.map((set) => setJson(set, context)),
    resumed: resumed.map((set) => setJson(set, context)),
  };
}

function setJson(set: PduSet, context: ListContext): Json {
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
    fieldsJson(readFields(record.template, record.view, record, context))
  );
  return { id, kind, records: located };
}

function templateJson({ id, fields, options, scopeCount }: Template): Json {
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

/** Fields by name; a name that stands more than once has a list, in wire order. */
function fieldsJson(fields: FieldValues): Json {
  const json: Record<string, Json> = {};
  const repeated = new Set<string>();
  for (const [name, value] of fields) {
    const shown = valueJson(value);
    if (!(name in json)) json[name] = shown;
    else if (repeated.has(name)) json[name] = [...(json[name] as Json[]), shown];
    else {
      repeated.add(name);
      json[name] = [json[name], shown];
    }
  }
  return json;
}

/** A value; of lists what is in them. */
function valueJson(value: FieldValue): Json {
  if (typeof value !== "object" || value instanceof Uint8Array) return elementJson(value);
  if ("values" in value) {
    const { semantic, element, values } = value;
    return { semantic, element, values: values.map(valueJson) };
  }
  if ("lists" in value) return { semantic: value.semantic, lists: value.lists.map(valueJson) };
  const { semantic, template, records } = value;
  return { semantic, template, ...(records && { records: records.map(fieldsJson) }) };
}
