/** What the fuzz target of templates checks of lists in records (RFC 6313). */
import { FlowBatch } from "@flowtools/flow-model";
import {
  createIpfixCodec,
  createTemplateEncoder,
  type PduInput,
  templateOf,
  type TemplateSession,
} from "@flowtools/netflow-pdu";
import { ensure } from "./target.ts";

/** The largest messages: what came in one goes into few. */
const MESSAGE_OCTETS = 65_535;

/** When packets are made, Unix milliseconds. */
const NOW = 1_700_000_000_000;

/**
 * Lists of flows say the same when they were encoded and decoded, whatever they are.
 *
 * @param flows The flows of a packet of IPFIX, one row a record
 * @param session What decoded them
 */
export function checkLists(flows: FlowBatch, session: TemplateSession): void {
  if (!flows.schemas.some((schema) => templateOf(schema)?.lists !== undefined)) return;
  // Another decoder does not know what the exporter described.
  if ([...session.elements].length > 0) return;
  const encoder = createTemplateEncoder(createIpfixCodec(), { maxOctets: MESSAGE_OCTETS });
  const packets = encoder.encode(flows, 0, flows.length, NOW);
  const { refused, rows } = encoder.counters;
  ensure(rows + refused === flows.length, "rows were neither encoded nor refused");
  const codec = createIpfixCodec();
  const received = new FlowBatch({ capacity: flows.length, octets: true });
  const back = codec.createSession();
  for (const octets of packets) {
    const view = new DataView(octets.buffer);
    const input: PduInput = { view, offset: 0, length: octets.length, exporter: 1 };
    const { reason } = codec.decode(input, received, back);
    ensure(reason === undefined, `a packet of ours is not faultless: ${reason}`);
  }
  back.close();
  ensure(received.length === rows, "a packet of ours has other rows");
  if (refused > 0) return;
  for (let row = 0; row < rows; row++) {
    ensure(listsOf(flows, row) === listsOf(received, row), "a list says something else");
  }
}

/** The lists of a row as text, but for the numbers of templates. */
function listsOf(batch: FlowBatch, row: number): string {
  const { template } = templateOf(batch.schemas[batch.schemaOf[row]]) ?? {};
  if (template?.hasLists !== true) return "";
  const flow = batch.flow(row);
  const names = new Set(
    template.fields.filter(({ element }) => /List$/.test(element?.type ?? ""))
      .map(({ name }) => name),
  );
  return JSON.stringify(
    [...names].map((name) => flow.has(name) ? flow.get(name) : undefined),
    (name, value) =>
      name === "template" ? undefined : typeof value === "bigint"
        ? String(value)
        // What stays octets has numbers of templates in it, too.
        : value instanceof Uint8Array
        ? value.length
        : value,
  );
}
