import { Option, type Command } from "commander";
import { createContext } from "../../check/context.ts";
import { loadRules } from "../../check/load-rules.ts";
import { ALL_DESCRIPTIONS, INVALID, RULES } from "../../check/registry.ts";
import { isFailed, toGithub, toJson, toSarif, type Report } from "../../check/report.ts";
import type { CheckContext, Finding, LiveContext } from "../../check/rule.ts";
import { complete, runRules } from "../../check/run.ts";
import { ConfigError, formatFault } from "../../config/faults.ts";
import type { EngineConfig } from "../../config/settings.ts";
import { EngineError } from "../../errors.ts";
import { loadAlertCallback } from "../../maintenance/load-callback.ts";
import { gatherLive } from "../check/gather-live.ts";
import { printText } from "../check/text-report.ts";
import { CONFIG_OPTION, createCommand, DOMAIN_OPTION, parsePositiveInteger, type CliContext } from "../command.ts";
import { EXIT, exitCodeOf } from "../exit-code.ts";

const FORMATS = ["text", "json", "sarif", "github"] as const;

interface CheckOptions {
  readonly domain: string;
  readonly config?: string;
  readonly live?: boolean;
  readonly strict?: boolean;
  readonly processes: number;
  readonly format: (typeof FORMATS)[number];
}

/** `engine check`: a gate before a deploy. 1 at errors, with `--strict` at warnings too. */
export function checkCommand(context: CliContext): Command {
  const command = createCommand("check", "find faults of domain and configuration before a deploy", [
    "check --domain=app",
    "check --domain=app --config=production.toml --live --processes=12",
    "check --domain=app --strict --format=sarif > engine.sarif",
  ]);
  return command
    .requiredOption(...DOMAIN_OPTION)
    .option(...CONFIG_OPTION)
    .option("--live", "also ask the servers, without writing anything: settings, rights, groups, messages in flight")
    .option(
      "--processes <count>",
      "processes that will run, replicas times workers: for --live",
      parsePositiveInteger,
      1,
    )
    .option("--strict", "fail at warnings, too")
    .addOption(new Option("--format <format>", "form of the findings").choices(FORMATS).default("text"))
    .action(async (options: CheckOptions) => {
      try {
        await check(options, context, command);
      } catch (error) {
        if (options.format === "text" || !isInvalid(error)) throw error;
        await printInvalid(error, options, context);
      }
    });
}

async function check(options: CheckOptions, context: CliContext, command: Command): Promise<void> {
  const config = context.loadConfig(options.config);
  const domain = await context.loadDomain(options.domain);
  const own = await loadRules(config.check.rules, config.directory);
  const callbackFault = await findCallbackFault(config);
  const input = createContext({ model: domain.model, config, cwd: context.cwd, callbackFault });
  const { processes } = options;
  const live = options.live === true ? await gatherLive(context, { command, check: input, processes }) : null;
  const full: CheckContext | LiveContext = live === null ? input : { ...input, live };
  const result = await runRules([...RULES, ...own], full);
  const { environment } = config;
  const descriptions = [...ALL_DESCRIPTIONS, ...own];
  await print({ ...result, environment, isProduction: input.isProduction, live, descriptions }, options, context);
  context.exitCode = isFailed(result.findings, options.strict === true) ? EXIT.FAILED : EXIT.OK;
}

async function findCallbackFault({ server, directory }: EngineConfig): Promise<string | null> {
  const { alertCallback } = server.dlq;
  if (alertCallback === null) return null;
  try {
    await loadAlertCallback(alertCallback, directory);
    return null;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return error.message;
  }
}

async function print(report: Report, { format }: CheckOptions, { output }: CliContext): Promise<void> {
  switch (format) {
    case "text":
      return printText(report, output);
    case "json":
      return output.json(toJson(report));
    case "sarif":
      return output.json(toSarif(report));
    case "github":
      for (const line of toGithub(report)) await output.line(line);
  }
}

function isInvalid(error: unknown): error is EngineError {
  return error instanceof EngineError && ["ENGINE_CONFIG_INVALID", "ENGINE_DOMAIN_INVALID"].includes(error.code);
}

/** What programs read has to have the faults in it, with their places; the exit code stays that of a usage error. */
async function printInvalid(error: EngineError, options: CheckOptions, context: CliContext): Promise<void> {
  const findings: readonly Finding[] =
    error instanceof ConfigError
      ? error.faults.map((fault) =>
          complete(INVALID, {
            on: fault.path,
            message: formatFault(fault),
            place: fault.place === null ? null : { file: fault.place, line: fault.line },
          }),
        )
      : [complete(INVALID, { on: "domain", message: error.message })];
  const nothing = { suppressed: [], environment: null, isProduction: false, live: null };
  await print({ ...nothing, findings, descriptions: ALL_DESCRIPTIONS }, options, context);
  context.exitCode = exitCodeOf(error);
}
