/** The options that the dlq commands share, and what they come to. */
import type { Command } from "commander";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import { selectAddresses, type SubscriptionAddress } from "../addresses.ts";
import { collect, CONFIG_OPTION, DOMAIN_OPTION, parsePositiveInteger, type CliContext } from "../command.ts";
import { parseSince, type LetterFilter } from "./filter.ts";

export interface WhereOptions {
  readonly domain?: string;
  readonly stream?: readonly string[];
  readonly subscription?: string;
}

export interface FilterOptions {
  readonly type?: string;
  readonly error?: string;
  readonly since?: string;
  readonly limit?: number;
}

export interface MoveCommandOptions extends WhereOptions, FilterOptions {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly rate?: number;
}

export function addWhereOptions(command: Command): Command {
  return command
    .option(...DOMAIN_OPTION)
    .option("--stream <name>", "stream whose dead letters are meant (may be repeated)", collect)
    .option("--subscription <name>", "only this subscription: its name, or its handler's")
    .option(...CONFIG_OPTION);
}

export function addFilterOptions(command: Command, limitText: string, limit?: number): Command {
  return command
    .option("--type <type>", "only this event type")
    .option("--error <text>", "only this reason or fingerprint, or errors whose name and message contain the text")
    .option("--since <time>", "only those dead-lettered since: 30m, 12h, 7d, or a date such as 2026-11-03T12:00:00Z")
    .option("--limit <count>", limitText, parsePositiveInteger, limit);
}

export async function whereOf(
  options: WhereOptions,
  context: CliContext,
  deadLetters: DeadLetters,
): Promise<SubscriptionAddress[]> {
  const domain = options.domain === undefined ? null : await context.loadDomain(options.domain);
  const selection = { domain, streams: options.stream ?? [], subscription: options.subscription };
  return selectAddresses(selection, (stream) => deadLetters.subscriptions(stream));
}

export function filterOf(options: FilterOptions, context: CliContext): LetterFilter {
  const sinceMs = options.since === undefined ? undefined : parseSince(options.since, context.clock.now());
  return { type: options.type, error: options.error, sinceMs };
}
