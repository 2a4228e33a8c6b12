import { type Endpoint, ENDPOINTS } from "./endpoints.ts";
import { type Schema, SCHEMAS } from "./openapi_schemas.ts";
import type { Parameter } from "./parameters.ts";

/** Answers other than JSON. */
const OTHER_PATHS: readonly {
  readonly path: string;
  readonly doc: string;
  readonly type: string;
}[] = [
  {
    path: "/api/v1/live",
    doc: "How the collector is, each second, as server-sent events; data as schema Live",
    type: "text/event-stream",
  },
  { path: "/metrics", doc: "Metrics in Prometheus' text format", type: "text/plain" },
  { path: "/healthz", doc: "Whether the web part is alive; needs no token", type: "text/plain" },
  {
    path: "/readyz",
    doc: "Whether the collector is at work, else 503; needs no token",
    type: "text/plain",
  },
];

const ERRORS: Readonly<Record<string, string>> = {
  "400": "A parameter is wrong",
  "401": "A token is needed",
  "403": "Another site asks",
  "421": "This host is asked for by a name that is not its own",
  "503": "Too much is asked at once",
  "504": "A query took too long",
};

/**
 * The OpenAPI 3.1 document of the API.
 *
 * @param version The program's version
 * @returns The document, to be sent as JSON
 */
export function openApiDocument(version: string): Schema {
  const paths: Record<string, Schema> = {};
  for (const endpoint of ENDPOINTS) paths[endpoint.path] = { get: operation(endpoint) };
  paths["/api/v1/files/{path}"] = {
    get: {
      summary: "A capture file that is complete",
      parameters: [{
        name: "path",
        in: "path",
        required: true,
        description: "As /api/v1/files lists it, its slashes as they are or escaped",
        schema: { type: "string" },
      }],
      responses: {
        "200": { description: "The file", content: { "application/octet-stream": {} } },
        "404": failure("There is no such file"),
      },
    },
  };
  for (const { path, doc, type } of OTHER_PATHS) {
    const content = { [type]: { schema: { type: "string" } } };
    paths[path] = { get: { summary: doc, responses: { "200": { description: "OK", content } } } };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "flowtools collector",
      version,
      license: { name: "MIT", identifier: "MIT" },
    },
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
    security: [{}, { token: [] }],
  };
}

function operation({ doc, parameters, schema }: Endpoint): Schema {
  const answer = { schema: { $ref: `#/components/schemas/${schema}` } };
  const failures = Object.entries(ERRORS).map(([status, text]) => [status, failure(text)]);
  return {
    summary: doc,
    parameters: parameters.map(parameterObject),
    responses: {
      "200": { description: "The answer", content: { "application/json": answer } },
      ...Object.fromEntries(failures),
    },
  };
}

function parameterObject({ name, doc, choices, range, lengthMax, fallback }: Parameter): Schema {
  const schema = range === undefined
    ? { type: "string", enum: choices, maxLength: lengthMax, default: fallback }
    : { type: "integer", minimum: range[0], maximum: range[1], default: Number(fallback) };
  return { name, in: "query", required: false, description: doc, schema };
}

function failure(description: string): Schema {
  const schema = { $ref: "#/components/schemas/Error" };
  return { description, content: { "application/json": { schema } } };
}
