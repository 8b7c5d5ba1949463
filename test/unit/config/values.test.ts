import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONFIG_KEYS } from "../../../src/config/schema.ts";
import { faultsIn, load } from "./written.ts";

/** `key = value` at `path`, under names of its own. */
function write(path: string, value: string): string {
  const parts = path.replace("*", "default").split(".");
  return `[${parts.slice(0, -1).join(".")}]\n${parts.at(-1)} = ${value}\n`;
}

describe("every key of the table", () => {
  for (const spec of CONFIG_KEYS) {
    const named = spec.path.replace("*", "default");
    const faultsFor = (value: string): readonly string[] =>
      faultsIn(write(spec.path, value)).filter(
        (fault) => fault.startsWith(`domain.toml:2 ${named}: `) && !fault.includes(" comes to "),
      );

    test(`${spec.path} refuses what is of another type`, () => {
      const wrong = spec.type === "boolean" ? "1" : spec.type === "string" || spec.type === "profile" ? "1" : "true";
      assert.equal(faultsFor(wrong).length, 1);
      assert.equal(faultsFor("[1]").length, 1);
      assert.equal(faultsFor("{ a = 1 }").length, 1);
      assert.equal(faultsFor("1979-05-27").length, 1);
    });

    if (spec.type === "integer" || spec.type === "number") {
      test(`${spec.path} refuses what is out of range, and what is no finite number`, () => {
        for (const value of ["inf", "-inf", "nan", "-1", "9223372036854775807"])
          assert.equal(faultsFor(value).length, 1, value);
        if (spec.type === "integer") assert.equal(faultsFor("1.5").length, 1);
        if (spec.isMinExcluded === true) assert.equal(faultsFor("0").length, 1);
        if (spec.max !== undefined) assert.equal(faultsFor(String(spec.max + 1)).length, 1);
        if (spec.max !== undefined) assert.equal(faultsFor(String(spec.max)).length, 0);
        if (spec.min !== undefined && spec.isMinExcluded !== true) assert.equal(faultsFor(String(spec.min)).length, 0);
      });
    }

    if (spec.type === "string" || spec.type === "profile") {
      test(`${spec.path} refuses an empty text`, () => assert.equal(faultsFor('" "').length, 1));
    }
    if (spec.choices !== undefined) {
      test(`${spec.path} refuses what is no choice`, () => assert.equal(faultsFor('"no-such-choice"').length, 1));
    }
  }
});

describe("names", () => {
  const first = (toml: string): string => faultsIn(toml)[0] ?? "";

  test("a key in camelCase, with a prefix, or in the wrong table finds its name", () => {
    assert.match(first("[server.defaults]\nmessagesPerTick = 1\n"), /did you mean "messages_per_tick"\?/);
    assert.match(
      first('[brokers.default]\nprovider = "redis"\nuri = "redis://h"\nURI = "redis://h"\n'),
      /did you mean "URI"\?/,
    );
    assert.match(first('[server.subscriptions.X]\nsubscription_profile = "fast"\n'), /did you mean "profile"\?/);
    assert.match(first("[server]\nport = 1\n"), /did you mean "server\.health\.port"\?/);
    assert.match(first("[server]\nmessages_per_tick = 1\n"), /did you mean "server\.defaults\.messages_per_tick"\?/);
  });

  test("a key that is like no other gets the list of those there are", () => {
    assert.match(first("[logging]\nzzzzzz = 1\n"), /unknown key \(there are: level, format\)/);
  });

  test("a table where a value belongs, and the reverse", () => {
    assert.match(first("[server.health.port]\nx = 1\n"), /server\.health\.port: must be a value, is a table/);
    assert.match(first("server = 5\n"), /domain\.toml:1 server: must be a table, is an integer/);
    assert.match(
      first('[brokers]\nURI = "redis://h"\n'),
      /brokers\.URI: must be a table \[brokers\.NAME\], is a string/,
    );
    assert.match(first('[[brokers]]\nprovider = "memory"\n'), /domain\.toml:1 brokers: must be a table, is an array/);
  });

  test("subscriptions with dots in their names are quoted in paths", () => {
    assert.match(
      first('[server.subscriptions."shop.Audit"]\nconcurency = 1\n'),
      /server\.subscriptions\."shop\.Audit"\.concurency/,
    );
    assert.match(first('[server.subscriptions."a b"]\n'), /is not a usable name/);
  });
});

describe("contradictions", () => {
  const broker = (uri: string): readonly string[] =>
    faultsIn(`[brokers.default]\nprovider = "redis"\nURI = "${uri}"\n`);

  test("redis needs a URI, memory takes none, a provider is required", () => {
    assert.deepEqual(faultsIn('[brokers.default]\nprovider = "redis"\n'), [
      "domain.toml:1 brokers.default.URI: is required for redis",
    ]);
    assert.match(
      faultsIn('[brokers.default]\nprovider = "memory"\nURI = "redis://h"\n')[0] ?? "",
      /:3 .*not allowed for memory/,
    );
    assert.deepEqual(faultsIn('[brokers.default]\nURI = "redis://h"\n'), [
      "domain.toml:1 brokers.default.provider: is required",
    ]);
  });

  test("URLs of redis are accepted, others are not", () => {
    for (const uri of ["redis://h", "rediss://u:p@h:6380/3", "redis://[::1]:6379", "redis://h/0?family=6"]) {
      assert.deepEqual(broker(uri), [], uri);
    }
    for (const uri of ["h:6379", "http://h", "redis://", "redis://h:port", "redis://h/name"])
      assert.equal(broker(uri).length, 1, uri);
  });

  test("URLs of sentinels and clusters name their hosts, and sentinels their primary", () => {
    for (const uri of [
      "redis+sentinel://h/main",
      "rediss+sentinel://u:p@h:1,[::1]:2/main/3",
      "redis+cluster://h",
      "rediss+cluster://:p@h:1,h2:2/",
    ]) {
      assert.deepEqual(
        broker(uri).filter((fault) => /URI/.test(fault)),
        [],
        uri,
      );
    }
    const refused: [string, RegExp][] = [
      ["redis+sentinel://h:1", /must name the primary/],
      ["redis+sentinel://h:1/0", /must name the primary/],
      ["redis+sentinel://h:1,/main", /not a URL that can be read/],
      ["redis+cluster://h:1/1", /a cluster has database 0 alone/],
      ["redis://h:1,h:2", /names several hosts/],
      ["redis+other://h", /must be a redis:\/\/, /],
      ["redis://h?tls=false", /has a parameter other than/],
      ["redis://:secr%zzet@h", /percent-encode/],
    ];
    for (const [uri, says] of refused) {
      assert.match(broker(uri)[0] ?? "", says, uri);
      assert.doesNotMatch(broker(uri).join(), /secr/);
    }
  });

  test("keys that get into a Redis fit its URI and each other", () => {
    const keys = (uri: string, ...lines: string[]): readonly string[] =>
      faultsIn(`[brokers.default]\nprovider = "redis"\nURI = "${uri}"\n${lines.join("\n")}\n`);
    assert.deepEqual(
      keys(
        "rediss://h",
        'tls_ca_file = "a"',
        'tls_cert_file = "b"',
        'tls_key_file = "c"',
        'tls_server_name = "d"',
        'username = "u"',
        'password_file = "p"',
      ),
      [],
    );
    assert.deepEqual(keys("redis+sentinel://h/main", 'sentinel_username = "u"', 'sentinel_password_file = "p"'), []);
    assert.match(
      keys("redis://h", 'tls_ca_file = "a"')[0] ?? "",
      /:4 .*tls_ca_file: is set, and the URI is without TLS/,
    );
    assert.match(keys("rediss://h", 'tls_cert_file = "a"')[0] ?? "", /of no use without tls_key_file/);
    assert.match(keys("rediss://h", 'tls_key_file = "a"')[0] ?? "", /of no use without tls_cert_file/);
    assert.match(keys("redis://u:p@h", 'password_file = "p"')[0] ?? "", /the URI has a password too/);
    assert.match(keys("redis://u:p@h", 'username = "u"')[0] ?? "", /the URI names a user too/);
    assert.match(keys("redis://h", 'sentinel_password_file = "p"')[0] ?? "", /is for redis\+sentinel/);
    assert.match(faultsIn('[brokers.default]\nprovider = "memory"\npassword_file = "p"\n')[0] ?? "", /is for redis/);
  });

  test("brokers without a default one are refused", () => {
    assert.match(
      faultsIn('[brokers.other]\nprovider = "memory"\n')[0] ?? "",
      /brokers\.default: is required beside other/,
    );
  });

  test("the event store's database exists", () => {
    const database = '[databases.main]\nprovider = "sqlite"\ndatabase_uri = ":memory:"\n';
    assert.deepEqual(faultsIn(`${database}[event_store]\ndatabase = "main"\n`), []);
    assert.match(
      faultsIn(`${database}[event_store]\ndatabase = "mian"\n`)[0] ?? "",
      /is no name under \[databases\]; did you mean "main"\?/,
    );
  });

  test("an alert callback names a module and an export", () => {
    assert.equal(load('[server.dlq]\nalert_callback = "./a/b.js#on"\n').server.dlq.alertCallback, "./a/b.js#on");
    for (const value of ["./a.js", "#on", "./a.js#", "./a.js#a b"]) {
      assert.match(faultsIn(`[server.dlq]\nalert_callback = "${value}"\n`)[0] ?? "", /must be a module and an export/);
    }
  });

  test("retention of single streams stays partial", () => {
    const { streams } = load("[server.streams.order]\nretention_maxlen = 5\n[server.streams.item]\n").server;
    assert.deepEqual(streams, { order: { retentionMaxlen: 5 }, item: {} });
  });
});
