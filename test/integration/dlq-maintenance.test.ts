import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, mock, test } from "node:test";
import type { Redis } from "ioredis";
import type { DlqAlert } from "../../src/index.ts";
import { startRig, type Rig, type RigHandler } from "../support/engine-rig.ts";
import { startCli } from "../support/operator-cli.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { openControl } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

const HOUR_MS = 3_600_000;

let server: RedisServer;
let redis: Redis;
let dir: string;

before(async () => {
  server = await startRedis();
  redis = openControl(server.url);
  dir = mkdtempSync(join(tmpdir(), "engine-alerts-"));
});
after(async () => {
  redis.disconnect();
  await server.stop();
  rmSync(dir, { recursive: true });
});

const dlqOf = (stream: string, handler: string): string => `{${stream}}:dlq:shop.${handler}`;

/** Dead letters of such ages, oldest first, by the server's clock. */
async function bury(stream: string, handler: string, agesHours: readonly number[]): Promise<string[]> {
  const [seconds] = await redis.time();
  const failure = JSON.stringify({ reason: "permanent_error", error: { name: "Error", message: "m" } });
  const ids: string[] = [];
  for (const [index, hours] of agesHours.entries()) {
    const id = `${Math.round(Number(seconds) * 1000 - hours * HOUR_MS)}-${index}`;
    ids.push(String(await redis.xadd(dlqOf(stream, handler), id, "type", "Noted", "data", "{}", "failure", failure)));
  }
  return ids;
}

async function idsIn(stream: string, handler: string): Promise<string[]> {
  return (await redis.xrange(dlqOf(stream, handler), "-", "+")).map(([id]) => id);
}

interface Watched {
  readonly rig: Rig;
  readonly alerts: readonly DlqAlert[];
  stop(): Promise<void>;
}

interface WatchOptions {
  /** Body of the callback, with `alert` and `alerts`. */
  readonly callback?: string;
  readonly threshold?: number;
  readonly retentionHours?: number;
  readonly intervalSeconds?: number;
}

let callbacks = 0;

/** An engine whose keeper runs when the test says so (`runMaintenance`), once a first cycle of its own is over. */
async function watch(handlers: readonly RigHandler[], options: WatchOptions = {}): Promise<Watched> {
  await redis.del("{shop}:lease:dead-letter-keeper");
  const name = `alerts-${(callbacks += 1)}.mjs`;
  const file = join(dir, name);
  writeFileSync(
    file,
    `export const alerts = [];\nexport function onAlert(alert) {\n${options.callback ?? "alerts.push(alert);"}\n}\n`,
  );
  const { alerts } = (await import(pathToFileURL(file).href)) as { alerts: DlqAlert[] };
  const rig = await startRig({
    url: server.url,
    handlers,
    directory: dir,
    config: {
      server: {
        dlq: {
          alert_callback: `./${name}#onAlert`,
          alert_threshold: options.threshold ?? 1_000_000,
          retention_hours: options.retentionHours ?? 24,
          check_interval_seconds: options.intervalSeconds ?? 3600,
        },
      },
    },
  });
  return { rig, alerts, stop: async () => void (await rig.engine.stop()) };
}

test("retention trims exactly what is too old, also of fewer than a hundred, and by the server's clock", async () => {
  const ids = await bury("kept", "Keeper", [100, 30, 24.1, 23.9, 5, 0.5]);
  const { rig, stop } = await watch([{ name: "Keeper", stream: "kept" }]);
  try {
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsIn("kept", "Keeper"), ids.slice(3));
    // This process's clock is two days fast: the server's is what counts.
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 48 * HOUR_MS });
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsIn("kept", "Keeper"), ids.slice(3));
  } finally {
    mock.timers.reset();
    await stop();
  }
});

test("retention trims many thousands in one cycle, and not one too many", async () => {
  const ages = Array.from({ length: 2500 }, (_, index) => 50 - index / 1000);
  const pipeline = redis.pipeline();
  const [seconds] = await redis.time();
  for (const [index, hours] of ages.entries())
    pipeline.xadd(
      dlqOf("many", "Keeper"),
      `${Math.round(Number(seconds) * 1000 - hours * HOUR_MS)}-${index}`,
      "failure",
      "{}",
    );
  await pipeline.exec();
  const young = await bury("many", "Keeper", [1]);
  const { rig, stop } = await watch([{ name: "Keeper", stream: "many" }]);
  try {
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsIn("many", "Keeper"), young);
  } finally {
    await stop();
  }
});

test("a handler's own dlqRetentionHours and dlqAlertThreshold are over the server's", async () => {
  const own = await bury("own", "Own", [10, 3, 1]);
  const general = await bury("own", "General", [10, 3, 1]);
  const { rig, alerts, stop } = await watch(
    [
      { name: "Own", stream: "own", config: { dlqRetentionHours: 2, dlqAlertThreshold: 1 } },
      { name: "General", stream: "own" },
    ],
    { threshold: 4 },
  );
  try {
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsIn("own", "Own"), own.slice(2));
    assert.deepEqual(await idsIn("own", "General"), general);
    assert.ok(alerts.length >= 1);
    assert.deepEqual(
      [...new Set(alerts.map(({ subscription, threshold }) => `${subscription} ${threshold}`))],
      ["shop.Own 1"],
    );
  } finally {
    await stop();
  }
});

test("it alerts from the threshold on and not below, once a cycle, with every field, and says once that it is over", async () => {
  await bury("alerting", "Keeper", [2, 1.5]);
  const { rig, alerts, stop } = await watch([{ name: "Keeper", stream: "alerting" }], { threshold: 3 });
  const cycles = async (count: number): Promise<number> => {
    const earlier = alerts.length;
    for (let cycle = 0; cycle < count; cycle += 1) await rig.engine.runMaintenance();
    return alerts.length - earlier;
  };
  try {
    assert.equal(await cycles(2), 0, "below the threshold");
    const [third] = await bury("alerting", "Keeper", [0.1]);
    assert.equal(await cycles(3), 3, "once for each cycle");
    const alert = alerts.at(-1);
    assert.ok(alert);
    const { at, oldestSeconds, ...rest } = alert;
    assert.deepEqual(rest, {
      subscription: "shop.Keeper",
      stream: "alerting",
      dlqStream: dlqOf("alerting", "Keeper"),
      depth: 3,
      threshold: 3,
    });
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
    assert.ok(oldestSeconds !== null && Math.abs(oldestSeconds - 7200) < 120, `${oldestSeconds}`);
    assert.equal(rig.lines(/reached the alert threshold/, "warn").length, 3);
    await redis.xdel(dlqOf("alerting", "Keeper"), third ?? "");
    assert.equal(await cycles(3), 0);
    assert.equal(rig.lines(/below the alert threshold again/).length, 1);
  } finally {
    await stop();
  }
});

test("a callback that throws, rejects or hangs stops neither the other streams nor the next cycles", async () => {
  for (const handler of ["A", "B", "C", "D"]) await bury("harsh", handler, [1]);
  const { rig, alerts, stop } = await watch(
    ["A", "B", "C", "D"].map((name) => ({ name, stream: "harsh" })),
    {
      threshold: 1,
      callback: `alerts.push(alert);
        if (alert.subscription === "shop.A") throw new Error("thrown");
        if (alert.subscription === "shop.B") return Promise.reject(new Error("rejected"));
        if (alert.subscription === "shop.C" && alerts.length < 5) return new Promise(() => {});`,
    },
  );
  try {
    // The keeper's own first cycle; it waits five seconds for C.
    await until("the fourth is told of", () => alerts.length >= 4, { limitMs: 30_000 });
    assert.deepEqual(
      alerts.map(({ subscription }) => subscription),
      ["shop.A", "shop.B", "shop.C", "shop.D"],
    );
    const failed = rig.lines(/alert callback failed/, "error");
    assert.deepEqual(
      failed.map(({ err }) => (err as { message: string }).message),
      ["thrown", "rejected"],
    );
    assert.equal(rig.lines(/alert callback did not end within 5000 ms/, "error").length, 1);
    await rig.engine.runMaintenance();
    assert.equal(alerts.length, 8, "the next cycle runs all the same");
  } finally {
    await stop();
  }
});

test("a dead-letter stream that cannot be kept does not stop the others", async () => {
  await redis.set(dlqOf("sick", "A"), "not a stream");
  await bury("sick", "B", [100]);
  const { rig, stop } = await watch(["A", "B"].map((name) => ({ name, stream: "sick" })));
  try {
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsIn("sick", "B"), []);
    assert.ok(rig.lines(/could not be kept/, "warn").length >= 1);
  } finally {
    await stop();
  }
});

test("of two engines one maintains at a time; the other takes over when that one is killed", async () => {
  await bury("shared", "Keeper", [1]);
  await redis.del("{shop}:lease:dead-letter-keeper");
  const first = startCli(["server", "--domain=./app.ts"], {
    url: server.url,
    stream: "shared",
    toml: "[server.dlq]\nalert_threshold = 1\ncheck_interval_seconds = 0.3\n",
  });
  const alertsOfFirst = (): number => first.stderr().split("reached the alert threshold").length - 1;
  await until("the first maintains", () => alertsOfFirst() >= 2);
  const { rig, alerts, stop } = await (async () => {
    const file = join(dir, "second.mjs");
    writeFileSync(file, "export const alerts = [];\nexport function onAlert(alert) { alerts.push(alert); }\n");
    const module = (await import(pathToFileURL(file).href)) as { alerts: DlqAlert[] };
    const second = await startRig({
      url: server.url,
      directory: dir,
      handlers: [{ name: "Keeper", stream: "shared" }],
      config: {
        server: { dlq: { alert_threshold: 1, check_interval_seconds: 0.3, alert_callback: "./second.mjs#onAlert" } },
      },
    });
    return { rig: second, alerts: module.alerts, stop: async () => void (await second.engine.stop()) };
  })();
  try {
    const earlier = alertsOfFirst();
    await until("the first has maintained on", () => alertsOfFirst() >= earlier + 4);
    assert.equal(alerts.length, 0, "the second leaves it alone");
    await first.kill9();
    await until("the second has taken over", () => alerts.length >= 2);
    assert.ok(rig.lines(/reached the alert threshold/).length >= 2);
  } finally {
    await first.kill9();
    await stop();
  }
});
