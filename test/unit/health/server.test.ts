import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { pino } from "pino";
import { answerHealth, healthFetchHandler, healthHandler } from "../../../src/health/handler.ts";
import { createHealthServer, type HealthServer } from "../../../src/health/server.ts";
import type { EngineStatus } from "../../../src/health/status.ts";
import { createStatus } from "./engine-status.ts";

const log = pino({ level: "silent" });
const soon = (): number => performance.now() + 500;
const never = new AbortController().signal;

async function started(
  t: TestContext,
  status: () => EngineStatus = createStatus,
): Promise<HealthServer & { url: string }> {
  const server = createHealthServer({ host: "127.0.0.1", port: 0, source: { status }, log });
  await server.start(never);
  t.after(() => server.stop(performance.now()));
  return Object.assign(server, { url: server.address()?.url ?? "" });
}

describe("the health server", () => {
  it("answers both liveness paths and readiness, whatever the query", async (t) => {
    const { url } = await started(t, () => createStatus({ state: "stopping" }));
    const codes = await Promise.all(
      ["/livez", "/healthz?verbose", "/readyz?x=1"].map(async (path) => (await fetch(url + path)).status),
    );
    assert.deepEqual(codes, [200, 200, 503]);
  });

  it("answers HEAD like GET without a body, other methods with 405, other paths with JSON and 404", async (t) => {
    const { url } = await started(t);
    const head = await fetch(`${url}/readyz`, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    const post = await fetch(`${url}/readyz`, { method: "POST", body: "x" });
    assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
    const other = await fetch(`${url}/metricz`);
    assert.deepEqual([other.status, ((await other.json()) as { error: string }).error], [404, "not found"]);
  });

  it("answers 500 when the state cannot be read, and lives on", async (t) => {
    const { url } = await started(t, () => {
      throw new Error("broken");
    });
    assert.equal((await fetch(`${url}/livez`)).status, 500);
    assert.equal((await fetch(`${url}/livez`)).status, 500);
  });

  it("never shows a password that a broker's reason quotes", async (t) => {
    const reason = "cannot reach redis://user:s3cret@host:1";
    const { url } = await started(t, () => createStatus({ brokers: { default: { kind: "down", reason } } }));
    const text = await (await fetch(`${url}/readyz`)).text();
    assert.match(text, /redis:\/\/user:\*\*\*@host/);
    assert.doesNotMatch(text, /s3cret/);
  });

  it("says which port is taken and what to do", async (t) => {
    const { url } = await started(t);
    const port = Number(new URL(url).port);
    const second = createHealthServer({ host: "127.0.0.1", port, source: { status: createStatus }, log });
    await assert.rejects(second.start(never), {
      code: "ENGINE_PORT_IN_USE",
      message: new RegExp(`127\\.0\\.0\\.1:${port}`),
    });
    await second.stop(soon());
  });

  it("says that it cannot listen on an address that is not this machine's", async () => {
    const server = createHealthServer({ host: "192.0.2.1", port: 0, source: { status: createStatus }, log });
    await assert.rejects(server.start(never), { code: "ENGINE_PORT_UNUSABLE" });
    await server.stop(soon());
  });

  it("refuses headers over 16 KiB", async (t) => {
    const { url } = await started(t);
    assert.equal((await fetch(`${url}/livez`, { headers: { "x-big": "x".repeat(20_000) } })).status, 431);
  });

  it("can be stopped before its start, twice, and at once from two sides; then its port is free", async (t) => {
    const server = createHealthServer({ host: "127.0.0.1", port: 0, source: { status: createStatus }, log });
    await server.stop(soon());
    await server.start(never);
    const port = server.address()?.port ?? 0;
    await Promise.all([server.stop(soon()), server.stop(soon())]);
    await server.stop(soon());
    assert.equal(server.address(), null);
    const next = createServer().listen(port, "127.0.0.1");
    t.after(() => next.close());
    await once(next, "listening");
  });

  it("cuts a request that does not end when the deadline has come", async () => {
    const server = createHealthServer({ host: "127.0.0.1", port: 0, source: { status: createStatus }, log });
    await server.start(never);
    const socket: Socket = connect(server.address()?.port ?? 0, "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write("GET /livez HTTP/1.1\r\nHost: x\r\n");
    const startedAt = performance.now();
    await server.stop(performance.now() + 50);
    assert.ok(performance.now() - startedAt < 2_000);
  });
});

describe("healthHandler", () => {
  it("serves node:http, and hands other paths on to the next middleware", async (t) => {
    const handle = healthHandler({ status: createStatus });
    const server = createServer((request, response) => handle(request, response, () => response.writeHead(204).end()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close().closeAllConnections());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.deepEqual([(await fetch(`${url}/livez`)).status, (await fetch(`${url}/orders`)).status], [200, 204]);
  });

  it("serves Fastify's wrapped request and reply, taking the reply over", async (t) => {
    let hijacked = 0;
    const handle = healthHandler({ status: createStatus }, { prefix: "/ops" });
    const server = createServer((raw, rawResponse) =>
      handle({ raw }, { raw: rawResponse, hijack: () => (hijacked += 1) }),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close().closeAllConnections());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ops/readyz`;
    const response = await new Promise<IncomingMessage>((resolve) => httpRequest(url, resolve).end());
    assert.deepEqual([response.statusCode, hijacked], [200, 1]);
    response.resume();
  });

  it("serves Fetch", async () => {
    const response = healthFetchHandler({ status: () => createStatus({ state: "starting" }) })(
      new Request("http://x/readyz?a"),
    );
    assert.equal(response.status, 503);
    assert.equal(((await response.json()) as { status: string }).status, "unavailable");
  });

  it("knows no path by the name of an object's own property", () => {
    assert.equal(answerHealth("GET", "constructor", { status: createStatus }).statusCode, 404);
    assert.equal(answerHealth("GET", "/__proto__", { status: createStatus }).statusCode, 404);
  });
});
