import assert from "node:assert/strict";
import { test } from "node:test";
import { slotOf } from "../../../../src/adapters/redis/cluster.ts";
import { deadLetterStream, historyKey, replayStream } from "../../../../src/message/names.ts";

test("slots are those of the Redis Cluster specification", () => {
  // As CLUSTER KEYSLOT answers.
  const known: Record<string, number> = {
    "123456789": 12_739,
    foo: 12_182,
    "{foo}": 12_182,
    "a{foo}b{bar}": 12_182,
    bar: 5061,
    "{bar": 4015,
    "{{bar}}": 4015,
    "": 0,
    "a{}b{c}": 7353,
    größe: 9425,
  };
  for (const [key, slot] of Object.entries(known)) assert.equal(slotOf(key), slot, key);
});

test("every companion key of a stream has the stream's slot", () => {
  for (const stream of ["order", "{tenant}order", "order:0"]) {
    const companions = [
      deadLetterStream(stream, "g"),
      replayStream(stream, "g"),
      historyKey(stream, "g", "main"),
      historyKey(stream, "g", "replay"),
    ];
    for (const key of companions) assert.equal(slotOf(key), slotOf(stream), key);
  }
});
