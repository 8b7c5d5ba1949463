import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { stringify } from "smol-toml";
import { locateKeys } from "../../../src/config/lines.ts";

const DOCUMENT = `# comment with [table] and a = 1
title = "x" # line 2
a.b.c = 1
"quoted key".'other.key' = 2
text = """
[not.a.table]
not_a_key = 1 \\""" still
""" # line 8

[ first . "sec.ond" ]# line 10
key=1
list = [ # line 12
  "a # b", [1, 2],
  { inner = "]" },
]
after_list = { x = 1, y.z = 'literal }', w = [ { v = 2 } ] } # line 16

[[array]]
one = 1
[[array]]
two = 2
raw = '''
one = "no"
'''''
last = 1979-05-27 07:32:00 # line 25
[first.third]
[first]
direct = true
"\\u0061\\"b" = 1
`;

describe("the line of a key", () => {
  const lineOf = locateKeys(DOCUMENT);
  const expected: readonly (readonly [readonly string[], number])[] = [
    [["title"], 2],
    [["a"], 3],
    [["a", "b", "c"], 3],
    [["quoted key", "other.key"], 4],
    [["text"], 5],
    [["first", "sec.ond"], 10],
    [["first", "sec.ond", "key"], 11],
    [["first", "sec.ond", "list"], 12],
    [["first", "sec.ond", "list", "inner"], 14],
    [["first", "sec.ond", "after_list"], 16],
    [["first", "sec.ond", "after_list", "y", "z"], 16],
    [["first", "sec.ond", "after_list", "w", "v"], 16],
    [["array"], 18],
    [["array", "one"], 19],
    [["array", "two"], 21],
    [["array", "raw"], 22],
    [["array", "last"], 25],
    [["first", "third"], 26],
    [["first"], 27],
    [["first", "direct"], 28],
    [["first", 'a"b'], 29],
  ];
  for (const [path, line] of expected) {
    test(`${path.join(" / ")} is on line ${line}`, () => assert.equal(lineOf(path), line));
  }

  test("a key that is not there has the line of the table around it, or none", () => {
    assert.equal(lineOf(["first", "third", "missing"]), 26);
    assert.equal(lineOf(["missing"]), null);
    assert.equal(lineOf(["not_a_key"]), null);
    assert.equal(lineOf([]), null);
  });

  test("line ends of both kinds, and no line end at the end", () => {
    assert.equal(locateKeys("a = 1\r\n[b]\r\nc = 2")(["b", "c"]), 3);
  });

  test("each key of any document is on the line that writes it", () => {
    const name = fc.oneof(fc.constantFrom("a", "b-c", "x.y", "q\"'", "#", "[z]", ""), fc.string({ maxLength: 4 }));
    const value = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
    );
    const table = fc.dictionary(name, fc.oneof(value, fc.dictionary(name, value, { maxKeys: 3 })), { maxKeys: 4 });
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(value, table), { maxKeys: 4 }), (source) => {
        let line = 0;
        // Each leaf gets a number that is then looked for on the line that was found.
        const numbered = numberLeaves(source, () => (line += 1));
        const toml = stringify(numbered);
        const locate = locateKeys(toml);
        const lines = toml.split("\n");
        for (const [path, marker] of leavesOf(numbered)) {
          const found = locate(path);
          assert.ok(found !== null && lines[found - 1]?.includes(`= ${marker}`), `${JSON.stringify(path)} in\n${toml}`);
        }
      }),
      { numRuns: 300 },
    );
  });
});

type Numbered = { [key: string]: number | Numbered };

function numberLeaves(source: object, next: () => number): Numbered {
  return Object.fromEntries(
    Object.entries(source).map(([key, value]: [string, unknown]) => [
      key,
      typeof value === "object" && value !== null && !Array.isArray(value) ? numberLeaves(value, next) : 1000 + next(),
    ]),
  );
}

function leavesOf(source: Numbered, path: readonly string[] = []): readonly (readonly [readonly string[], number])[] {
  return Object.entries(source).flatMap(([key, value]) =>
    typeof value === "number" ? [[[...path, key], value] as const] : leavesOf(value, [...path, key]),
  );
}
