import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRedisUri, type RedisUri } from "../../../src/primitives/redis-uri.ts";

function uri(text: string): RedisUri {
  const result = parseRedisUri(text);
  assert.ok(result.kind === "uri", `${text}: ${result.kind === "fault" ? result.fault : ""}`);
  return result.uri;
}

test("a URI of one server", () => {
  assert.deepEqual(uri("rediss://us%40er:p%2Fw@h:6380/3?family=6"), {
    kind: "single",
    isTls: true,
    username: "us@er",
    password: "p/w",
    hosts: [{ host: "h", port: 6380 }],
    primaryName: null,
    database: 3,
    family: 6,
  });
  assert.deepEqual(uri("REDIS://[::1]").hosts, [{ host: "::1", port: 6379 }]);
  assert.deepEqual([uri("redis://:pw@h").username, uri("redis://:pw@h").password], [null, "pw"]);
  assert.equal(uri("redis://h?password=pw&db=2").database, 2);
});

test("a URI of sentinels", () => {
  assert.deepEqual(uri("redis+sentinel://u:p@a,b:1/main/2"), {
    kind: "sentinel",
    isTls: false,
    username: "u",
    password: "p",
    hosts: [
      { host: "a", port: 26_379 },
      { host: "b", port: 1 },
    ],
    primaryName: "main",
    database: 2,
    family: null,
  });
});

test("a URI of a cluster", () => {
  const { kind, isTls, hosts } = uri("rediss+cluster://a:7000,[fe80::1]:7001");
  assert.deepEqual(
    { kind, isTls, hosts },
    {
      kind: "cluster",
      isTls: true,
      hosts: [
        { host: "a", port: 7000 },
        { host: "fe80::1", port: 7001 },
      ],
    },
  );
});

test("faults say what is wrong and never quote", () => {
  for (const text of [
    "",
    "secret",
    "redis://",
    "redis://u:secret@",
    "redis://h:secret",
    "redis://h/secret",
    "redis://h?secret=1",
    "redis://h#secret",
    "redis+cluster://h/secret",
    "redis+sentinel://h",
    "redis://u:%secret@h",
  ]) {
    const result = parseRedisUri(text);
    assert.ok(result.kind === "fault", text);
    assert.doesNotMatch(result.fault, /secret/);
  }
});
