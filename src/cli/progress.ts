/** A progress bar on stderr, where a person watches; elsewhere, nothing. */
import { Presets, SingleBar } from "cli-progress";
import type { Output } from "./output.ts";

export interface Progress {
  /** How much is done by now. `text` shows behind the bar. */
  update(done: number, text: string): void;
  /** Removes the bar. Safe twice. */
  stop(): void;
}

/** `total` null: unknown, as of stdin; then only the text shows. */
export function createProgress(output: Output, title: string, total: number | null): Progress {
  if (output.stderr.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  const format = total === null ? `${title} {text}` : `${title} {bar} {percentage}% {text}`;
  const bar = new SingleBar(
    { format, stream: output.stderr, hideCursor: true, clearOnComplete: true, fps: 10, barsize: 30 },
    Presets.shades_classic,
  );
  let isStopped = false;
  bar.start(Math.max(total ?? 0, 1), 0, { text: "" });
  return {
    update: (done, text) => bar.update(Math.min(done, Math.max(total ?? 0, 1)), { text }),
    stop() {
      if (isStopped) return;
      isStopped = true;
      bar.stop();
    },
  };
}
