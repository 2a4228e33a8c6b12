import type { NamedEntries } from "../config/sections.ts";
import type { FlowTransform } from "./flow_transform.ts";

/** The transforms that a configuration of tags, translations or masks defines. */
export class TransformConfig {
  readonly #file: string;
  readonly #transforms: NamedEntries<() => FlowTransform>;

  /**
   * Makes a configuration.
   *
   * @param file Its name, for messages
   * @param transforms How to make each transform
   * @ignore
   */
  constructor(file: string, transforms: NamedEntries<() => FlowTransform>) {
    this.#file = file;
    this.#transforms = transforms;
  }

  /** The names of the definitions, in order. */
  get names(): readonly string[] {
    return this.#transforms.names;
  }

  /**
   * Makes the transform of a definition.
   *
   * @param name The definition, in upper or lower case
   * @returns A transform with memory of its own
   * @throws {ConfigError} There is no such definition
   */
  transform(name: string): FlowTransform {
    return this.#transforms.resolve({ text: name, file: this.#file, line: 1, column: 1 })();
  }
}
