import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { InvalidMessageError } from "../../../src/errors.ts";
import { checkUtf8, decode, encode, mayHideInvalidUtf8 } from "../../../src/message/codec.ts";
import type { Message, OutgoingMessage } from "../../../src/message/message.ts";

const ORIGIN = { stream: "order", entryId: "5-1" };
const LIMIT = 100_000;
const read = (...fields: string[]): Message => decode(fields, ORIGIN, LIMIT);
const structured = (event: unknown): Message =>
  read("event", typeof event === "string" ? event : JSON.stringify(event));

const text = fc.string({ unit: "binary", maxLength: 50 }).map((value) => value.toWellFormed());
const some = text.filter((value) => value.length > 0);
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const headerName = fc.stringMatching(/^x[a-z0-9]{1,10}$/);

const outgoing: fc.Arbitrary<OutgoingMessage> = fc.record({
  id: some,
  type: some,
  source: text,
  key: maybe(text),
  time: text,
  correlationId: text,
  causationId: maybe(text),
  traceparent: maybe(text),
  tracestate: maybe(text),
  schemaVersion: maybe(text),
  headers: fc.dictionary(headerName, text),
  data: fc
    .jsonValue({ maxDepth: 5, noUnicodeString: false })
    .filter((value) => !JSON.stringify(value).includes("__proto__")),
});

describe("a message", () => {
  it("is the same after the way through an entry", () => {
    fc.assert(
      fc.property(outgoing, (message) => {
        const { headers, data, ...attributes } = decode(encode(message), ORIGIN, 10_000_000);
        const { headers: sentHeaders, data: sentData, ...sent } = message;
        assert.deepEqual(attributes, { ...attributes, ...sent, ...ORIGIN });
        assert.deepEqual({ ...headers }, { ...sentHeaders });
        assert.deepEqual(data, JSON.parse(JSON.stringify(sentData)));
      }),
    );
  });

  it("of any other producer needs a type and data alone, and gets the same id on every delivery", () => {
    const message = read("type", "OrderPlaced", "data", '{"total":5}', "tenant", "acme");
    assert.deepEqual(
      [message.type, message.data, message.headers["tenant"], message.key],
      ["OrderPlaced", { total: 5 }, "acme", undefined],
    );
    assert.match(message.id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(message.correlationId, message.id);
    assert.equal(read("type", "T", "data", "1").id, message.id);
    assert.notEqual(decode(["type", "T", "data", "1"], { ...ORIGIN, entryId: "5-2" }, LIMIT).id, message.id);
  });

  it("may have an `event` field among others: that is binary mode", () => {
    assert.equal(read("event", "mine", "type", "T", "data", "1").headers["event"], "mine");
  });
});

describe("what is refused as invalid", () => {
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  const wide = Array.from({ length: 65 }, (_, i) => [`f${i}`, "v"]).flat();
  const base = { specversion: "1.0", type: "T", data: 1 };
  const REFUSED: readonly (readonly [string, () => unknown])[] = [
    ["no JSON", () => structured("{")],
    ["nothing", () => structured("")],
    ["a JSON that is no object", () => structured([])],
    ["null", () => structured("null")],
    ["another specversion", () => structured({ ...base, specversion: "0.3" })],
    ["no data", () => structured({ specversion: "1.0", type: "T" })],
    ["no type", () => structured({ ...base, type: undefined })],
    ["an empty type", () => structured({ ...base, type: "" })],
    ["a type that is no text", () => structured({ ...base, type: {} })],
    ["a header that is no text", () => structured({ ...base, tenant: [1] })],
    ["an attribute beyond its length", () => structured({ ...base, subject: "k".repeat(4097) })],
    [
      "a prototype in the data",
      () => structured('{"specversion":"1.0","type":"T","data":{"a":{"__proto__":{"x":1}}}}'),
    ],
    ["data nested too deep", () => read("type", "T", "data", deep(65))],
    ["data nested absurdly deep", () => read("type", "T", "data", deep(40_000))],
    ["binary without type", () => read("data", "1")],
    ["binary without data", () => read("type", "T")],
    ["binary data that is no JSON", () => read("type", "T", "data", "hello")],
    ["a field that is there twice", () => read("type", "T", "data", "1", "type", "U")],
    ["a field __proto__", () => read("type", "T", "data", "1", "__proto__", "x")],
    ["too many fields", () => read("type", "T", "data", "1", ...wide)],
    ["too many bytes", () => read("type", "T", "data", `"${"é".repeat(LIMIT / 2)}"`)],
    ["an entry without fields", () => read()],
  ];
  for (const [what, attempt] of REFUSED) {
    it(what, () => assert.throws(attempt, InvalidMessageError));
  }

  it("and nothing else: whatever the fields are, it is a message or an InvalidMessageError", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.oneof(text, fc.constantFrom("event", "type", "data", "subject")), fc.oneof(text, fc.json())),
          { maxLength: 6 },
        ),
        (pairs) => {
          try {
            assert.equal(typeof decode(pairs.flat(), ORIGIN, LIMIT).type, "string");
          } catch (error) {
            assert.ok(error instanceof InvalidMessageError, String(error));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("but not what is just within the limits", () => {
    assert.deepEqual(read("type", "T", "data", deep(64)).type, "T");
    assert.equal(structured({ ...base, subject: "k".repeat(4096) }).key?.length, 4096);
    assert.equal(structured({ ...base, data: null }).data, null);
    assert.equal(structured({ ...base, subject: 17 }).key, "17");
  });

  it("reaches no prototype", () => {
    const message = structured('{"specversion":"1.0","type":"T","data":1,"__proto__x":"y","constructor":"c"}');
    assert.equal(message.headers["constructor"], "c");
    assert.equal(Object.getPrototypeOf(message.headers), null);
  });
});

describe("UTF-8", () => {
  it("is checked only where a replacement character shows, and exactly", () => {
    assert.equal(mayHideInvalidUtf8(["type", "é"]), false);
    assert.equal(mayHideInvalidUtf8(["type", "a\uFFFDb"]), true);
    checkUtf8([Buffer.from("a\uFFFDb é 👩‍🚀"), Buffer.alloc(0)]);
    assert.throws(() => checkUtf8([Buffer.from("ok"), Buffer.from([0xc3, 0x28])]), InvalidMessageError);
  });
});
