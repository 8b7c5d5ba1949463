/** What a measured loop keeps per message: the same few operations in the raw loop, the engine and BullMQ. */

/** What a loop is started with, as JSON in its first argument. */
export interface LoopInput {
  readonly url: string;
  readonly stream: string;
  readonly group: string;
  /** Messages in the stream: numbered 0 … total − 1 in `data.n`. */
  readonly total: number;
  /** Counts at which the memory is looked at. */
  readonly marks: readonly number[];
  /** Latencies of the first so many messages are left out. */
  readonly warmUp: number;
  readonly isLatency: boolean;
  readonly engineDir: string;
}

/** What a loop reports in the end. */
export interface LoopReport {
  readonly kind: "report";
  readonly handled: number;
  readonly duplicates: number;
  /** First message handled to last message handled. */
  readonly perSecond: number;
  readonly cpuMicrosPerMessage: number;
  readonly rssMegabytes: readonly number[];
  readonly latenciesMs: readonly number[];
}

export type LoopMessage = { readonly kind: "ready" } | LoopReport;

export interface Tally {
  record(n: number, sentMs: number): void;
  /** Resolves when the last message has been handled. */
  readonly done: Promise<void>;
  report(): LoopReport;
}

/** One clock for all processes of the machine, in ms. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function readInput(): LoopInput {
  return JSON.parse(process.argv[2] ?? "") as LoopInput;
}

/** Reports to the parent; the process ends once it is sent. */
export function sendAndExit(report: LoopReport): void {
  process.send?.(report, undefined, undefined, () => process.exit(0));
}

export function createTally({ total, marks, warmUp, isLatency }: LoopInput): Tally {
  const times = new Uint8Array(total);
  const latencies = isLatency ? new Float64Array(total) : null;
  const rss: number[] = [];
  let handled = 0;
  let duplicates = 0;
  let nextMark = marks[0] ?? total;
  let startedMs = 0;
  let endedMs = 0;
  let cpuBefore = process.cpuUsage();
  let cpu = cpuBefore;
  let finish: () => void;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });

  function onMark(): void {
    rss.push(process.memoryUsage.rss() / 2 ** 20);
    nextMark = marks[rss.length] ?? total;
  }

  return {
    done,
    record(n, sentMs) {
      if (handled === 0) {
        startedMs = performance.now();
        cpuBefore = process.cpuUsage();
      }
      if (times[n] !== 0) duplicates += 1;
      times[n] = 1;
      handled += 1;
      if (latencies) latencies[n] = sharedNowMs() - sentMs;
      if (handled === nextMark) onMark();
      if (handled !== total) return;
      endedMs = performance.now();
      cpu = process.cpuUsage(cpuBefore);
      finish();
    },
    report: () => ({
      kind: "report",
      handled,
      duplicates,
      perSecond: (handled / (endedMs - startedMs)) * 1000,
      cpuMicrosPerMessage: (cpu.user + cpu.system) / handled,
      rssMegabytes: rss,
      latenciesMs: latencies ? [...latencies.subarray(warmUp)] : [],
    }),
  };
}
