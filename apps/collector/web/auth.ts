/** The cookie that stands for the token. */
const COOKIE = "flowtools_session";

/**
 * Knows visitors by a token: in an `Authorization: Bearer` header, or by the cookie that a login
 * with the token sets. The cookie is derived from the token and a secret of this run, so that it
 * neither tells the token nor outlives the process. Comparisons take the same time whatever comes.
 */
export class Auth {
  readonly #key: CryptoKey;
  readonly #tokenTag: Uint8Array;
  readonly #session: string;
  readonly #sessionTag: Uint8Array;

  private constructor(
    key: CryptoKey,
    tokenTag: Uint8Array,
    session: string,
    sessionTag: Uint8Array,
  ) {
    this.#key = key;
    this.#tokenTag = tokenTag;
    this.#session = session;
    this.#sessionTag = sessionTag;
  }

  /**
   * Prepares the check of a token.
   *
   * @param token What visitors must present
   */
  static async create(token: string): Promise<Auth> {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.generateKey(algorithm, false, ["sign"]) as CryptoKey;
    const session = (await sign(key, `session ${token}`)).toHex();
    return new Auth(key, await sign(key, token), session, await sign(key, session));
  }

  /**
   * Whether a request may be answered.
   *
   * @param headers Its headers
   */
  async allows(headers: Headers): Promise<boolean> {
    const bearer = /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "");
    if (bearer !== null) return await this.accepts(bearer[1]);
    const cookies = (headers.get("cookie") ?? "").split(";").map((cookie) => cookie.trim());
    const session = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
    if (session === undefined) return false;
    return equal(await sign(this.#key, session.slice(COOKIE.length + 1)), this.#sessionTag);
  }

  /**
   * Whether a token is the right one.
   *
   * @param token What a visitor presents
   */
  async accepts(token: string): Promise<boolean> {
    return equal(await sign(this.#key, token), this.#tokenTag);
  }

  /** The header that gives a visitor the cookie. */
  get setCookie(): string {
    return `${COOKIE}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }
}

async function sign(key: CryptoKey, text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)));
}

/** Compares in a time that depends on the length only, and tags are all as long. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}
