import {
  type Flow,
  type FlowSchema,
  type FlowValue,
  type JsonValue,
  SAMPLING_COLUMN,
} from "@flowtools/flow-model";
import { FLOW_LABELS, flowLabels, type SessionsOnDemand } from "@flowtools/flowset/select";

/** What is shown with flows that they do not tell themselves. */
export interface FlowAdditions {
  /** Names that exporters told; not shown where this is not there. */
  readonly sessions?: SessionsOnDemand;
  /** Whether counters were multiplied by rates of sampling, which is shown then. */
  readonly scaled: boolean;
}

/** What octets and packets of a flow were multiplied by. */
const SCALED_BY = "scaledBy";

/** Names of all that can be shown with flows. */
export const ADDED_NAMES: readonly string[] = [SCALED_BY, ...FLOW_LABELS.map(({ name }) => name)];

/** The flows of a call with what is shown beside what they tell. */
export class LabelledFlows {
  /** Names of the values that are added, in the order in which they are shown. */
  readonly names: readonly string[];
  readonly #additions: FlowAdditions;

  /** @param additions What to show with flows */
  constructor(additions: FlowAdditions) {
    this.#additions = additions;
    const { scaled, sessions } = additions;
    this.names = ADDED_NAMES.filter((name) => name === SCALED_BY ? scaled : sessions !== undefined);
  }

  /** A flow with what is added to it. */
  of(flow: Flow): LabelledFlow {
    const { sessions, scaled } = this.#additions;
    const added: Record<string, number | string> = {};
    if (scaled) added[SCALED_BY] = factorOf(flow);
    const told = sessions?.made;
    if (told !== undefined) Object.assign(added, flowLabels(flow, told));
    return new LabelledFlow(flow, added);
  }
}

/** A flow that is to be shown, and what is shown with it. */
export class LabelledFlow {
  readonly #flow: Flow;
  readonly #added: Readonly<Record<string, number | string>>;

  constructor(flow: Flow, added: Readonly<Record<string, number | string>>) {
    this.#flow = flow;
    this.#added = added;
  }

  /** The shape of its record. */
  get schema(): FlowSchema {
    return this.#flow.schema;
  }

  /** A value; what the flow itself tells counts more. */
  value(name: string): FlowValue | undefined {
    return this.#flow.has(name) ? this.#flow.get(name) : this.#added[name];
  }

  /** What `JSON.stringify` shows. */
  toJSON(): Record<string, JsonValue> {
    return { ...this.#added, ...this.#flow.toJSON() };
  }
}

/** What the counters of a flow were multiplied by: 1 where nothing is known of its sampling. */
function factorOf({ batch, row }: Flow): number {
  const rates = batch.extra(SAMPLING_COLUMN);
  return rates instanceof Uint32Array ? Math.max(1, rates[row]) : 1;
}
