import assert from "node:assert/strict";
import { describe, it, mock, afterEach } from "node:test";
import {
  CLOSED,
  createCircuitBreaker,
  transition,
  type Circuit,
  type CircuitEvent,
} from "../../../src/consume/circuit-breaker.ts";

const THRESHOLD = 3;
const closed = (failures: number): Circuit => ({ state: "closed", failures, failedProbes: 0 });
const open = (failedProbes: number): Circuit => ({ state: "open", failures: 3, failedProbes });
const halfOpen = (failedProbes: number): Circuit => ({ state: "half_open", failures: 3, failedProbes });

const TABLE: readonly (readonly [Circuit, CircuitEvent, Circuit])[] = [
  [closed(0), "success", closed(0)],
  [closed(2), "success", closed(0)],
  [closed(0), "failure", closed(1)],
  [closed(1), "failure", closed(2)],
  [closed(2), "failure", open(0)],
  [closed(2), "reset_due", closed(2)],
  [open(0), "success", open(0)],
  [open(1), "failure", open(1)],
  [open(1), "reset_due", halfOpen(1)],
  [halfOpen(2), "success", closed(0)],
  [halfOpen(2), "failure", open(3)],
  [halfOpen(2), "reset_due", halfOpen(2)],
];

describe("the circuit's transitions", () => {
  for (const [from, event, to] of TABLE) {
    it(`${from.state} (${from.failures}/${from.failedProbes}) on ${event} is ${to.state}`, () => {
      assert.deepEqual(transition(from, event, THRESHOLD), to);
    });
  }

  it("open at the first failure with a threshold of 1", () => {
    assert.equal(transition(CLOSED, "failure", 1).state, "open");
  });
});

describe("a circuit breaker", () => {
  afterEach(() => mock.timers.reset());

  it("tells of changes of state alone, and half-opens once its time has passed", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const states: string[] = [];
    const breaker = createCircuitBreaker({ threshold: 2, resetMs: 1000, onChange: ({ state }) => states.push(state) });
    for (const event of ["failure", "success", "failure", "failure", "failure"] as const) breaker.record(event);
    assert.deepEqual(states, ["open"]);
    mock.timers.tick(999);
    assert.equal(breaker.circuit.state, "open");
    mock.timers.tick(1);
    breaker.record("failure");
    mock.timers.tick(1000);
    breaker.record("success");
    assert.deepEqual(states, ["open", "half_open", "open", "half_open", "closed"]);
  });

  it("that is closed leaves no timer, also when it opens afterwards", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const states: string[] = [];
    const breaker = createCircuitBreaker({ threshold: 1, resetMs: 1000, onChange: ({ state }) => states.push(state) });
    breaker.close();
    breaker.record("failure");
    mock.timers.tick(10_000);
    assert.deepEqual(states, ["open"]);
  });
});
