import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { redactText, redactUrl } from "../../../src/config/redact.ts";

describe("a URL", () => {
  const cases: Readonly<Record<string, string>> = {
    "redis://:pw@h:6379/0": "redis://:***@h:6379/0",
    "redis://user:pw@h": "redis://user:***@h",
    "redis://token@h": "redis://***@h",
    "redis://:p@ss/w#rd?@h:1": "redis://:***@h:1",
    "redis://h:6379": "redis://h:6379",
    "rediss://h?password=pw&db=1": "rediss://h?password=***&db=1",
    "postgresql://u:p:w@h/db": "postgresql://u:***@h/db",
    ":memory:": ":memory:",
    "./data/shop.db": "./data/shop.db",
    hunter2: "***",
    "user:pw@h": "***",
  };
  for (const [url, expected] of Object.entries(cases)) {
    test(`${url} is shown as ${expected}`, () => assert.equal(redactUrl(url), expected));
  }
});

describe("a text", () => {
  const cases: Readonly<Record<string, string>> = {
    "connect redis://:pw@h:1 failed, redis://u:pw@i too": "connect redis://:***@h:1 failed, redis://u:***@i too",
    '{"uri":"redis://:p@w/x@h","n":1}': '{"uri":"redis://:***@h","n":1}',
    "see http://host:8080/a@b and https://x.io/@scope/pkg": "see http://host:8080/a@b and https://x.io/@scope/pkg",
    "mail a@b.c": "mail a@b.c",
    "?api_key=abc&x=1 password=pw": "?api_key=***&x=1 password=***",
    "file:///srv/node_modules/@scope/pkg/index.js:1:2": "file:///srv/node_modules/@scope/pkg/index.js:1:2",
    "author=me": "author=me",
  };
  for (const [text, expected] of Object.entries(cases)) {
    test(`${text} becomes ${expected}`, () => assert.equal(redactText(text), expected));
  }

  test("redacting twice changes nothing more", () => {
    for (const text of Object.keys(cases)) assert.equal(redactText(redactText(text)), redactText(text));
  });

  test("a line of JSON stays JSON, whatever its strings hold", () => {
    const piece = fc.oneof(
      fc.constantFrom("redis://:p", "@h", "password=", "\\", '"', "\n", " ", "token=a"),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        JSON.parse(redactText(JSON.stringify({ msg: pieces.join(""), after: 1 })));
      }),
      { numRuns: 2000 },
    );
  });

  test("a long text without blanks takes no long time", () => {
    const startedAt = performance.now();
    for (const part of ["a.", "a-b+", "x://", "a=,", "token_"]) redactText(part.repeat(50_000));
    assert.ok(performance.now() - startedAt < 2000);
  });
});
