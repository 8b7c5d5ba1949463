/** A command line without a process: captured streams, a broker in memory that passes for a shared one. */
import { EventEmitter } from "node:events";
import { Readable, Writable } from "node:stream";
import { createMemoryAdapter, type MemoryAdapter } from "../../../src/adapters/memory/adapter.ts";
import type { CliContext } from "../../../src/cli/command.ts";
import { EXIT, type ExitCode } from "../../../src/cli/exit-code.ts";
import { createOutput } from "../../../src/cli/output.ts";
import { runCli } from "../../../src/cli/program.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { EngineConfig } from "../../../src/config/settings.ts";
import type { Domain } from "../../../src/domain/domain.ts";
import type { Failure } from "../../../src/message/failure.ts";
import type { ProcessHost } from "../../../src/lifecycle/signals.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { systemClock } from "../../../src/primitives/system-clock.ts";
import { createLogger } from "../../../src/telemetry/log.ts";

/** Collects what is written to it. */
export class Sink extends Writable {
  text = "";
  isTTY?: boolean;
  columns?: number;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

/** Stands in for `process`. */
export class FakeHost extends EventEmitter implements ProcessHost {
  exits: number[] = [];
  exitCode: number | undefined = undefined;

  exit(code: number): void {
    this.exits.push(code);
  }
}

export interface WorldOptions {
  readonly stdin?: string | Readable;
  readonly domain?: Domain;
  readonly clock?: Clock;
  /** Default: [brokers.default] is a Redis, served from memory. */
  readonly isUnshared?: boolean;
  readonly terminalColumns?: number;
}

export interface World {
  readonly adapter: MemoryAdapter;
  readonly context: CliContext;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly log: Sink;
  readonly host: FakeHost;
  run(...args: string[]): Promise<ExitCode>;
}

const SHARED = { provider: "redis", uri: "redis://user:s3cret@127.0.0.1:1/0", maxConnections: 5 } as const;

export function createWorld(options: WorldOptions = {}): World {
  const clock = options.clock ?? systemClock;
  const adapter = createMemoryAdapter("default", { clock });
  const stdout = new Sink();
  const stderr = new Sink();
  const log = new Sink();
  const host = new FakeHost();
  if (options.terminalColumns !== undefined) Object.assign(stdout, { isTTY: true, columns: options.terminalColumns });
  const built = loadConfig({ cwd: "/", env: {} });
  const config: EngineConfig = options.isUnshared === true ? built : { ...built, brokers: { default: SHARED } };
  const context: CliContext = {
    output: createOutput(stdout, stderr),
    stdin: options.stdin instanceof Readable ? options.stdin : Readable.from([Buffer.from(options.stdin ?? "")]),
    cwd: "/",
    clock,
    host,
    loadConfig: () => config,
    loadDomain: async () => {
      if (options.domain === undefined) throw new Error("no domain in this world");
      return options.domain;
    },
    createBroker: () => adapter,
    createEngine: () => Promise.reject(new Error("no engine in this world")),
    createLogger: (settings) => createLogger({ ...settings, destination: log, format: "json" }),
    exitCode: EXIT.OK,
  };
  return { adapter, context, stdout, stderr, log, host, run: (...args) => runCli(args, context) };
}

const CONSUMER = { consumer: "host-1", startFrom: "0" };

/** Appends an event to the stream and dead-letters it for the group, as the engine does. Returns the dead letter's id. */
export async function addDeadLetter(
  adapter: MemoryAdapter,
  address: { readonly stream: string; readonly group: string },
  failure: Partial<Failure> = {},
): Promise<string> {
  const { stream, group } = address;
  const event = JSON.stringify({
    specversion: "1.0",
    id: "e-1",
    type: failure.eventType ?? "OrderPlaced",
    source: "t",
    data: {},
  });
  await adapter.broker.append([{ stream, fields: ["event", event] }]);
  const consumer = adapter.broker.createConsumer({ ...CONSUMER, stream, group });
  await consumer.ensureGroups();
  const [delivery] = await consumer.read(1, 0);
  if (delivery === undefined) throw new Error("nothing to dead-letter");
  await consumer.deadLetter(delivery, JSON.stringify(createFailure({ stream, subscription: group, ...failure })));
  const { newestId } = await adapter.deadLetters.depth(address);
  return newestId ?? "";
}

export function createFailure(over: Partial<Failure> = {}): Failure {
  return {
    reason: "retries_exhausted",
    error: { name: "TimeoutError", message: "the mail server did not answer" },
    fingerprint: "0123456789ab",
    attempts: 4,
    firstFailedAt: "2026-11-03T12:00:00.000Z",
    deadLetteredAt: "2026-11-03T12:01:00.000Z",
    subscription: "shop.AuditHandler",
    handler: "AuditHandler",
    consumer: "host-1",
    stream: "order",
    entryId: "1-0",
    eventId: "e-1",
    eventType: "OrderPlaced",
    key: "order-1",
    engineVersion: "0.1.0",
    ...over,
  };
}
