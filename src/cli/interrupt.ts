import { installStopSignals, type ProcessHost } from "../lifecycle/signals.ts";

/**
 * Runs a command that Ctrl-C ends tidily: its signal aborts at the first SIGINT, SIGTERM or SIGHUP, and the command
 * reports how far it came. A second one ends the process at once.
 */
export async function untilInterrupted<T>(host: ProcessHost, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const uninstall = installStopSignals(() => controller.abort(), host);
  try {
    return await run(controller.signal);
  } finally {
    uninstall();
  }
}
