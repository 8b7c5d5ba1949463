/** What `subscriptions pause` and `subscriptions resume` share: which subscription, which process, and the audit line. */
import type { Command } from "commander";
import { hostname } from "node:os";
import type { Logger } from "pino";
import type { Domain } from "../../domain/domain.ts";
import { EngineError } from "../../errors.ts";
import { controlName } from "../../message/names.ts";
import type { Pause } from "../../ports/control.ts";
import { selectAddresses, type SubscriptionAddress } from "../addresses.ts";
import type { CliContext } from "../command.ts";
import { currentUser } from "../dlq/audit.ts";
import type { BrokerSession } from "../open-brokers.ts";

export interface PauseOptions {
  readonly domain: string;
  readonly consumer?: string;
  readonly reason?: string;
  readonly json?: boolean;
}

/**
 * The options of a command below `subscriptions`. Those that both have are parsed with the one above, which would also
 * take those that only make sense for itself. Throws ENGINE_USAGE.
 */
export function pauseOptionsOf(command: Command): PauseOptions {
  const known = new Set(command.options.map((option) => option.attributeName()));
  const [foreign] = Object.keys(command.parent?.opts() ?? {}).filter((name) => !known.has(name));
  if (foreign !== undefined) throw new EngineError("ENGINE_USAGE", `--${foreign} does not go with ${command.name()}`);
  const options = command.optsWithGlobals<Partial<PauseOptions>>();
  if (options.domain !== undefined) return { ...options, domain: options.domain };
  throw new EngineError("ENGINE_USAGE", "required option '--domain <module>' not specified", {
    hint: `See \`engine subscriptions ${command.name()} --help\`.`,
  });
}

/** A subscription of the domain, and the pauses of all of the domain's. */
export interface Target {
  readonly name: string;
  /** Null: the domain does not declare it (any more). */
  readonly address: SubscriptionAddress | null;
  /** See `controlName`. */
  readonly control: string;
  readonly pauses: readonly Pause[];
}

/** Throws ENGINE_SUBSCRIPTION_UNKNOWN. A pause of a subscription that is gone is known by its full name. */
export async function findTarget(wanted: string, domain: Domain, { adapter }: BrokerSession): Promise<Target> {
  const control = controlName(domain.name);
  const pauses = await adapter.control.list(control);
  const isOrphan =
    pauses.some(({ subscription }) => subscription === wanted) &&
    !domain.model.subscriptions.some(({ name }) => name === wanted);
  if (isOrphan) return { name: wanted, address: null, control, pauses };
  const [address, second] = await selectAddresses({ domain, streams: [], subscription: wanted }, async () => []);
  if (address === undefined || second !== undefined) {
    throw new EngineError("ENGINE_SUBSCRIPTION_UNKNOWN", `"${wanted}" is the name of several subscriptions`, {
      hint: "Give the full name, as `engine subscriptions` shows it.",
    });
  }
  return { name: address.group, address, control, pauses };
}

/** Throws ENGINE_USAGE: a pause for a process that is not there would do nothing, silently. */
export async function checkConsumer(
  consumer: string,
  { name, address }: Target,
  session: BrokerSession,
): Promise<void> {
  const report = address === null ? null : await session.adapter.admin.inspect(address);
  const names = (report?.consumers ?? []).map((each) => each.name);
  if (names.includes(consumer)) return;
  throw new EngineError("ENGINE_USAGE", `no process called "${consumer}" reads for ${name}`, {
    hint:
      names.length === 0 ? "None does at present." : `There ${names.length === 1 ? "is" : "are"} ${names.join(", ")}.`,
  });
}

/** Written whatever the configured level. */
export function auditLog(context: CliContext, { config }: BrokerSession): Logger {
  const who = { audit: true, user: currentUser(), host: hostname() };
  return context.createLogger({ ...config.logging, level: "info" }).child(who);
}

/** `alice@bastion` */
export function operatorName(): string {
  return `${currentUser()}@${hostname()}`;
}
