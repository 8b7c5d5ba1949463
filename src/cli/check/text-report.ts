/** Findings for people: grouped by rule, each as wide as the terminal, what to do below. */
import { countFindings, type Report } from "../../check/report.ts";
import type { BrokerReport } from "../../check/live/facts.ts";
import type { Finding, Severity } from "../../check/rule.ts";
import type { Output } from "../output.ts";
import { widthOf } from "../table.ts";
import { visible } from "../visible.ts";

const STYLES = { error: "red", warning: "yellow", info: "dim" } as const satisfies Record<Severity, string>;

export async function printText(report: Report, output: Output): Promise<void> {
  const groups = Map.groupBy(report.findings, ({ severity, code }) => `${severity} ${code}`);
  for (const findings of groups.values()) await printGroup(findings, output);
  for (const { finding, reason } of report.suppressed) {
    const text = `suppressed ${finding.code} on ${visible(finding.on)}: ${visible(reason)}`;
    for (const line of wrap(text, output.width, "  ")) await output.line(output.style("dim", line));
  }
  if (report.suppressed.length > 0) await output.line("");
  if (report.live?.kind === "reached") await printServer(report.live, output);
  const { error, warning, info } = countFindings(report.findings);
  const counts = [plural(error, "error"), plural(warning, "warning"), `${info} info`].join(", ");
  await output.line(output.style(error > 0 ? "red" : warning > 0 ? "yellow" : "green", counts));
  if (!report.isProduction) {
    const environment = report.environment === null ? "ENGINE_ENV is not set" : `ENGINE_ENV is ${report.environment}`;
    output.note(`${environment}: rules for production did not apply`);
  }
}

async function printGroup(findings: readonly Finding[], output: Output): Promise<void> {
  const [first] = findings;
  if (first === undefined) return;
  const { severity, code, title, fix } = first;
  await output.line(`${output.style(STYLES[severity], severity)} ${output.style("bold", code)}  ${visible(title)}`);
  for (const { message, place } of findings) {
    const where = place === null ? "" : `${place.file}${place.line === null ? "" : `:${place.line}`}  `;
    for (const line of wrap(`- ${where}${visible(message)}`, output.width, "    ")) await output.line(line);
  }
  for (const line of wrap(`fix: ${visible(fix)}`, output.width, "       "))
    await output.line(output.style("dim", line));
  await output.line("");
}

async function printServer({ broker, server, clockSkewMs, processes }: BrokerReport, output: Output): Promise<void> {
  const connections =
    server.connectedClients === null ? null : `${server.connectedClients} of ${server.maxClients ?? "?"}`;
  await output.table(
    [
      { title: "broker" },
      { title: "server" },
      { title: "durability" },
      { title: "eviction" },
      { title: "connections" },
      { title: "skew ms", align: "right" },
      { title: "processes", align: "right" },
    ],
    [
      [
        broker,
        `${server.product} ${server.version}`,
        server.durability,
        server.evictionPolicy,
        connections,
        Math.round(clockSkewMs),
        processes,
      ],
    ],
  );
  await output.line("");
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

const INDENT = "  ";
/** Below this there is no point in wrapping. */
const NARROWEST = 40;

/** Lines of at most `width` columns, broken at blanks; the first is indented, the others hang by `hang`. */
function wrap(text: string, width: number, hang: string): readonly string[] {
  const limit = Math.max(width, NARROWEST);
  const lines: string[] = [];
  let line = INDENT;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(word) > limit) {
      lines.push(line);
      line = hang;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
