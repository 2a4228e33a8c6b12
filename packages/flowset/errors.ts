import { type FlowSchema, FlowToolsError } from "@flowtools/flow-model";

/** A flow set was used in a way that it is not open for. */
export class FlowSetError extends FlowToolsError {}

/** Flows of one version cannot be stored as another: the conversion matrix has no entry. */
export class FlowConversionError extends FlowToolsError {
  /** The shape that the flows have. */
  readonly from: FlowSchema;
  /** The shape that the target stores. */
  readonly to: FlowSchema;

  /**
   * Makes an error.
   *
   * @param target What was written to
   * @param from The shape that the flows have
   * @param to The shape that the target stores
   */
  constructor(target: string, from: FlowSchema, to: FlowSchema) {
    super(
      "no-conversion",
      `Cannot write ${from.label} flows to ${target}: it stores ${to.label} records, ` +
        `and there is no conversion from ${from.label} to ${to.label}`,
    );
    this.from = from;
    this.to = to;
  }
}
