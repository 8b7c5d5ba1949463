import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { compareEntryIds } from "../../../src/message/entry-id.ts";

const part = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const id = fc.tuple(part, part);
const written = ([ms, seq]: readonly [bigint, bigint]): string => `${ms}-${seq}`;

describe("entry ids", () => {
  it("compare as the two 64-bit numbers they are, exactly", () => {
    fc.assert(
      fc.property(
        id,
        fc.oneof(
          id,
          id.map(([ms, seq]) => [ms, seq / 2n] as [bigint, bigint]),
        ),
        (a, b) => {
          const expected = a[0] === b[0] ? (a[1] < b[1] ? -1 : Number(a[1] > b[1])) : a[0] < b[0] ? -1 : 1;
          assert.equal(compareEntryIds(written(a), written(b)), expected);
          assert.equal(compareEntryIds(written(b), written(a)), -expected || 0);
        },
      ),
    );
  });

  it("beyond what a double can tell apart", () => {
    assert.equal(compareEntryIds("9007199254740993-0", "9007199254740992-0"), 1);
    assert.equal(
      compareEntryIds("18446744073709551615-18446744073709551615", "18446744073709551615-18446744073709551614"),
      1,
    );
  });

  it("count a missing sequence as 0", () => {
    assert.equal(compareEntryIds("5", "5-0"), 0);
    assert.equal(compareEntryIds("5", "5-1"), -1);
  });
});
