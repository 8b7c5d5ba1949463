/** Rules of the application's own: `[check] rules = ["./checks/my-rule.js"]`. */
import { pathToFileURL } from "node:url";
import { EngineError } from "../errors.ts";
import { findProjectFile } from "../lifecycle/project-file.ts";
import type { CheckRule } from "./rule.ts";

const CODE = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;
const SEVERITIES: readonly unknown[] = ["error", "warning", "info"];
const SCOPES: readonly unknown[] = ["static", "live"];

/**
 * The rules that the modules export: as default, as `rule`, or a list of them as `rules`. A module lies in `directory` or
 * below. Throws ENGINE_CHECK_RULE_INVALID.
 */
export async function loadRules(modules: readonly string[], directory: string): Promise<readonly CheckRule[]> {
  const rules: CheckRule[] = [];
  for (const module of modules) rules.push(...(await loadModule(module, directory)));
  const codes = rules.map(({ code }) => code);
  const twice = codes.find((code, index) => codes.indexOf(code) !== index);
  if (twice !== undefined) throw invalid(modules.join(", "), `two rules have the code ${twice}`);
  return rules;
}

async function loadModule(module: string, directory: string): Promise<readonly CheckRule[]> {
  const file = findProjectFile(directory, module);
  if (file === null) throw invalid(module, `there is no such file inside ${directory}`);
  let exports: Record<string, unknown>;
  try {
    exports = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    throw invalid(
      module,
      `it threw while it was loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  const found = [exports["rules"] ?? exports["rule"] ?? exports["default"]].flat();
  for (const rule of found) {
    const fault = faultOf(rule);
    if (fault !== null) throw invalid(module, fault);
  }
  return found as readonly CheckRule[];
}

function faultOf(rule: unknown): string | null {
  if (typeof rule !== "object" || rule === null) return "it exports no rule, as default, `rule` or `rules`";
  const { code, severity, scope, run, title, rationale, fix } = rule as Partial<Record<keyof CheckRule, unknown>>;
  if (typeof code !== "string" || !CODE.test(code)) return "a rule's `code` must be upper-case words: SHOP_NO_REFUND";
  if (code.startsWith("CHECK_")) return `${code}: codes that start with CHECK_ are the engine's own`;
  if (!SEVERITIES.includes(severity)) return `${code}: \`severity\` must be "error", "warning" or "info"`;
  if (!SCOPES.includes(scope)) return `${code}: \`scope\` must be "static" or "live"`;
  if (typeof run !== "function") return `${code}: \`run\` must be a function`;
  const isDescribed = [title, rationale, fix].every((text) => typeof text === "string" && text !== "");
  return isDescribed ? null : `${code}: \`title\`, \`rationale\` and \`fix\` must be sentences`;
}

function invalid(module: string, reason: string, cause?: unknown): EngineError {
  return new EngineError("ENGINE_CHECK_RULE_INVALID", `check.rules ${JSON.stringify(module)}: ${reason}`, {
    hint: "A rule is an object { code, severity, title, rationale, fix, scope, run(context) }: see docs/how-to/gate-a-deploy.md.",
    ...(cause === undefined ? {} : { cause }),
  });
}
