import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { traceIdsOf } from "../../../src/telemetry/tracing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("traceIdsOf", () => {
  test("takes a traceparent apart", () => {
    assert.deepEqual(traceIdsOf(`00-${TRACE}-${SPAN}-01`), { traceId: TRACE, spanId: SPAN, isSampled: true });
    assert.equal(traceIdsOf(`00-${TRACE}-${SPAN}-00`)?.isSampled, false);
    assert.equal(traceIdsOf(`00-${TRACE}-${SPAN}-03`)?.isSampled, true, "other flags do not matter");
    assert.equal(traceIdsOf(`01-${TRACE}-${SPAN}-01-more`)?.traceId, TRACE, "a later version may go on");
  });

  test("ignores what is none", () => {
    const none = [
      undefined,
      "",
      "nonsense",
      `ff-${TRACE}-${SPAN}-01`,
      `00-${"0".repeat(32)}-${SPAN}-01`,
      `00-${TRACE}-${"0".repeat(16)}-01`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}`,
      `00-${TRACE}-${SPAN}-011`,
    ];
    for (const traceparent of none) assert.equal(traceIdsOf(traceparent), null, traceparent);
  });
});
