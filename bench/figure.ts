import type { Figure, Goal } from "./scenario.ts";
import { median } from "./statistics.ts";

/** A figure from the values of its runs. */
export function figure(label: string, unit: string, values: readonly number[], goal?: Goal): Figure {
  return {
    label,
    unit,
    value: median(values),
    range: [Math.min(...values), Math.max(...values)],
    runs: values.length,
    goal,
  };
}

export function atLeast(value: number): Goal {
  return { kind: "at_least", value };
}

export function atMost(value: number): Goal {
  return { kind: "at_most", value };
}
