/** What a scenario is given and what it answers. */
import type { Redis } from "ioredis";

export interface Bench {
  readonly url: string;
  /** For preparing and checking; never used by what is measured. */
  readonly redis: Redis;
  /** Folder of the compiled engine: a copy, so that a build meanwhile changes nothing. */
  readonly engineDir: string;
  /** A second compiled engine to measure beside the first, for before/after; null: none. */
  readonly againstDir: string | null;
  readonly isSmoke: boolean;
  /** Pairs to measure; null: what the scenario finds right. */
  readonly runs: number | null;
  /** Where children write a .cpuprofile each; null: they do not. */
  readonly profileDir: string | null;
  /** One line about what goes on. */
  progress(text: string): void;
}

/** One measured number: the median of its runs. */
export interface Figure {
  readonly label: string;
  readonly unit: string;
  readonly value: number;
  /** Smallest and largest of the runs. */
  readonly range: readonly [number, number];
  readonly runs: number;
  readonly goal?: Goal | undefined;
}

export interface Goal {
  readonly kind: "at_least" | "at_most";
  readonly value: number;
}

export interface ScenarioResult {
  readonly figures: readonly Figure[];
  /** What was wrong with the delivery; empty: every message was delivered exactly once and nothing is pending. */
  readonly faults: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<ScenarioResult>;
}

export function isMet({ value, goal }: Figure): boolean | null {
  if (!goal) return null;
  return goal.kind === "at_least" ? value >= goal.value : value <= goal.value;
}
