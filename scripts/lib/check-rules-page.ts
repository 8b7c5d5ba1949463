/** docs/reference/check-rules.md, from the rules of `engine check`. */
import { ALL_DESCRIPTIONS, RULES } from "../../src/check/registry.ts";
import type { RuleDescription } from "../../src/check/rule.ts";

const INTRODUCTION = `<!-- Written by scripts/generate-reference.ts: change the rules in src/check/rules, not this page. -->

# The rules of \`engine check\`

Codes are stable. An **error** shuts the gate (exit code 1); a **warning** does so with \`--strict\`; an **info** never does.
Some rules lower or raise the severity of a single finding, and say so in it. How to use them, suppress them and write your own:
[Gate a deploy](../how-to/gate-a-deploy.md).

Rules that speak of production apply where \`ENGINE_ENV\` is set to anything but a name for development or tests
(\`development\`, \`dev\`, \`local\`, \`test\`, \`testing\`, \`ci\`).
`;

export function renderCheckRulesPage(): string {
  const ofScope = (scope: string): readonly RuleDescription[] => RULES.filter((rule) => rule.scope === scope);
  const own = ALL_DESCRIPTIONS.filter(({ code }) => RULES.every((rule) => rule.code !== code));
  return [
    INTRODUCTION,
    ...renderGroup("Domain and configuration", ofScope("static")),
    ...renderGroup("The servers (`--live`)", ofScope("live")),
    ...renderGroup("The check itself", own),
  ].join("\n");
}

function renderGroup(title: string, rules: readonly RuleDescription[]): readonly string[] {
  return [`## ${title}\n`, ...rules.map(renderRule)];
}

function renderRule({ code, severity, title, rationale, fix }: RuleDescription): string {
  return `### \`${code}\`\n\n**${severity}** · ${title}\n\n${rationale}\n\n**Fix.** ${fix}\n`;
}
