import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly isSmoke: boolean;
  readonly isJson: boolean;
  readonly isProfiling: boolean;
  /** Scenarios to run; empty: all. */
  readonly only: readonly string[];
  readonly runs: number | null;
  /** A folder with another compiled engine, to measure beside this one. */
  readonly against: string | null;
  /** Write bench/results/NAME.json. */
  readonly save: string | null;
}

export const USAGE = `npm run bench -- [options]
  --only NAME      drain, latency, idle, memory or shutdown; can be repeated
  --runs N         pairs of runs, instead of what each scenario finds right
  --smoke          small counts, under a minute: fails only when a delivery is not exact or a ratio absurd
  --json           the results as JSON on stdout
  --save NAME      write them to bench/results/NAME.json too
  --against DIR    measure another compiled engine (a copy of dist/) in the same drain runs
  --profile        write .cpuprofile files to .cache/bench/profiles`;

/** Throws a TypeError for what it does not know. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      runs: { type: "string" },
      smoke: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      against: { type: "string" },
      save: { type: "string" },
    },
  });
  const runs = values.runs === undefined ? null : Number(values.runs);
  if (runs !== null && (!Number.isInteger(runs) || runs < 1))
    throw new TypeError(`--runs ${values.runs} is not a count`);
  return {
    isSmoke: values.smoke,
    isJson: values.json,
    isProfiling: values.profile,
    only: values.only,
    runs,
    against: values.against ?? null,
    save: values.save ?? null,
  };
}
