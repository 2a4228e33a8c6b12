/** The thread that writes flows as JSON; `ndjson_sink.ts` starts it. */
import type { FlowAttributeName, FlowSchema } from "@flowtools/flow-model";
import { type BatchCopyPlan, readCopy, type SchemaCopy, schemaFrom } from "./batch_copy.ts";
import { NdjsonText } from "./ndjson_text.ts";
import type { OutputAnswer, OutputPiece } from "./output_messages.ts";
import { outputFault, OutputTarget } from "./output_target.ts";

/** What the thread is told. */
export type NdjsonJob =
  | {
    readonly kind: "open";
    /** A file; standard output where it is `-` or not given. */
    readonly path: string | undefined;
    /** The attributes to write; all where not given. */
    readonly names: readonly FlowAttributeName[] | undefined;
    /** A file is gone on with, where it is otherwise made or emptied. */
    readonly append: boolean;
  }
  | { readonly kind: "flows"; readonly piece: OutputPiece; readonly plan: BatchCopyPlan }
  | { readonly kind: "finish" };

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<NdjsonJob>) => void;
  postMessage(answer: OutputAnswer, transfer?: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as WorkerScope;

/** Schemas by their shape: what is found out about one is kept with it. */
const schemas = new Map<string, FlowSchema>();
/** Shapes remembered at most: templates can be forged. */
const SCHEMAS_MAX = 4096;

let target: OutputTarget;
let text: NdjsonText;
let names: readonly FlowAttributeName[] | undefined;

function schemaOf(init: SchemaCopy): FlowSchema {
  // What lists refer to may be something else in each batch.
  if (init.lists !== undefined) return schemaFrom(init);
  const fields = init.template?.fields.map(({ enterprise, id, length, name }) => {
    return `${enterprise}.${id}.${length}.${name}`;
  });
  const key = `${init.version}.${init.aggregation}:${init.fields}:${init.extras}:${fields}`;
  let schema = schemas.get(key);
  if (schema === undefined) {
    if (schemas.size >= SCHEMAS_MAX) {
      schemas.clear();
      text = new NdjsonText(names);
    }
    schema = schemaFrom(init);
    schemas.set(key, schema);
  }
  return schema;
}

function work(job: NdjsonJob): void {
  if (job.kind === "open") {
    names = job.names;
    text = new NdjsonText(names);
    target = OutputTarget.open(job.path, job.append);
    scope.postMessage({ kind: "open" });
  } else if (job.kind === "flows") {
    const { id, flows, buffer } = job.piece;
    target.write(text.write(readCopy(job.plan, buffer, schemaOf), job.plan.rows));
    scope.postMessage({ kind: "done", id, buffer, done: flows, dropped: {} }, [buffer]);
  } else {
    target.close();
    scope.postMessage({ kind: "finished" });
  }
}

scope.onmessage = ({ data }) => {
  try {
    work(data);
  } catch (error) {
    scope.postMessage({ kind: "ended", message: outputFault(error) });
  }
};
