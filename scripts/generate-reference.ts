/**
 * Writes docs/reference/configuration.md from the table of configuration keys, and check-rules.md from the rules of `engine check`.
 *
 *   node scripts/generate-reference.ts            writes it
 *   node scripts/generate-reference.ts --check    exits 1 when it has drifted
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeRange } from "../src/config/check-value.ts";
import { settingName, type KeySpec } from "../src/config/key-spec.ts";
import { PROFILE_FIELDS, type FieldSpec } from "../src/config/profile-fields.ts";
import { BUILT_IN_PROFILES } from "../src/config/profiles.ts";
import { CONFIG_KEYS, SECTIONS } from "../src/config/schema.ts";
import { renderCheckRulesPage } from "./lib/check-rules-page.ts";

const FOLDER = fileURLToPath(new URL("../docs/reference", import.meta.url));

const INTRODUCTION = `<!-- Written by scripts/generate-reference.ts from src/config/schema.ts. Do not edit. -->

# Configuration

The engine reads \`domain.toml\`: the file named by \`--config\`, else \`.domain.toml\` or \`domain.toml\` in the working
directory or up to two of its parents. Without a file every key has its default, and the broker is the embedded one.
[domain.toml.example](../../domain.toml.example) shows every section. The same, as an object in code, goes to
\`resolveConfig({ … })\`, typed by \`ConfigInput\`.

- **Strict.** An unknown key, a wrong type, an unset variable, a value out of range, a contradiction is an error. All are
  reported at once, each with its line, its key and the nearest valid name; none quotes a secret or a variable's value.
- **Variables.** \`\${VAR}\` and \`\${VAR|default}\` in a string are filled in after the file was parsed, once: what a variable
  holds is never read as TOML, nor searched for variables. The text then becomes what its key wants
  (\`port = "\${PORT|8080}"\`). Without a variable in it, a string is no number. A variable that is set but empty is set.
  \`$\${\` is a literal \`\${\`.
- **Environments.** \`ENGINE_ENV=production\` merges the tables under \`[production.…]\` over the rest. The overlays of other
  environments are checked all the same; only their variables need not be set.
- **Looking at it.** \`engine config show\` prints what is in force, secrets redacted; \`engine config explain\` also what
  set it, and \`engine config explain --handler X\` does so for one handler's subscription.
`;

const PROFILES_INTRODUCTION = `## Subscriptions and profiles

The fields of a subscription may be set, highest first, by:

1. \`subscriptionConfig\` of the handler
2. \`subscriptionProfile\` of the handler
3. \`[server.subscriptions.X]\`, where X is the handler's class or the subscription's name (the name comes first)
4. \`profile\` in that table
5. \`[server.defaults]\`
6. \`server.default_subscription_profile\`
7. the built-in values, which are those of \`production\`; for the two dead-letter fields, \`[server.dlq]\`

The first level that sets a field wins, whatever profiles lower levels name. A profile of your own,
\`[server.profiles.NAME]\`, may inherit from a built-in one or from another of your own; without \`inherits\` it sets only
what it lists. Names of profiles ignore case; those of built-in ones are taken.
`;

export function renderConfigurationPage(): string {
  return [
    INTRODUCTION,
    ...SECTIONS.map((section) => renderSection(section)),
    PROFILES_INTRODUCTION,
    renderFields(),
    renderProfiles(),
  ].join("\n");
}

/** A section's keys; those that are profile fields have a table of their own. */
function renderSection(section: string): string {
  const rows = CONFIG_KEYS.filter((spec) => spec.path.startsWith(`${section}.`) && !isProfileField(spec)).map(
    (spec) => `| \`${spec.path.replace("*", "NAME")}\` | ${renderType(spec)} | ${renderDefault(spec)} | ${spec.doc} |`,
  );
  return [`## [${section}]`, "", "| key | type | default | |", "|---|---|---|---|", ...rows, ""].join("\n");
}

const PROFILE_TABLE = /^server\.(?:defaults|subscriptions\.\*|profiles\.\*)\./;

function isProfileField(spec: KeySpec): boolean {
  const field = spec.path.replace(PROFILE_TABLE, "");
  return field !== spec.path && PROFILE_FIELDS.some((other) => other.field === field);
}

function renderFields(): string {
  const rows = PROFILE_FIELDS.map(
    (spec) => `| \`${spec.field}\` | \`${settingName(spec.field)}\` | ${renderType(spec)} | ${spec.doc} |`,
  );
  const head = ["| field | in code | type | |", "|---|---|---|---|"];
  return ["### Fields", "", ...head, ...rows, ""].join("\n");
}

function renderProfiles(): string {
  const profiles = Object.entries(BUILT_IN_PROFILES) as [string, Readonly<Record<string, string | number | boolean>>][];
  const rows = PROFILE_FIELDS.map(({ field }) => {
    const cells = profiles.map(([, values]) => String(values[settingName(field)] ?? "`[server.dlq]`"));
    return `| \`${field}\` | ${cells.join(" | ")} |`;
  });
  const head = `| field | ${profiles.map(([name]) => name).join(" | ")} |`;
  const note = "`projection` reads from the event store, which this version does not serve: naming it is an error.";
  return ["### Built-in profiles", "", head, `|---|${"---|".repeat(profiles.length)}`, ...rows, "", note, ""].join(
    "\n",
  );
}

function renderType(spec: KeySpec | FieldSpec): string {
  if (spec.choices !== undefined) return spec.choices.map((choice) => `\`${choice}\``).join(", ");
  const unit = spec.unit === undefined ? "" : `, ${spec.unit}`;
  const range = describeRange(spec);
  if (spec.type === "strings") return "array of strings";
  if (spec.type === "tables")
    return `array of tables: ${(spec.fields ?? []).map(({ name }) => `\`${name}\``).join(", ")}`;
  const kind = spec.type === "profile" ? "name of a profile" : spec.type;
  return `${kind}${unit}${range === null ? "" : `, ${range}`}`;
}

function renderDefault(spec: KeySpec): string {
  if (spec.isRequired === true) return "required";
  return spec.default === null ? "none" : `\`${JSON.stringify(spec.default)}\``;
}

function main(): void {
  const pages = { "configuration.md": renderConfigurationPage(), "check-rules.md": renderCheckRulesPage() };
  for (const [name, page] of Object.entries(pages)) {
    const file = join(FOLDER, name);
    if (!process.argv.includes("--check")) {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, page);
    } else if (!existsSync(file) || readFileSync(file, "utf8") !== page) {
      process.stderr.write(`docs/reference/${name} has drifted: run node scripts/generate-reference.ts\n`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
