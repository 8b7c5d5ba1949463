/** The only place that listens to the process: signals, crashes, and an exit nobody asked for. */
import { constants } from "node:os";
import type { Logger } from "pino";
import { withTimeout } from "../primitives/abort.ts";

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** What is needed of `process`; a test passes its own. */
export interface ProcessHost {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  exit(code: number): void;
  exitCode?: number | string | null | undefined;
  /** To the process that forked this one. */
  send?(message: unknown): unknown;
}

/** The shell's convention: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP. */
function exitCodeOfSignal(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

/**
 * Calls `onStop` at the first of SIGINT, SIGTERM, SIGHUP; at the second the process exits at once with 128 + n.
 * The returned function takes the listeners away.
 */
export function installStopSignals(onStop: (signal: StopSignal) => void, host: ProcessHost = process): () => void {
  let isStopping = false;
  const listeners = STOP_SIGNALS.map((signal) => {
    const listener = (): void => {
      if (isStopping) host.exit(exitCodeOfSignal(signal));
      isStopping = true;
      onStop(signal);
    };
    host.on(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) host.off(signal, listener);
  };
}

/** How long a process that has crashed may still spend on a tidy stop, in ms. */
const CRASH_GRACE_MS = 2_000;

export interface CrashGuardOptions {
  readonly log: Logger;
  /** A best-effort stop, cut off after {@link CRASH_GRACE_MS}. */
  stop(): Promise<unknown>;
  /** Whether the shutdown is done, so that an exit is what was meant. */
  isFinished(): boolean;
  readonly graceMs?: number;
}

/**
 * An exception or rejection nobody caught: logged as fatal, a short stop, exit code 1. And `process.exit(0)` by
 * somebody's code while the engine still runs does not pass for success: the code becomes 1.
 * The returned function takes the listeners away.
 */
export function installCrashGuards(options: CrashGuardOptions, host: ProcessHost = process): () => void {
  const { log } = options;
  let isCrashing = false;

  const onCrash = (error: unknown, origin: string): void => {
    log.fatal({ err: error, origin }, `${origin}: the process cannot go on`);
    if (isCrashing) return;
    isCrashing = true;
    void crashStop(options).then(() => host.exit(1));
  };
  const onException = (error: unknown): void => onCrash(error, "uncaughtException");
  const onRejection = (reason: unknown): void => onCrash(reason, "unhandledRejection");
  const onExit = (code: unknown): void => {
    if (options.isFinished() || code !== 0) return;
    log.fatal("the process exits before the engine was stopped: code of the application called process.exit()");
    host.exitCode = 1;
  };

  host.on("uncaughtException", onException);
  host.on("unhandledRejection", onRejection);
  host.on("exit", onExit);
  return () => {
    host.off("uncaughtException", onException);
    host.off("unhandledRejection", onRejection);
    host.off("exit", onExit);
  };
}

async function crashStop(options: CrashGuardOptions): Promise<void> {
  try {
    await withTimeout(options.stop(), options.graceMs ?? CRASH_GRACE_MS);
  } catch (error) {
    options.log.error({ err: error }, "the stop after the crash failed too");
  }
}
