import { isMet, type Figure, type Scenario, type ScenarioResult } from "./scenario.ts";

/** A scenario's figures for a person to read. */
export function tableOf(scenario: Scenario, { figures, faults }: ScenarioResult): string {
  const rows = figures.map((figure) => [
    figure.label,
    `${shown(figure.value)} ${figure.unit}`,
    figure.runs > 1 ? `${shown(figure.range[0])} – ${shown(figure.range[1])}` : "",
    goalOf(figure),
  ]);
  const head = ["", "median", `range`, "goal"];
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)));
  const lines = [head, ...rows].map((row) =>
    `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd(),
  );
  const delivery =
    faults.length === 0 ? "  delivery: exact in every run" : faults.map((fault) => `  NOT EXACT: ${fault}`).join("\n");
  return `${scenario.name}: ${scenario.title}\n${lines.join("\n")}\n${delivery}\n`;
}

function goalOf(figure: Figure): string {
  if (!figure.goal) return "";
  const sign = figure.goal.kind === "at_least" ? "≥" : "≤";
  return `${sign} ${shown(figure.goal.value)} ${isMet(figure) ? "met" : "MISSED"}`;
}

export function shown(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
