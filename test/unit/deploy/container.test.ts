import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { loadToml, longestShutdownSeconds, parseYaml, read, type Manifest } from "./manifests.ts";

const dockerfile = read("Dockerfile");
const lines = dockerfile.split("\n");
const stages = lines.filter((line) => line.startsWith("FROM "));
const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
const config = loadToml("deploy/container/domain.toml");

describe("the Dockerfile", () => {
  it("pins its base, to a node the package runs on", () => {
    const version = /ARG NODE_VERSION=(\d+\.\d+\.\d+)$/m.exec(dockerfile)?.[1] ?? "";
    assert.equal(version.split(".")[0], read(".nvmrc").trim());
    assert.ok(stages.length >= 2);
    for (const stage of stages) assert.match(stage, /^FROM node:\$\{NODE_VERSION\}-/);
  });

  it("ends as a user without rights, with compiled code and no sources", () => {
    const [, uid] = /^USER (\d+):\d+$/m.exec(last) ?? [];
    assert.ok(Number(uid) >= 10_000);
    assert.match(last, /^ENTRYPOINT \["node",.*"\/app\/dist\/cli\/main\.js"\]$/m);
    assert.doesNotMatch(last, /COPY.*(?:src|handlers|\. \.)/);
    assert.match(dockerfile, /npm ci --omit=dev --ignore-scripts/);
    assert.doesNotMatch(dockerfile, /^ADD |curl|wget/m);
  });

  it("copies only what exists and what .dockerignore lets through", () => {
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const copied = lines
      .filter((line) => line.startsWith("COPY ") && !line.includes("--from"))
      .flatMap((line) => line.split(" ").slice(1, -1));
    assert.ok(copied.length > 5);
    for (const path of copied) {
      assert.ok(existsSync(new URL(`../../../${path}`, import.meta.url)), path);
      assert.ok(allowed.includes(path), `${path} is ignored`);
    }
    assert.equal(
      read(".dockerignore")
        .split("\n")
        .find((line) => line !== "" && !line.startsWith("#")),
      "*",
    );
  });

  it("is probed where the configuration in it listens", () => {
    assert.equal(config.server.health.host, "0.0.0.0");
    assert.match(last, new RegExp(`http://127\\.0\\.0\\.1:${config.server.health.port}/livez`));
    assert.match(last, new RegExp(`^EXPOSE ${config.server.health.port}$`, "m"));
  });
});

describe("docker-compose.yml", () => {
  const [{ services }] = parseYaml("docker-compose.yml") as [Manifest];

  it("runs Redis as the engine wants it, pinned, for this machine only", () => {
    const command = services.redis.command.join(" ");
    assert.match(command, /--appendonly yes/);
    assert.match(command, /--maxmemory-policy noeviction/);
    assert.match(services.redis.image, /^redis:\d+\.\d+\.\d+-/);
    for (const { ports } of Object.values<Manifest>(services))
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
  });

  it("gives the engine the time its shutdown may take, and a root file system it cannot write to", async () => {
    const grace = Number.parseInt(services.engine.stop_grace_period, 10);
    assert.ok(grace >= (await longestShutdownSeconds(config.server.shutdownTimeoutSeconds)));
    assert.equal(services.engine.read_only, true);
    assert.deepEqual(services.engine.cap_drop, ["ALL"]);
  });
});
