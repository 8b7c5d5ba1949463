import type { Figure } from "./scenario.ts";
import { median } from "./statistics.ts";

/** A figure from the values of its runs. */
export function figure(label: string, unit: string, values: readonly number[]): Figure {
  return { label, unit, value: median(values), range: [Math.min(...values), Math.max(...values)], runs: values.length };
}

/** The figure, with the goal that it be no smaller. */
export function atLeast(value: number, of: Figure): Figure {
  return { ...of, goal: { kind: "at_least", value } };
}

/** The figure, with the goal that it be no larger. */
export function atMost(value: number, of: Figure): Figure {
  return { ...of, goal: { kind: "at_most", value } };
}
