/** A Redis that speaks TLS alone and asks for a client certificate. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { Redis } from "ioredis";
import { EngineError } from "../../src/errors.ts";
import type { ConfigInput } from "../../src/index.ts";
import { createRig, startRig, type Rig } from "../support/engine-rig.ts";
import { freePort, startRedis, type RedisServer } from "../support/redis-server.ts";
import { append, drained } from "../support/stream-facts.ts";
import { createCertificates, type Authority, type Certificates } from "../support/tls-certificates.ts";
import { until } from "../support/until.ts";

let certificates: Certificates;
let authority: Authority;
let server: RedisServer;
let tlsPort: number;
let client: { readonly certFile: string; readonly keyFile: string };
let control: Redis;

type BrokerInput = NonNullable<ConfigInput["brokers"]>[string];

before(async () => {
  certificates = createCertificates();
  authority = certificates.createAuthority("authority");
  const own = authority.issue("server", ["DNS:redis.internal", "IP:127.0.0.1"]);
  client = authority.issue("client", []);
  tlsPort = await freePort();
  server = await startRedis({
    args: [
      "--tls-port",
      `${tlsPort}`,
      "--tls-cert-file",
      own.certFile,
      "--tls-key-file",
      own.keyFile,
      "--tls-ca-cert-file",
      authority.caFile,
      "--tls-auth-clients",
      "yes",
    ],
  });
  control = new Redis(server.url);
});
after(async () => {
  control.disconnect();
  await server.stop();
  certificates.remove();
});

/** Paths as in a configuration file: relative to its folder. */
function secured(broker: Partial<BrokerInput> = {}): BrokerInput {
  return {
    provider: "redis",
    URI: `rediss://127.0.0.1:${tlsPort}`,
    tls_ca_file: basename(authority.caFile),
    tls_cert_file: basename(client.certFile),
    tls_key_file: basename(client.keyFile),
    ...broker,
  };
}

function rigOptions(broker: BrokerInput, stream = "note", startTimeoutSeconds = 20): Parameters<typeof startRig>[0] {
  return {
    url: "",
    handlers: [{ name: "Keeper", stream }],
    config: { brokers: { default: broker }, server: { start_timeout_seconds: startTimeoutSeconds } },
    directory: certificates.folder,
  };
}

/** The engine does not start; resolves to the error that says why. */
async function refusal(broker: BrokerInput, startTimeoutSeconds = 60): Promise<EngineError> {
  const rig: Rig = await createRig(rigOptions(broker, "note", startTimeoutSeconds));
  const startedMs = performance.now();
  try {
    await rig.engine.start();
  } catch (error) {
    assert.ok(error instanceof EngineError, String(error));
    assert.ok(performance.now() - startedMs < 30_000, "it is refused before start_timeout_seconds have passed");
    return error;
  } finally {
    await rig.engine.stop();
  }
  throw new Error("the engine started");
}

test("with the right authority and a client certificate messages are handled, on TLS connections alone", async () => {
  const rig = await startRig(rigOptions(secured(), "secure"));
  try {
    await append(control, "secure", 0, 20);
    await drained(control, "secure", "shop.Keeper");
    assert.equal(rig.runsOf("Keeper").distinct, 20);
    const clients = String(await control.client("LIST"))
      .split("\n")
      .filter((line) => line.includes("name=engine:"));
    assert.ok(clients.length >= 2);
    for (const line of clients) assert.match(line, new RegExp(`laddr=127\\.0\\.0\\.1:${tlsPort}\\b`));
  } finally {
    await rig.engine.stop();
  }
});

test("an authority that is not known is refused, and the error names tls_ca_file", async () => {
  const stranger = certificates.createAuthority("stranger");
  for (const broker of [secured({ tls_ca_file: basename(stranger.caFile) }), secured({ tls_ca_file: undefined })]) {
    const { message, hint } = await refusal(broker);
    assert.match(message, /certificate/);
    assert.match(hint ?? "", /tls_ca_file/);
  }
});

test("a certificate for another name is refused, and the error names tls_server_name", async () => {
  const { message, hint } = await refusal(secured({ tls_server_name: "other.internal" }));
  assert.match(message, /altnames/);
  assert.match(hint ?? "", /tls_server_name/);
});

test("tls_server_name says which name the certificate must carry", async () => {
  const rig = await startRig(rigOptions(secured({ tls_server_name: "redis.internal" }), "named"));
  try {
    await append(control, "named", 0, 3);
    await drained(control, "named", "shop.Keeper");
  } finally {
    await rig.engine.stop();
  }
});

test("without a client certificate the server refuses, and the error names tls_cert_file", async () => {
  const { message, hint } = await refusal(secured({ tls_cert_file: undefined, tls_key_file: undefined }));
  assert.match(message, /certificate required|handshake failure/);
  assert.match(hint ?? "", /tls_cert_file and tls_key_file/);
});

test("a server that speaks no TLS is refused rather than spoken to in the clear", async () => {
  // It does not understand the greeting and stays silent: nothing tells it from a server that is slow.
  const { hint } = await refusal(secured({ URI: `rediss://127.0.0.1:${server.port}` }), 1);
  assert.match(hint ?? "", /speak TLS there \(rediss\) or not/);
});

test("files that are missing, empty or no certificates are refused at start, with key and file", async () => {
  writeFileSync(join(certificates.folder, "empty.crt"), "");
  writeFileSync(
    join(certificates.folder, "broken.crt"),
    "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n",
  );
  const missing = await refusal(secured({ tls_ca_file: "nowhere.crt" }));
  assert.equal(missing.code, "ENGINE_BROKER_CREDENTIALS");
  assert.match(missing.message, /tls_ca_file: .*nowhere\.crt/);
  assert.match((await refusal(secured({ tls_key_file: "empty.crt" }))).message, /tls_key_file: .*empty\.crt is empty/);
  const broken = await refusal(secured({ tls_cert_file: "broken.crt" }));
  assert.equal(broken.code, "ENGINE_BROKER_CREDENTIALS");
  assert.match(broken.hint ?? "", /PEM/);
});

test("a client certificate that was renewed is used from the next connection on", async () => {
  const [certFile, keyFile] = [join(certificates.folder, "renewed.crt"), join(certificates.folder, "renewed.key")];
  const old = authority.issue("old-client", []);
  copyFileSync(old.certFile, certFile);
  copyFileSync(old.keyFile, keyFile);
  const rig = await startRig(
    rigOptions(secured({ tls_cert_file: "renewed.crt", tls_key_file: "renewed.key" }), "renewed"),
  );
  try {
    await append(control, "renewed", 0, 3);
    await drained(control, "renewed", "shop.Keeper");
    // From now on the server trusts another authority's clients alone.
    const next = certificates.createAuthority("next");
    const issued = next.issue("new-client", []);
    await control.config("SET", "tls-ca-cert-file", next.caFile);
    await control.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await until("the old certificate is refused", () =>
      rig.log.some(({ reason }) => /alert|certificate/i.test(String(reason))),
    );
    copyFileSync(issued.certFile, certFile);
    writeFileSync(keyFile, readFileSync(issued.keyFile));
    await append(control, "renewed", 100, 3);
    await until("it reads on with the new one", () => rig.runsOf("Keeper").distinct === 6);
    await drained(control, "renewed", "shop.Keeper");
  } finally {
    await control.config("SET", "tls-ca-cert-file", authority.caFile);
    await rig.engine.stop();
  }
});
