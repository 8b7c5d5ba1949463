import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answerHealth } from "../../../src/health/handler.ts";
import { createStatus } from "../health/engine-status.ts";
import { filesBelow, loadToml, longestShutdownSeconds, parseYaml, read, type Manifest } from "./manifests.ts";

const files = filesBelow("k8s", /\.ya?ml$/);
const objects: readonly Manifest[] = files.flatMap((file) => parseYaml(file));
const one = (kind: string): Manifest => {
  const found = objects.filter((object) => object.kind === kind);
  assert.equal(found.length, 1, kind);
  return found[0];
};
const deployment = one("Deployment");
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const config = loadToml("k8s/base/domain.toml");
const labels: Record<string, string> = deployment.spec.template.metadata.labels;

/** Whether the health server serves this path: 404 is its word for one it does not know. */
function isServed(path: string): boolean {
  return answerHealth("GET", path, { status: () => createStatus() }).statusCode !== 404;
}

describe("the pods", () => {
  it("run a configuration that is valid and can be probed from outside", () => {
    assert.equal(config.server.health.host, "0.0.0.0");
    assert.equal(config.server.health.enabled, true);
    assert.equal(config.logging.format, "json");
    assert.equal(config.brokers["default"]?.provider, "redis");
    const [mount] = container.volumeMounts.filter((each: Manifest) => each.name === "config");
    assert.ok(container.args.includes(`--config=${mount.mountPath}/domain.toml`));
  });

  it("are asked on the port and the paths the engine serves", () => {
    assert.deepEqual(container.ports, [{ name: "health", containerPort: config.server.health.port }]);
    for (const [probe, path] of [
      ["startupProbe", "/livez"],
      ["livenessProbe", "/livez"],
      ["readinessProbe", "/readyz"],
    ] as const) {
      assert.deepEqual(container[probe].httpGet, { path, port: "health" });
      assert.ok(isServed(path), path);
      assert.ok(container[probe].timeoutSeconds <= container[probe].periodSeconds, probe);
    }
    assert.equal(isServed("/nowhere"), false, "or this test could not fail");
  });

  it("are restarted only after a minute of silence", () => {
    const { failureThreshold, periodSeconds } = container.livenessProbe;
    assert.ok(failureThreshold * periodSeconds >= 60);
    assert.ok(container.startupProbe.failureThreshold * container.startupProbe.periodSeconds >= 60);
  });

  it("get the time a shutdown may take, and the handlers the time their timeout allows", async () => {
    const [command, seconds] = container.lifecycle.preStop.exec.command;
    assert.equal(command, "sleep");
    const longest = Number(seconds) + (await longestShutdownSeconds(config.server.shutdownTimeoutSeconds));
    assert.ok(longest > config.server.shutdownTimeoutSeconds + 10, `${longest}: the steps have budgets`);
    assert.ok(pod.terminationGracePeriodSeconds >= longest, `${pod.terminationGracePeriodSeconds} s for ${longest} s`);
    assert.ok(config.server.shutdownTimeoutSeconds >= 30, "handler_timeout_seconds of the profile production");
  });

  it("can do nothing they need not do", () => {
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(one("ServiceAccount").automountServiceAccountToken, false);
    assert.equal(pod.serviceAccountName, one("ServiceAccount").metadata.name);
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.ok(pod.securityContext.runAsUser >= 10_000);
    assert.deepEqual(pod.securityContext.seccompProfile, { type: "RuntimeDefault" });
    const { allowPrivilegeEscalation, privileged, readOnlyRootFilesystem, runAsNonRoot, capabilities } =
      container.securityContext;
    assert.deepEqual(
      { allowPrivilegeEscalation, privileged, readOnlyRootFilesystem, runAsNonRoot, capabilities },
      {
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ["ALL"] },
      },
    );
    for (const field of ["hostNetwork", "hostPID", "hostIPC"]) assert.equal(pod[field], undefined, field);
    assert.equal(one("Namespace").metadata.labels["pod-security.kubernetes.io/enforce"], "restricted");
  });

  it("have limits, and a heap that stays below them", () => {
    const { requests, limits } = container.resources;
    for (const resource of ["cpu", "memory"]) assert.ok(requests[resource] && limits[resource], resource);
    const options = container.env.find((each: Manifest) => each.name === "NODE_OPTIONS").value as string;
    const heapMiB = Number(/--max-old-space-size=(\d+)/.exec(options)?.[1]);
    assert.ok(heapMiB <= 0.8 * Number.parseInt(limits.memory, 10), `${heapMiB} of ${limits.memory}`);
  });

  it("get secrets from Secrets, and no file here holds one", () => {
    const secret = container.env.find((each: Manifest) => each.name === "REDIS_URL");
    assert.equal(secret.value, undefined);
    assert.ok(secret.valueFrom.secretKeyRef.name);
    assert.ok(!objects.some((object) => object.kind === "Secret"));
    for (const file of files) assert.doesNotMatch(read(file), /rediss?:\/\/[^ ]*@/, file);
  });
});

describe("what stands around the pods", () => {
  it("selects them, and only them", () => {
    for (const kind of ["PodDisruptionBudget", "NetworkPolicy", "Service"]) {
      const { spec } = one(kind);
      const selector = spec.podSelector?.matchLabels ?? spec.selector.matchLabels ?? spec.selector;
      assert.deepEqual(selector, labels, kind);
    }
    assert.deepEqual(deployment.spec.selector.matchLabels, labels);
  });

  it("keeps pods running through a drained node and a rollout", () => {
    assert.equal(one("PodDisruptionBudget").spec.maxUnavailable, 1);
    assert.ok(deployment.spec.replicas >= 2);
    assert.equal(deployment.spec.strategy.rollingUpdate.maxUnavailable, 0);
    assert.ok(deployment.spec.minReadySeconds > 0);
  });

  it("offers nothing outside the cluster", () => {
    assert.equal(one("Service").spec.type, "ClusterIP");
    assert.ok(!objects.some(({ kind }) => kind === "Ingress"));
    assert.equal(one("Service").spec.ports[0].port, config.server.health.port);
    const [rule] = one("NetworkPolicy").spec.ingress;
    assert.deepEqual(rule.ports, [{ protocol: "TCP", port: "health" }]);
  });

  it("scales on a number the engine serves, and never to where nobody could serve it", () => {
    const { spec } = one("ScaledObject");
    const [{ type, metadata }] = spec.triggers;
    assert.equal(type, "metrics-api");
    const url = new URL(metadata.url as string);
    assert.equal(Number(url.port), config.server.health.port);
    assert.equal(url.hostname.split(".")[0], one("Service").metadata.name);
    assert.equal(url.hostname.split(".")[1], one("Namespace").metadata.name);
    const { statusCode, body } = answerHealth("GET", url.pathname, { status: () => createStatus() });
    assert.equal(statusCode, 200);
    assert.equal(typeof (JSON.parse(body) as Record<string, unknown>)[metadata.valueLocation as string], "number");
    assert.ok(spec.minReplicaCount >= 1);
    assert.ok(spec.maxReplicaCount > spec.minReplicaCount);
    assert.equal(spec.scaleTargetRef.name, deployment.metadata.name);
  });

  it("scrapes a path the engine serves, through the Service's port", () => {
    const [endpoint] = one("ServiceMonitor").spec.endpoints;
    assert.equal(endpoint.port, one("Service").spec.ports[0].name);
    assert.ok(read("src/health/handler.ts").includes(`METRICS_PATH = "${endpoint.path}"`));
    assert.deepEqual(one("ServiceMonitor").spec.selector.matchLabels, one("Service").metadata.labels);
  });

  it("names every file it applies, and applies every file", () => {
    const named = files
      .filter((file) => file.endsWith("kustomization.yaml"))
      .flatMap((file) => {
        const [{ resources = [], components = [] }] = parseYaml(file) as [Manifest];
        return [...resources, ...components].map((each: string) => new URL(each, `file:///${file}`).pathname.slice(1));
      });
    for (const file of files.filter((each) => !each.endsWith("kustomization.yaml")))
      assert.ok(named.includes(file), file);
    for (const name of named) assert.ok(files.includes(name) || files.includes(`${name}/kustomization.yaml`), name);
  });
});
