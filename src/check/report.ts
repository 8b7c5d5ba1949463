/** Findings in the forms that programs read: JSON, SARIF 2.1.0, and annotations of GitHub Actions. */
import { VERSION } from "../version.ts";
import type { ServerFacts } from "../ports/broker-facts.ts";
import type { LiveFacts } from "./live/facts.ts";
import type { CheckResult } from "./run.ts";
import type { Finding, RuleDescription, Severity } from "./rule.ts";

export interface Report extends CheckResult {
  /** ENGINE_ENV; null: unset. */
  readonly environment: string | null;
  /** Whether the rules for production applied. */
  readonly isProduction: boolean;
  /** Of all rules there are, run or not. */
  readonly descriptions: readonly RuleDescription[];
  /** Null without `--live`. */
  readonly live: LiveFacts | null;
}

export type Counts = Readonly<Record<Severity, number>>;

export function countFindings(findings: readonly Finding[]): Counts {
  const of = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  return { error: of("error"), warning: of("warning"), info: of("info") };
}

/** Whether the gate stays shut: at errors; when strict, at warnings too. */
export function isFailed(findings: readonly Finding[], isStrict: boolean): boolean {
  const { error, warning } = countFindings(findings);
  return error > 0 || (isStrict && warning > 0);
}

export interface JsonReport {
  readonly environment: string | null;
  readonly production: boolean;
  readonly counts: Counts;
  readonly findings: readonly Finding[];
  readonly suppressed: readonly {
    readonly code: string;
    readonly on: string;
    readonly message: string;
    readonly reason: string;
  }[];
  /** Null without `--live`, and where the server was not reached. */
  readonly server: (ServerFacts & { readonly clockSkewMs: number }) | null;
}

export function toJson({ findings, suppressed, environment, isProduction, live }: Report): JsonReport {
  return {
    environment,
    production: isProduction,
    counts: countFindings(findings),
    findings,
    suppressed: suppressed.map(({ finding, reason }) => ({
      code: finding.code,
      on: finding.on,
      message: finding.message,
      reason,
    })),
    server: live?.kind === "reached" ? { ...live.server, clockSkewMs: Math.round(live.clockSkewMs) } : null,
  };
}

const SARIF_LEVELS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };

interface SarifText {
  readonly text: string;
}

interface SarifLocation {
  readonly physicalLocation?: {
    readonly artifactLocation: { readonly uri: string };
    readonly region?: { readonly startLine: number };
  };
  readonly logicalLocations: readonly { readonly name: string }[];
}

export interface SarifRule {
  readonly id: string;
  readonly shortDescription: SarifText;
  readonly fullDescription: SarifText;
  readonly help: SarifText;
  readonly defaultConfiguration: { readonly level: string };
}

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex?: number;
  readonly level: string;
  readonly message: SarifText;
  readonly locations: readonly SarifLocation[];
  readonly suppressions?: readonly { readonly kind: "external"; readonly justification: string }[];
}

export interface SarifLog {
  readonly $schema: string;
  readonly version: "2.1.0";
  readonly runs: readonly [
    {
      readonly tool: {
        readonly driver: {
          readonly name: string;
          readonly semanticVersion: string;
          readonly rules: readonly SarifRule[];
        };
      };
      readonly results: readonly SarifResult[];
    },
  ];
}

/** A log with one run. */
export function toSarif({ findings, suppressed, descriptions }: Report): SarifLog {
  const codes = descriptions.map(({ code }) => code);
  const result = (finding: Finding): SarifResult => ({
    ruleId: finding.code,
    ...(codes.includes(finding.code) ? { ruleIndex: codes.indexOf(finding.code) } : {}),
    level: SARIF_LEVELS[finding.severity],
    message: { text: finding.message },
    locations: [sarifLocation(finding)],
  });
  const justified = suppressed.map(({ finding, reason }): SarifResult => ({
    ...result(finding),
    suppressions: [{ kind: "external", justification: reason }],
  }));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "engine check", semanticVersion: VERSION, rules: descriptions.map(sarifRule) } },
        results: [...findings.map(result), ...justified],
      },
    ],
  };
}

function sarifRule({ code, severity, title, rationale, fix }: RuleDescription): SarifRule {
  return {
    id: code,
    shortDescription: { text: title },
    fullDescription: { text: rationale },
    help: { text: fix },
    defaultConfiguration: { level: SARIF_LEVELS[severity] },
  };
}

function sarifLocation({ on, place }: Finding): SarifLocation {
  const logical = { logicalLocations: [{ name: on }] };
  if (place === null) return logical;
  const uri = encodeURI(place.file.replaceAll("\\", "/"));
  const region = place.line === null ? {} : { region: { startLine: place.line } };
  return { physicalLocation: { artifactLocation: { uri }, ...region }, ...logical };
}

const GITHUB_COMMANDS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "notice" };

/** One workflow command a line. */
export function toGithub({ findings }: CheckResult): readonly string[] {
  return findings.map(({ severity, code, title, message, fix, on, place }) => {
    const properties = {
      ...(place === null ? {} : { file: place.file }),
      ...(place === null || place.line === null ? {} : { line: String(place.line) }),
      title: `${code}: ${title}`,
    };
    const listed = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(value)}`);
    return `::${GITHUB_COMMANDS[severity]} ${listed.join(",")}::${escapeText(`${on}: ${message}\n${fix}`)}`;
  });
}

function escapeText(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeText(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
