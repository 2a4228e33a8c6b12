import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";

/** Names asked for at a time: servers take more for an attack. */
const QUESTIONS_AT_ONCE = 16;

/** Names of a call at most: a table that anybody reads has fewer. */
const ADDRESSES_MAX = 1000;

/** Milliseconds that an answer may take; what is slower shows as an address. */
const PATIENCE_MS = 2000;

/** Milliseconds that all answers together may take. */
const PATIENCE_ALL_MS = 10_000;

/** Asks for the names of an address. */
export type NameQuestion = (question: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Names of addresses by reverse DNS, each asked for once. */
export class ReverseDns {
  readonly #ask: NameQuestion;
  readonly #names = new Map<string, string | undefined>();

  /** @param ask What asks; default the system's servers */
  constructor(
    ask: NameQuestion = (question, signal) => Deno.resolveDns(question, "PTR", { signal }),
  ) {
    this.#ask = ask;
  }

  /** The name of an address that was looked up. */
  name(address: string): string | undefined {
    return this.#names.get(address);
  }

  /** Looks up addresses; what has no name, or whose server does not answer, stays without. */
  async lookUp(addresses: Iterable<string>): Promise<void> {
    const waiting: string[] = [];
    for (const address of addresses) {
      if (this.#names.size >= ADDRESSES_MAX) break;
      if (this.#names.has(address) || reverseName(address) === undefined) continue;
      this.#names.set(address, undefined);
      waiting.push(address);
    }
    const end = performance.now() + PATIENCE_ALL_MS;
    const work = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const left = end - performance.now();
        if (left <= 0) return;
        const name = await this.#lookUpOne(next, Math.min(left, PATIENCE_MS));
        if (name !== undefined) this.#names.set(next, name);
      }
    };
    await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, work));
  }

  async #lookUpOne(address: string, patienceMs: number): Promise<string | undefined> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), patienceMs);
    try {
      const [name] = await this.#ask(reverseName(address)!, controller.signal);
      // Names come from whoever owns the address: nothing of them may reach the terminal but these.
      const clean = name?.replace(/\.$/, "") ?? "";
      return /^[\w.-]{1,253}$/.test(clean) ? clean : undefined;
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The name that an address has in reverse DNS; nothing where the text is no single address. */
export function reverseName(address: string): string | undefined {
  if (parseIPv4(address) !== undefined) {
    return `${address.split(".").toReversed().join(".")}.in-addr.arpa`;
  }
  const bytes = parseIPv6(address);
  if (bytes === undefined) return undefined;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${[...digits].toReversed().join(".")}.ip6.arpa`;
}
