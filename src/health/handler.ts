/** The probes over HTTP, for a server of one's own: node:http, Express, Fastify, and anything that speaks Fetch. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { redactText } from "../config/redact.ts";
import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from "../telemetry/prometheus.ts";
import { backlogOf, type BacklogVerdict } from "./backlog.ts";
import { livenessOf, readinessOf, type HealthSource, type Verdict } from "./probes.ts";
import type { EngineStatus } from "./status.ts";

const PROBES: Readonly<Record<string, (status: EngineStatus) => Verdict | BacklogVerdict>> = {
  "/livez": livenessOf,
  "/healthz": livenessOf,
  "/readyz": readinessOf,
  "/backlog": backlogOf,
};

const METRICS_PATH = "/metrics";

export interface HealthAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or Prometheus text; empty for HEAD. */
  readonly body: string;
}

export interface HealthHandlerOptions {
  /** Where the probes are mounted: "/ops" serves "/ops/livez". Frameworks that strip their mount point need none. */
  readonly prefix?: string;
}

/**
 * The answer to one request, from the snapshot alone. `url` is a request target: its query is ignored. Other paths are
 * answered with 404, other methods than GET and HEAD with 405. Never throws.
 */
export function answerHealth(method: string, url: string, source: HealthSource): HealthAnswer {
  if (!isServed(url, source)) {
    const paths = [...Object.keys(PROBES), METRICS_PATH].filter((path) => isServed(path, source));
    return answer(method, { statusCode: 404, body: { error: "not found", paths } });
  }
  if (method !== "GET" && method !== "HEAD") {
    return answer(method, { statusCode: 405, body: { error: "method not allowed" }, headers: { allow: "GET, HEAD" } });
  }
  try {
    const probe = PROBES[pathOf(url)];
    return probe === undefined ? answerMetrics(method, source) : answer(method, probe(source.status()));
  } catch (error) {
    return answer(method, { statusCode: 500, body: { error: `the engine's state cannot be read: ${String(error)}` } });
  }
}

/** What Fastify hands over in place of node's own request and response. */
interface Wrapped<T> {
  readonly raw: T;
  hijack?(): unknown;
}

export type HealthHandler = (
  request: IncomingMessage | Wrapped<IncomingMessage>,
  response: ServerResponse | Wrapped<ServerResponse>,
  next?: unknown,
) => void;

/**
 * Mounts the probes on an application's own server: a listener for node:http, middleware for Express
 * (`app.use(handler)`: other paths go on to `next`), a route handler for Fastify (`fastify.get("/livez", handler)`).
 */
export function healthHandler(source: HealthSource, options: HealthHandlerOptions = {}): HealthHandler {
  return (wrappedRequest, wrappedResponse, next) => {
    const request = "raw" in wrappedRequest ? wrappedRequest.raw : wrappedRequest;
    const url = withoutPrefix(request.url ?? "/", options.prefix);
    if (typeof next === "function" && !isServed(url, source)) {
      next();
      return;
    }
    if ("raw" in wrappedResponse) wrappedResponse.hijack?.();
    const response = "raw" in wrappedResponse ? wrappedResponse.raw : wrappedResponse;
    const { statusCode, headers, body } = answerHealth(request.method ?? "GET", url, source);
    response.writeHead(statusCode, headers).end(body);
  };
}

/** The same for servers that speak Fetch: `app.get("/livez", (c) => handler(c.req.raw))`. */
export function healthFetchHandler(
  source: HealthSource,
  options: HealthHandlerOptions = {},
): (request: Request) => Response {
  return (request) => {
    const url = withoutPrefix(new URL(request.url).pathname, options.prefix);
    const { statusCode, headers, body } = answerHealth(request.method, url, source);
    return new Response(request.method === "HEAD" ? null : body, { status: statusCode, headers });
  };
}

/** Whether the request target names something that is answered here. */
function isServed(url: string, source: HealthSource): boolean {
  const path = pathOf(url);
  return Object.hasOwn(PROBES, path) || (path === METRICS_PATH && source.metrics !== undefined);
}

function pathOf(url: string): string {
  const query = url.search(/[?#]/);
  return query < 0 ? url : url.slice(0, query);
}

function withoutPrefix(url: string, prefix: string | undefined): string {
  return prefix !== undefined && url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url;
}

function answerMetrics(method: string, source: HealthSource): HealthAnswer {
  const text = renderPrometheus(source.metrics?.() ?? []);
  return written(method, { statusCode: 200, text, headers: { "content-type": PROMETHEUS_CONTENT_TYPE } });
}

interface Content {
  readonly statusCode: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

function answer(method: string, { statusCode, body, headers: own }: Content): HealthAnswer {
  // A broker's reason may quote its address.
  const text = JSON.stringify(body, (_key, value: unknown) => (typeof value === "string" ? redactText(value) : value));
  return written(method, { statusCode, text, headers: { "content-type": "application/json; charset=utf-8", ...own } });
}

interface Text {
  readonly statusCode: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

function written(method: string, { statusCode, text, headers: own }: Text): HealthAnswer {
  const headers = { "content-length": String(Buffer.byteLength(text)), "cache-control": "no-store", ...own };
  return { statusCode, headers, body: method === "HEAD" ? "" : text };
}
