import { parseIPv4, parseIPv6 } from "@flowtools/flow-model";

/** Asks for the names of an address. */
export type NameQuestion = (question: string, signal: AbortSignal) => Promise<readonly string[]>;

/** How much may be asked, and how long it may take. */
export interface ReverseDnsOptions {
  /** What asks; default the system's servers. */
  readonly ask?: NameQuestion;
  /** Milliseconds that an answer may take; what is slower shows as an address. */
  readonly patienceMs?: number;
  /** Milliseconds that the whole call may wait for names. */
  readonly patienceAllMs?: number;
  /** Addresses of a call at most: a table that anybody reads has fewer. */
  readonly addressesMax?: number;
}

/** Questions at a time: servers take more for an attack. */
const QUESTIONS_AT_ONCE = 16;

/** So many questions without any answer, and there is nobody who answers. */
const SILENCE_MAX = QUESTIONS_AT_ONCE;

const PATIENCE_MS = 2000;
const PATIENCE_ALL_MS = 10_000;
const ADDRESSES_MAX = 1000;

/** Why no more is asked. */
type Reason = "silent" | "slow" | "many";

/** Names of addresses by reverse DNS, each asked for once. */
export class ReverseDns {
  readonly #ask: NameQuestion;
  readonly #patienceMs: number;
  readonly #addressesMax: number;
  readonly #names = new Map<string, string | undefined>();
  /** Milliseconds that the call may still wait. */
  #patience: number;
  /** Questions that nobody answered. */
  #silence = 0;
  #answered = false;
  #stopped: Reason | undefined;

  /** @param options What asks, how much, how long */
  constructor(options: ReverseDnsOptions = {}) {
    this.#ask = options.ask ??
      ((question, signal) => Deno.resolveDns(question, "PTR", { signal }));
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#patience = options.patienceAllMs ?? PATIENCE_ALL_MS;
    this.#addressesMax = options.addressesMax ?? ADDRESSES_MAX;
  }

  /** The name of an address that was looked up. */
  name(address: string): string | undefined {
    return this.#names.get(address);
  }

  /** Why some addresses were not asked for; nothing where all were. */
  get note(): string | undefined {
    const notes: Readonly<Record<Reason, string>> = {
      silent: "no server answers, so that addresses have no names",
      slow: "it takes too long, so that some addresses have no names",
      many: `names of ${this.#addressesMax} addresses were asked for, the others have none`,
    };
    return this.#stopped && notes[this.#stopped];
  }

  /**
   * Looks up addresses. What has no name, or whose server does not answer in time, stays without; all
   * calls together do not wait longer than is allowed.
   */
  async lookUp(addresses: Iterable<string>): Promise<void> {
    const waiting: string[] = [];
    for (const address of addresses) {
      if (this.#names.has(address) || reverseName(address) === undefined) continue;
      if (this.#names.size >= this.#addressesMax) this.#stopped ??= "many";
      if (this.#stopped !== undefined) break;
      this.#names.set(address, undefined);
      waiting.push(address);
    }
    if (waiting.length === 0) return;
    const start = performance.now();
    const end = start + this.#patience;
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const left = end - performance.now();
        if (left <= 0) this.#stopped ??= "slow";
        if (!this.#answered && this.#silence >= SILENCE_MAX) this.#stopped ??= "silent";
        if (this.#stopped === "slow" || this.#stopped === "silent") return;
        const name = await this.#lookUpOne(next, Math.min(left, this.#patienceMs));
        if (name !== undefined) this.#names.set(next, name);
      }
    };
    await Promise.all(Array.from({ length: Math.min(QUESTIONS_AT_ONCE, waiting.length) }, work));
    this.#patience -= performance.now() - start;
  }

  async #lookUpOne(address: string, patienceMs: number): Promise<string | undefined> {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        controller.abort();
        resolve(undefined);
      }, patienceMs);
    });
    try {
      const answer = await Promise.race([
        this.#ask(reverseName(address)!, controller.signal),
        silence,
      ]);
      if (answer === undefined) return void this.#silence++;
      this.#answered = true;
      // Names come from whoever owns the address: nothing of them may reach the terminal but these.
      const clean = answer[0]?.replace(/\.$/, "") ?? "";
      return /^[\w.-]{1,253}$/.test(clean) ? clean : undefined;
    } catch {
      // That there is no such name is an answer, too.
      if (controller.signal.aborted) this.#silence++;
      else this.#answered = true;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The name that an address has in reverse DNS; nothing where the text is no address of a host. */
export function reverseName(address: string): string | undefined {
  const four = parseIPv4(address);
  if (four !== undefined) {
    // 0.0.0.0 stands for none.
    return four === 0 ? undefined : `${address.split(".").toReversed().join(".")}.in-addr.arpa`;
  }
  const bytes = parseIPv6(address);
  if (bytes === undefined || bytes.every((byte) => byte === 0)) return undefined;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${[...digits].toReversed().join(".")}.ip6.arpa`;
}
