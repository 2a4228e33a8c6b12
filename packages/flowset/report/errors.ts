import { FlowToolsError } from "@flowtools/flow-model";

/** A report cannot be made from these flows. */
export class ReportError extends FlowToolsError {}

/** Flows lack a field that a report needs. */
export class MissingFieldError extends ReportError {
  /** The fields that are missing. */
  readonly fields: readonly string[];

  /**
   * Makes an error.
   *
   * @param title The report
   * @param label The version of the flows, as people write it
   * @param fields The fields that are missing
   */
  constructor(title: string, label: string, fields: readonly string[]) {
    super(
      "missing-field",
      `Cannot report ${title}: ${label} flows have no ${fields.join(", ")}`,
    );
    this.fields = fields;
  }
}

/** A report has more groups than its memory allows. */
export class GroupTableLimitError extends ReportError {
  /** What it is made from: plain data, so that another thread can be told. */
  readonly counts: readonly [title: string, groups: number, bytes: number, bytesMax: number];

  /**
   * Makes an error.
   *
   * @param title The report
   * @param groups Groups so far
   * @param bytes Bytes that the next step of growth needs
   * @param bytesMax Bytes allowed
   */
  constructor(title: string, groups: number, bytes: number, bytesMax: number) {
    super(
      "group-table-limit",
      `Cannot report ${title}: ${groups} groups need a table of ${bytes} bytes, ` +
        `GROUP_TABLE_BYTES_MAX allows ${bytesMax}`,
    );
    this.counts = [title, groups, bytes, bytesMax];
  }
}
