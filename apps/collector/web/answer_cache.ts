import { ANSWER_MS, ANSWERS_KEPT_MAX } from "./limits.ts";

/** Answers that are given again for a moment, so that many visitors cost as much as one. */
export class AnswerCache {
  readonly #answers = new Map<string, { readonly at: number; readonly text: string }>();

  /**
   * The answer to a request, made anew where the last one is too old.
   *
   * @param request What is asked, as a text
   * @param make Makes the answer
   * @returns The answer as JSON
   */
  async get(request: string, make: () => unknown): Promise<string> {
    const now = performance.now();
    const known = this.#answers.get(request);
    if (known !== undefined && now - known.at < ANSWER_MS) return known.text;
    const text = JSON.stringify(await make());
    if (this.#answers.size >= ANSWERS_KEPT_MAX) this.#answers.clear();
    this.#answers.set(request, { at: now, text });
    return text;
  }
}
