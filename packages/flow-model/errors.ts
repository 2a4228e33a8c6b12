/**
 * The root of every error that the flowtools packages throw.
 *
 * `code` is a short stable word for programs; `message` is a sentence for people.
 *
 * @example
 * ```ts
 * import { FlowToolsError } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new FlowToolsError("example", "Cannot show an example: the page is empty");
 * assertEquals(error.code, "example");
 * assertEquals(error.name, "FlowToolsError");
 * ```
 */
export class FlowToolsError extends Error {
  /** A short stable word that says what went wrong, for programs. */
  readonly code: string;

  /**
   * Makes an error.
   *
   * @param code A short stable word for the kind of fault
   * @param message A sentence: what could not be done, a colon, the state that prevented it
   * @param options `cause`, as for every `Error`
   */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * A flow was asked for an attribute that its record version does not have, or that was not read.
 * It is what pyflowtools calls `flowtools.AttributeError`.
 */
export class FlowAttributeError extends FlowToolsError {
  /** The attribute that was asked for. */
  readonly attribute: string;

  /**
   * Makes an error.
   *
   * @param attribute The attribute that was asked for
   * @param reason Why there is no value, as the end of the sentence
   */
  constructor(attribute: string, reason: string) {
    super("no-attribute", `Cannot get flow attribute "${attribute}": ${reason}`);
    this.attribute = attribute;
  }
}
