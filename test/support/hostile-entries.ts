/** Entries as no well-meaning producer writes them: one maker for each class, names and values as bytes. */

/** What the contract says becomes of it. */
export type Fate = "dead" | "unhandled" | "handled";

export interface HostileClass {
  readonly name: string;
  readonly fate: Fate;
  /** Names and values of the `n`-th one. */
  readonly make: (n: number) => readonly (string | Buffer)[];
}

const DEPTH = 100_000;
const DEEP = "[".repeat(DEPTH) + "]".repeat(DEPTH);
const MAGIC = "\0packed\0";

function dataOf(n: number, more: object = {}): string {
  return JSON.stringify({ n, does: "end", ...more });
}

function withData(data: string | Buffer): readonly (string | Buffer)[] {
  return ["type", "Job", "data", data];
}

function withType(n: number, type: string): readonly string[] {
  return ["type", type, "data", dataOf(n)];
}

function event(n: number, more: object = {}): readonly string[] {
  return [
    "event",
    JSON.stringify({ specversion: "1.0", id: `id-${n}`, type: "Job", data: { n, does: "end" }, ...more }),
  ];
}

/** A JSON text with bytes in the place of `@`. */
function withBytes(n: number, bytes: readonly number[]): Buffer {
  const [before = "", after = ""] = dataOf(n, { only: "@" }).split("@");
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}

function many(n: number, count: number): readonly string[] {
  const fields = [...withType(n, "Job")];
  for (let i = 0; i < count - 2; i += 1) fields.push(`x${i}`, "1");
  return fields;
}

function dead(name: string, make: HostileClass["make"]): HostileClass {
  return { name, fate: "dead", make };
}

export const HOSTILE_CLASSES: readonly HostileClass[] = [
  dead("data is an array", () => withData("[1,2]")),
  dead("data is null", () => withData("null")),
  dead("a field has the wrong type", (n) => withData(`{"n":"${n}","does":"end"}`)),
  dead("a number beyond all bounds", () => withData('{"n":1e400,"does":"end"}')),
  dead("truncated JSON", (n) => withData(dataOf(n).slice(0, -4))),
  dead("no JSON at all", () => withData("OrderPlaced: 5")),
  dead("a NUL byte in JSON", (n) => withData(dataOf(n).replace("end", "e\0nd"))),
  dead("invalid UTF-8 in a value", (n) => withData(withBytes(n, [0xff, 0xfe]))),
  dead("a lone surrogate as bytes", (n) => withData(withBytes(n, [0xed, 0xa0, 0x80]))),
  dead("invalid UTF-8 in the type", (n) => ["type", Buffer.from([0x4a, 0xff]), "data", dataOf(n)]),
  dead("invalid UTF-8 in a field's name", (n) => [...withType(n, "Job"), Buffer.from([0xff]), "x"]),
  dead("100,000 levels deep", () => withData(DEEP)),
  dead("an event 100,000 levels deep", () => ["event", `{"specversion":"1.0","type":"Job","data":${DEEP}}`]),
  dead("a field of 1 MB", (n) => withData(dataOf(n, { only: "x".repeat(1_000_000) }))),
  dead("__proto__ in the data", (n) => withData(`{"n":${n},"does":"end","__proto__":{"only":"x"}}`)),
  dead("__proto__ escaped", (n) => withData(`{"n":${n},"does":"end","\\u005f_proto__":{"only":"x"}}`)),
  dead("__proto__ as a field", (n) => [...withType(n, "Job"), "__proto__", "x"]),
  dead("__proto__ as an attribute of an event", (n) => [
    "event",
    event(n)[1]?.replace("{", '{"__proto__":{"data":1},') ?? "",
  ]),
  dead("5,000 fields", (n) => many(n, 5000)),
  dead("65 fields", (n) => many(n, 65)),
  dead("an empty field", () => ["", ""]),
  dead("a field twice", (n) => [...withType(n, "Job"), "data", dataOf(n)]),
  dead("no data", () => ["type", "Job"]),
  dead("no type", (n) => ["data", dataOf(n)]),
  dead("an empty type", (n) => withType(n, "")),
  dead("a type of 10 KB", (n) => withType(n, "T".repeat(10_240))),
  dead("a key of 10 KB", (n) => [...withType(n, "Job"), "subject", "k".repeat(10_240)]),
  dead("an event that is an array", () => ["event", "[]"]),
  dead("an event of another version", (n) => event(n, { specversion: "2.0" })),
  dead("an event whose type is an object", (n) => event(n, { type: { toString: "Job" } })),
  dead("an event whose id is an array", (n) => event(n, { id: ["a"] })),
  dead("an event with a field beside it", (n) => [...event(n), "x", "y"]),
  dead("a field named failure", () => ["data", "x", "failure", '{"reason":"expired","error":{},"replays":7}']),
  dead("a field named replay", () => [
    "data",
    "x",
    "replay",
    '{"replayOf":"1-1","replays":9,"entryId":"1-1","stream":"no"}',
  ]),
  dead("what looks packed", (n) => ["packed", `${MAGIC}4:type3:Job4:data${dataOf(n).length}:${dataOf(n)}`]),
  dead("what looks packed and is not", () => ["packed", `${MAGIC}99999:x`]),
  { name: "a type named __proto__", fate: "unhandled", make: (n) => withType(n, "__proto__") },
  { name: "a type named constructor", fate: "unhandled", make: (n) => withType(n, "constructor") },
  { name: "a type with a NUL byte", fate: "unhandled", make: (n) => withType(n, "Job\0") },
  { name: "an event whose type is a number", fate: "unhandled", make: (n) => event(n, { type: 5 }) },
  {
    name: "a lone surrogate, escaped",
    fate: "handled",
    make: (n) => withData(dataOf(n).replace("}", ',"only":"\\ud800"}')),
  },
  { name: "a real replacement character", fate: "handled", make: (n) => withData(dataOf(n, { only: "\uFFFD" })) },
  { name: "a key of NUL bytes", fate: "handled", make: (n) => [...withType(n, "Job"), "subject", "\0\0"] },
];
