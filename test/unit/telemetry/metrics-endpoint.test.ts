import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerHealth } from "../../../src/health/handler.ts";
import type { HealthSource } from "../../../src/health/probes.ts";
import { readMetrics } from "../../../src/telemetry/metrics.ts";
import { createStatus } from "../health/engine-status.ts";
import { createSnapshot } from "./snapshot.ts";

const source: HealthSource = { status: () => createStatus(), metrics: () => readMetrics(createSnapshot()) };

describe("GET /metrics", () => {
  test("answers Prometheus text, whatever the query", () => {
    const { statusCode, headers, body } = answerHealth("GET", "/metrics?collect=all", source);
    assert.equal(statusCode, 200);
    assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(headers["content-length"], String(Buffer.byteLength(body)));
    assert.match(body, /^engine_up 1$/m);
  });

  test("has no body for HEAD, and refuses what is neither", () => {
    assert.equal(answerHealth("HEAD", "/metrics", source).body, "");
    assert.equal(answerHealth("POST", "/metrics", source).statusCode, 405);
  });

  test("is not there where the source has no metrics: an application's own stays reachable", () => {
    assert.equal(answerHealth("GET", "/metrics", { status: () => createStatus() }).statusCode, 404);
  });

  test("says 500 when reading them throws", () => {
    const broken: HealthSource = {
      ...source,
      metrics() {
        throw new Error("no");
      },
    };
    assert.equal(answerHealth("GET", "/metrics", broken).statusCode, 500);
  });
});
