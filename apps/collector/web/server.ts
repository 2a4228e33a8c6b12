import { AnswerCache } from "./answer_cache.ts";
import { type Asset, ASSETS, LOGIN_PAGE } from "./assets.ts";
import type { Auth } from "./auth.ts";
import { Downloads } from "./downloads.ts";
import { ENDPOINTS, type Services } from "./endpoints.ts";
import { HttpError } from "./http_error.ts";
import { BODY_BYTES_MAX, BODY_MS_MAX, URL_LENGTH_MAX } from "./limits.ts";
import type { LiveEvents } from "./live_events.ts";
import { formatMetrics, METRICS_TYPE } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { readParameters } from "./parameters.ts";

/** What every answer says of itself. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

const JSON_TYPE = "application/json; charset=utf-8";
const TEXT_TYPE = "text/plain; charset=utf-8";

const FILES_PATH = "/api/v1/files/";

/** What the handler is made from. */
export interface ServerParts extends Services {
  /** Knows visitors, where they must be known. */
  readonly auth: Auth | undefined;
  readonly events: LiveEvents;
  /** Only this host can reach the server, so nobody else may have brought a visitor here. */
  readonly loopback: boolean;
  /** The program's version. */
  readonly version: string;
  /** Told of what went wrong here; visitors are told only that something did. */
  readonly warn: (reason: string, message: string) => void;
}

/** Answers requests. */
export class Server {
  /** Requests answered, by status. */
  readonly requests: Map<number, number> = new Map();
  readonly #parts: ServerParts;
  readonly #answers = new AnswerCache();
  readonly #downloads = new Downloads();

  /**
   * Makes a server.
   *
   * @param parts What it is made from
   */
  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** Answers a request. Never throws. */
  async handle(request: Request): Promise<Response> {
    let response: Response;
    try {
      response = await this.#answer(request);
    } catch (error) {
      response = this.#refuse(error);
    }
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    this.requests.set(response.status, (this.requests.get(response.status) ?? 0) + 1);
    if (request.method !== "HEAD" || response.body === null) return response;
    await response.body.cancel();
    return new Response(null, response);
  }

  async #answer(request: Request): Promise<Response> {
    const { auth } = this.#parts;
    if (request.url.length > URL_LENGTH_MAX) {
      const message = `The address is longer than ${URL_LENGTH_MAX} characters`;
      throw new HttpError(414, "address-too-long", message);
    }
    const url = new URL(request.url);
    this.#checkHost(request, url);
    checkSite(request);
    const isLogin = url.pathname === "/login" && auth !== undefined;
    if (isLogin && request.method === "POST") return await this.#login(request, auth);
    if (request.method !== "GET" && request.method !== "HEAD") {
      const allow = isLogin ? "GET, HEAD, POST" : "GET, HEAD";
      const message = `The method is "${request.method}", expected one of ${allow}`;
      throw new HttpError(405, "bad-method", message, { allow });
    }
    if (url.pathname === "/healthz") return text("ok\n");
    if (url.pathname === "/readyz") {
      const ready = this.#parts.status.ready();
      return text(ready ? "ready\n" : "not ready\n", ready ? 200 : 503);
    }
    const asset = ASSETS.get(url.pathname);
    if (asset !== undefined && !asset.guarded) return page(asset);
    if (auth !== undefined && !await auth.allows(request.headers)) {
      if (asset !== undefined) {
        return new Response(null, { status: 303, headers: { location: "/login" } });
      }
      const message = "A token is needed: a header Authorization: Bearer TOKEN";
      throw new HttpError(401, "no-token", message, { "www-authenticate": "Bearer" });
    }
    return asset === undefined ? await this.#data(url, request) : page(asset);
  }

  async #data(url: URL, request: Request): Promise<Response> {
    const { events, status, queries, live, now, version } = this.#parts;
    const { pathname, searchParams } = url;
    const endpoint = ENDPOINTS.find(({ path }) => path === pathname);
    if (endpoint !== undefined) {
      const parameters = readParameters(searchParams, endpoint.parameters);
      const make = () => endpoint.answer(parameters, this.#parts);
      if (!endpoint.shared) return json(await make());
      // Addresses are bounded in length, answers in number.
      const body = await this.#answers.get(pathname + url.search, make);
      return text(body, 200, JSON_TYPE);
    }
    if (pathname.startsWith(FILES_PATH)) {
      return await this.#download(pathname, request.method === "HEAD");
    }
    readParameters(searchParams, []);
    if (pathname === "/api/v1/openapi.json") return json(openApiDocument(version));
    if (pathname === "/metrics") {
      const counts = {
        liveClients: events.size,
        requests: this.requests,
        queries: queries.results,
        liveScale: live.scale,
      };
      return text(formatMetrics(status.snapshot, counts), 200, METRICS_TYPE);
    }
    if (pathname === "/api/v1/live") {
      if (request.method === "HEAD") return text("", 200, "text/event-stream");
      const body = events.open(status.brief(now()));
      if (body === undefined) {
        const message = "There are too many listeners already";
        throw new HttpError(503, "busy", message, { "retry-after": "10" });
      }
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    }
    throw new HttpError(404, "not-found", "There is nothing at this address");
  }

  /**
   * A page of somebody else whose name points at this host must not reach the collector: on
   * loopback only the names of this host are answered to.
   */
  #checkHost(request: Request, url: URL): void {
    const host = request.headers.get("host");
    if (host === null || !this.#parts.loopback) return;
    const name = host.replace(/:\d+$/, "");
    if (/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(name) && url.host !== "") return;
    throw new HttpError(421, "wrong-host", "This host is asked for by a name that is not its own");
  }

  async #login(request: Request, auth: Auth): Promise<Response> {
    const site = request.headers.get("sec-fetch-site");
    if (site !== null && site !== "same-origin" && site !== "none") {
      await request.body?.cancel();
      throw new HttpError(403, "other-site", "The form was sent from another site");
    }
    const form = new URLSearchParams(await readBody(request));
    if (!await auth.accepts((form.get("token") ?? "").trim())) {
      const wrong = LOGIN_PAGE.text.replace(
        "<!-- wrong -->",
        '<p role="alert">That token is not the right one.</p>',
      );
      return new Response(wrong, { status: 401, headers: { "content-type": LOGIN_PAGE.type } });
    }
    return new Response(null, {
      status: 303,
      headers: { location: "/", "set-cookie": auth.setCookie },
    });
  }

  async #download(pathname: string, head: boolean): Promise<Response> {
    let path: string;
    try {
      path = decodeURIComponent(pathname.slice(FILES_PATH.length));
    } catch {
      throw new HttpError(400, "bad-address", "The address has a wrong % escape");
    }
    const found = await this.#parts.files.find(path);
    if (found === undefined || !found.file.complete) {
      throw new HttpError(404, "no-file", "There is no complete file of that name");
    }
    const name = path.split("/").at(-1);
    return new Response(head ? null : await this.#downloads.open(found.location), {
      headers: {
        "content-type": "application/octet-stream",
        "content-disposition": `attachment; filename="${name}"`,
      },
    });
  }

  #refuse(error: unknown): Response {
    if (error instanceof HttpError) {
      const { status, code, message, headers } = error;
      return json({ error: { code, message } }, status, headers);
    }
    this.#parts.warn("http", `A request failed: ${error instanceof Error ? error.stack : error}`);
    const message = "Something went wrong; the log says what";
    return json({ error: { code: "internal", message } }, 500);
  }
}

/**
 * A page of another site can make a browser ask, though not read the answer: only links lead here.
 */
function checkSite(request: Request): void {
  const { headers } = request;
  const others = ["cross-site", "same-site"].includes(headers.get("sec-fetch-site") ?? "");
  if (!others || headers.get("sec-fetch-mode") === "navigate") return;
  throw new HttpError(403, "other-site", "The request was made by another site");
}

/** The body of a small form, within a bound of bytes and of time. */
async function readBody(request: Request): Promise<string> {
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), BODY_MS_MAX);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) break;
      bytes += value.length;
      if (bytes > BODY_BYTES_MAX) {
        await reader.cancel();
        const message = `The body has more than ${BODY_BYTES_MAX} bytes`;
        throw new HttpError(413, "body-too-large", message);
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
  return await new Blob(chunks as Uint8Array<ArrayBuffer>[]).text();
}

function page({ type, text: body }: Asset): Response {
  return text(body, 200, type, { "cache-control": "no-cache" });
}

function json(
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return text(JSON.stringify(value), status, JSON_TYPE, headers);
}

function text(
  body: string,
  status = 200,
  type = TEXT_TYPE,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, { status, headers: { "content-type": type, ...headers } });
}
