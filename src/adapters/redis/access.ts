/**
 * What it takes to get into a Redis: passwords and certificates. Files are read anew at every connection, so that they may
 * change while the engine runs; one that cannot be read then leaves what was read last in force.
 */
import { readFileSync } from "node:fs";
import { createSecureContext, type ConnectionOptions as TlsOptions } from "node:tls";
import type { Redis, RedisOptions } from "ioredis";
import type { Logger } from "pino";
import type { BrokerAccess } from "../../config/settings.ts";
import { EngineError } from "../../errors.ts";
import type { RedisUri } from "../../primitives/redis-uri.ts";
import { messageOf } from "./driver-errors.ts";

type AccessOptions = Pick<
  RedisOptions,
  "username" | "password" | "tls" | "sentinelUsername" | "sentinelPassword" | "sentinelTLS" | "enableTLSForSentinelMode"
>;

const FILE_KEYS = {
  passwordFile: "password_file",
  sentinelPasswordFile: "sentinel_password_file",
  tlsCaFile: "tls_ca_file",
  tlsCertFile: "tls_cert_file",
  tlsKeyFile: "tls_key_file",
} as const;

type FileKey = keyof typeof FILE_KEYS;

export interface Access {
  /** Reads every file. Throws an error that names the key and the file when one cannot be used. */
  check(): void;
  /** The client gets in with what the files say at each of its connections. */
  admit(client: Redis): void;
}

export function createAccess(uri: RedisUri, settings: BrokerAccess, log: Logger): Access {
  const lastRead = new Map<FileKey, string>();

  /** The contents of the file that a key names; undefined when it is not set. Throws when it is missing or empty. */
  function load(key: FileKey): string | undefined {
    const path = settings[key];
    if (path === undefined) return undefined;
    const text = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    if (text === "") throw new Error(`${path} is empty`);
    lastRead.set(key, text);
    return text;
  }

  function current(key: FileKey): string | undefined {
    try {
      return load(key);
    } catch (error) {
      log.warn(
        { key: FILE_KEYS[key], reason: messageOf(error) },
        "a file cannot be read: what it said before stays in force",
      );
      return lastRead.get(key);
    }
  }

  const username = uri.username ?? settings.username;
  // A user without a password sends an empty one.
  const password = (): string | undefined =>
    current("passwordFile") ?? uri.password ?? (username === undefined ? undefined : "");

  function tls(): TlsOptions | undefined {
    if (!uri.isTls) return undefined;
    const [ca, cert, key] = [current("tlsCaFile"), current("tlsCertFile"), current("tlsKeyFile")];
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      ...(settings.tlsServerName === undefined ? {} : { servername: settings.tlsServerName }),
      minVersion: "TLSv1.2",
      // Said aloud, so that no variable of the environment turns it off.
      rejectUnauthorized: true,
    };
  }

  return {
    check() {
      for (const key of Object.keys(FILE_KEYS) as FileKey[]) refuseUnreadable(key, () => void load(key));
      if (uri.isTls) checkCertificates(tls() ?? {});
    },
    admit(client) {
      const options: AccessOptions = client.options;
      if (username !== undefined) options.username = username;
      if (settings.sentinelUsername !== undefined) options.sentinelUsername = settings.sentinelUsername;
      // The driver looks at its options whenever it connects: a property that looks into the file is always up to date.
      const live = (name: keyof AccessOptions, get: () => unknown): void =>
        void Object.defineProperty(options, name, { get, enumerable: true, configurable: true });
      live("password", password);
      if (settings.sentinelPasswordFile !== undefined) live("sentinelPassword", () => current("sentinelPasswordFile"));
      if (!uri.isTls) return;
      live("tls", tls);
      if (uri.kind !== "sentinel") return;
      live("sentinelTLS", tls);
      options.enableTLSForSentinelMode = true;
    },
  };
}

function refuseUnreadable(key: FileKey, read: () => void): void {
  try {
    read();
  } catch (error) {
    throw new EngineError("ENGINE_BROKER_CREDENTIALS", `${FILE_KEYS[key]}: ${messageOf(error)}`, {
      hint: `Set ${FILE_KEYS[key]} in [brokers.…] to a file this process may read, with something in it; the path starts at the configuration file's folder.`,
      cause: error,
    });
  }
}

function checkCertificates(options: TlsOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw new EngineError(
      "ENGINE_BROKER_CREDENTIALS",
      `the certificates in tls_…_file cannot be used: ${messageOf(error)}`,
      {
        hint: "tls_ca_file and tls_cert_file hold PEM certificates, tls_key_file the PEM private key of tls_cert_file, without a passphrase.",
        cause: error,
      },
    );
  }
}
