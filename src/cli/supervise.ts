/** `engine server --workers N`: worker processes, one health server for all of them, and reloads in development. */
import { fork } from "node:child_process";
import { watch } from "node:fs";
import type { Logger } from "pino";
import type { EngineConfig } from "../config/settings.ts";
import { aggregateStatus, type WorkerReport } from "../health/aggregate.ts";
import { createHealthServer, type HealthServer } from "../health/server.ts";
import { installStopSignals, type ProcessHost } from "../lifecycle/signals.ts";
import { createSupervisor, type Supervisor, type WorkerExit, type WorkerProcess } from "../lifecycle/supervisor.ts";
import { mergeMetrics } from "../telemetry/merge-metrics.ts";
import type { MetricFamily } from "../telemetry/metric.ts";
import { isWorkerMessage } from "./worker-link.ts";

/** What a worker needs beyond its drain: settling, closing, leaving. */
const STOP_SLACK_MS = 15_000;
const RELOAD_DEBOUNCE_MS = 200;
const RELOADED = /\.(?:ts|js|mjs|json|toml)$/;
const NEVER_RELOADED = /(?:^|[\\/])(?:node_modules|\.git|dist)(?:[\\/]|$)/;

export interface SuperviseOptions {
  readonly workers: number;
  readonly config: EngineConfig;
  readonly log: Logger;
  readonly host: ProcessHost;
  /** The command line of a worker; its index is added. */
  readonly workerArgs: readonly string[];
  readonly isUntilIdle: boolean;
  /** A folder to watch; null: no reloads. */
  readonly reloadFrom: string | null;
}

/** Resolves to the exit code. */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const { config, log, workers } = options;
  const stopping = new AbortController();
  const board = createBoard(workers, () => stopping.signal.aborted);
  const health = healthServerOf(config, board, log);
  const supervisor = createSupervisor({
    workers,
    log,
    isUntilIdle: options.isUntilIdle,
    isReloading: options.reloadFrom !== null,
    stopTimeoutMs: config.server.shutdownTimeoutSeconds * 1000 + STOP_SLACK_MS,
    spawn: (index) => spawnWorker(index, options.workerArgs, board),
  });
  const uninstall = installStopSignals((signal) => {
    log.info({ signal }, `${signal}: stopping ${workers} workers; a second signal exits at once`);
    stopping.abort();
  }, options.host);
  const unwatch = options.reloadFrom === null ? null : watchForChanges(options.reloadFrom, supervisor, options);
  try {
    await health?.start(new AbortController().signal);
    return await supervisor.run(stopping.signal);
  } finally {
    unwatch?.();
    await health?.stop(performance.now() + 1000);
    uninstall();
  }
}

/** What the workers said last. */
interface Board {
  note(index: number, message: unknown): void;
  retire(index: number): void;
  status(): ReturnType<typeof aggregateStatus>;
  metrics(): readonly MetricFamily[];
}

function createBoard(workers: number, isStopping: () => boolean): Board {
  const reports: (WorkerReport | null)[] = Array.from({ length: workers }, () => null);
  const metrics: (readonly MetricFamily[])[] = Array.from({ length: workers }, () => []);
  let retired: readonly MetricFamily[] = [];
  return {
    note(index, message) {
      if (!isWorkerMessage(message)) return;
      reports[index] = { status: message.status, receivedAtMs: performance.now() };
      metrics[index] = message.metrics;
    },
    retire(index) {
      retired = mergeMetrics([retired], [metrics[index] ?? []]);
      reports[index] = null;
      metrics[index] = [];
    },
    status: () => aggregateStatus({ reports, isStopping: isStopping(), nowMs: performance.now() }),
    metrics: () => mergeMetrics(metrics, [retired]),
  };
}

function spawnWorker(index: number, args: readonly string[], board: Board): WorkerProcess {
  const script = process.argv[1] ?? "";
  const child = fork(script, [...args, String(index)], {
    // A terminal's Ctrl-C goes to the whole process group: the workers are to hear of it from their supervisor, once.
    detached: true,
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  child.on("message", (message) => board.note(index, message));
  const exited = new Promise<WorkerExit>((resolve) => {
    child.once("error", () => resolve({ code: 1, signal: null }));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  }).then((exit) => {
    board.retire(index);
    return exit;
  });
  return { pid: child.pid, exited, kill: (signal) => void child.kill(signal) };
}

function healthServerOf(config: EngineConfig, source: Board, log: Logger): HealthServer | null {
  const { enabled, host, port } = config.server.health;
  return enabled ? createHealthServer({ host, port, source, log }) : null;
}

function watchForChanges(folder: string, supervisor: Supervisor, { workers, log }: SuperviseOptions): () => void {
  let timer: NodeJS.Timeout | null = null;
  const watcher = watch(folder, { recursive: true }, (_event, file) => {
    if (file === null || !RELOADED.test(file) || NEVER_RELOADED.test(file)) return;
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => {
      log.info({ file }, `${file} changed: reloading`);
      for (let index = 0; index < workers; index += 1) supervisor.restart(index);
    }, RELOAD_DEBOUNCE_MS);
  });
  watcher.on("error", (error) => log.error({ err: error }, "changes are not seen any more"));
  return () => {
    if (timer) clearTimeout(timer);
    watcher.close();
  };
}
