/** Rules → findings, less those that are suppressed. */
import { nearestName } from "../config/nearest.ts";
import type { CheckSuppression } from "../config/settings.ts";
import { RULE_FAILED, SUPPRESSION_UNUSED } from "./registry.ts";
import type {
  CheckContext,
  CheckRule,
  Finding,
  LiveContext,
  Observation,
  RuleDescription,
  Severity,
  SuppressedFinding,
} from "./rule.ts";

export interface CheckResult {
  /** Errors first, then by code. */
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** Runs every static rule, and with a `LiveContext` the live ones too. Never rejects: a rule that throws is a finding. */
export async function runRules(rules: readonly CheckRule[], context: CheckContext | LiveContext): Promise<CheckResult> {
  const found: Finding[] = [];
  for (const rule of rules) found.push(...(await runRule(rule, context)));
  const isLive = "live" in context;
  const skipped = isLive ? [] : rules.filter(({ scope }) => scope === "live").map(({ code }) => code);
  return suppress(found, { suppressions: context.config.check.suppress, rules, skipped, context });
}

async function runRule(rule: CheckRule, context: CheckContext | LiveContext): Promise<readonly Finding[]> {
  try {
    if (rule.scope === "static") return (await rule.run(context)).map((observation) => complete(rule, observation));
    return "live" in context ? (await rule.run(context)).map((observation) => complete(rule, observation)) : [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [complete(RULE_FAILED, { on: rule.code, message: `${rule.code} threw: ${reason}` })];
  }
}

/** An observation as its rule's finding. */
export function complete(rule: RuleDescription, { message, on, place, severity }: Observation): Finding {
  const { code, title, rationale, fix } = rule;
  return { code, severity: severity ?? rule.severity, title, rationale, fix, message, on, place: place ?? null };
}

interface Suppressing {
  readonly suppressions: readonly CheckSuppression[];
  readonly rules: readonly CheckRule[];
  /** Codes of rules that were not run: their suppressions may well be needed another time. */
  readonly skipped: readonly string[];
  readonly context: CheckContext;
}

function suppress(found: readonly Finding[], { suppressions, rules, skipped, context }: Suppressing): CheckResult {
  const used = new Set<CheckSuppression>();
  const findings: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  for (const finding of found) {
    const matching = suppressions.filter(
      (each) => each.code === finding.code && (each.on ?? finding.on) === finding.on,
    );
    for (const each of matching) used.add(each);
    if (matching[0] === undefined) findings.push(finding);
    else suppressed.push({ finding, reason: matching[0].reason });
  }
  const place = context.placeOf("check.suppress");
  for (const each of suppressions) {
    if (used.has(each) || skipped.includes(each.code)) continue;
    findings.push(complete(SUPPRESSION_UNUSED, { on: each.code, message: unusedMessage(each, rules), place }));
  }
  return { findings: findings.toSorted(bySeverity), suppressed };
}

function unusedMessage({ code, on }: CheckSuppression, rules: readonly CheckRule[]): string {
  const codes = [...rules.map((rule) => rule.code), RULE_FAILED.code];
  if (codes.includes(code)) return `${code}${on === undefined ? "" : ` on "${on}"`} is suppressed, and was not found`;
  const near = nearestName(code, codes);
  return `there is no rule ${code}${near === null ? "" : `; did you mean ${near}?`}`;
}

function bySeverity(a: Finding, b: Finding): number {
  return RANK[a.severity] - RANK[b.severity] || a.code.localeCompare(b.code) || a.on.localeCompare(b.on);
}
