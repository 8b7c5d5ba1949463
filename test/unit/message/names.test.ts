import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import {
  categoryOf,
  deadLetterPrefix,
  deadLetterStream,
  historyKey,
  isValidName,
  leaseName,
  replayStream,
} from "../../../src/message/names.ts";

/** Redis Cluster's slot of a key: CRC16 (XMODEM) of its hash tag, modulo 16384. */
function slotOf(key: string): number {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  const hashed = Buffer.from(close > open + 1 ? key.slice(open + 1, close) : key);
  let crc = 0;
  for (const byte of hashed) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc % 16_384;
}

const plain = fc.stringMatching(/^[\w.:-]{1,20}$/);
const stream = fc.oneof(
  plain,
  fc.tuple(plain, plain, fc.stringMatching(/^[\w.:-]{0,10}$/)).map(([a, tag, b]) => `${a}{${tag}}${b}`),
);
const subscription = fc.oneof(
  plain,
  fc.tuple(plain, plain).map(([a, b]) => `${a}.{${b}}`),
);

describe("companion keys", () => {
  it("hash as the specification says (the checksum of this test)", () => {
    assert.deepEqual([slotOf("123456789"), slotOf("foo{hash_tag}"), slotOf("hash_tag")], [12_739, 2515, 2515]);
  });

  it("are in their stream's cluster slot, whatever the names", () => {
    fc.assert(
      fc.property(stream, subscription, (name, group) => {
        assert.ok(isValidName(name));
        const keys = [
          deadLetterStream(name, group),
          replayStream(name, group),
          historyKey(name, group, "main"),
          historyKey(name, group, "replay"),
        ];
        for (const key of keys) assert.equal(slotOf(key), slotOf(name), key);
        assert.equal(new Set([name, ...keys]).size, 5);
        assert.ok(keys[0]?.startsWith(deadLetterPrefix(name)));
      }),
    );
  });

  it("read as the contract writes them", () => {
    assert.equal(deadLetterStream("order", "shop.AuditHandler"), "{order}:dlq:shop.AuditHandler");
    assert.equal(replayStream("order", "shop.AuditHandler"), "{order}:replay:shop.AuditHandler");
    assert.equal(deadLetterStream("{tenant}order", "shop.A"), "{tenant}order:dlq:shop.A");
    assert.equal(leaseName("shop", "keeper"), "{shop}:lease:keeper");
  });
});

describe("names", () => {
  it("are letters, digits and a few signs, with one hash tag at most", () => {
    for (const name of ["order", "order:0", "a.b-c_d", "{t}order", "x{t}y", "a".repeat(200)])
      assert.ok(isValidName(name), name);
    for (const name of ["", " ", "a b", "ordér", "a{", "a}", "{}a", "{a}{b}", "{{a}}", "a\n", "a*", "a".repeat(201)])
      assert.ok(!isValidName(name), name);
  });

  it("of a category come from the aggregate's", () => {
    assert.deepEqual(["Order", "OrderLine", "HTTPServer", "Order2Line"].map(categoryOf), [
      "order",
      "order_line",
      "httpserver",
      "order2_line",
    ]);
  });
});
