import type { LackingListener } from "@flowtools/flowset/groups";
import { hideProgress } from "./progress.ts";

/** Flows of one version that lack the same fields. */
interface Lack {
  readonly version: string;
  readonly fields: string;
  flows: number;
}

/** Counts flows that an answer leaves out because they lack what it asks for, input by input. */
export class LeftOutFlows {
  readonly #lacks = new Map<string, Lack[]>();

  /** Counts the flows of an input. */
  listener(path: string): LackingListener {
    return ({ label: version }, names, flows) => {
      let lacks = this.#lacks.get(path);
      if (lacks === undefined) this.#lacks.set(path, lacks = []);
      const fields = names.join(", ");
      const known = lacks.find((lack) => lack.version === version && lack.fields === fields);
      if (known === undefined) lacks.push({ version, fields, flows });
      else known.flows += flows;
    };
  }

  /**
   * Says on standard error how many flows of which inputs were left out, and what they lack.
   *
   * @returns Inputs of which some were
   */
  report(): number {
    hideProgress();
    for (const [path, lacks] of this.#lacks) {
      const name = path === "-" ? "standard input" : path;
      for (const { version, fields, flows } of lacks) {
        const these = flows === 1 ? "flow lacks" : "flows lack";
        console.error(`flowtools: ${name}: ${flows} ${version} ${these} ${fields}: left out`);
      }
    }
    return this.#lacks.size;
  }
}
