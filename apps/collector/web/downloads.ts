import { HttpError } from "./http_error.ts";
import { DOWNLOADS_MAX } from "./limits.ts";

/** Files on their way to visitors: each is open until it is read or the visitor is gone. */
export class Downloads {
  #open = 0;

  /**
   * Opens a file.
   *
   * @param location Where it is on this host
   * @returns Its bytes
   * @throws {HttpError} Too many are open, or it is gone
   */
  async open(location: string): Promise<ReadableStream<Uint8Array>> {
    if (this.#open >= DOWNLOADS_MAX) {
      const message = `There are ${DOWNLOADS_MAX} downloads already`;
      throw new HttpError(503, "busy", message, { "retry-after": "10" });
    }
    this.#open++;
    try {
      const file = await Deno.open(location);
      const reader = file.readable.getReader();
      return new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          const { value, done } = await reader.read();
          if (!done) return controller.enqueue(value);
          this.#open--;
          controller.close();
        },
        cancel: async () => {
          this.#open--;
          await reader.cancel();
        },
      });
    } catch (error) {
      this.#open--;
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new HttpError(404, "no-file", "The file has expired");
    }
  }
}
