import type { Command } from "commander";
import { controlName } from "../../message/names.ts";
import type { Pause } from "../../ports/control.ts";
import { sleep } from "../../primitives/abort.ts";
import { selectAddresses, type SubscriptionAddress } from "../addresses.ts";
import { collect, CONFIG_OPTION, createCommand, DOMAIN_OPTION, JSON_OPTION, type CliContext } from "../command.ts";
import type { BrokerAdapter } from "../../ports/broker-adapter.ts";
import type { Domain } from "../../domain/domain.ts";
import { withBroker, type BrokerSession } from "../open-brokers.ts";
import { askEngine, healthUrl } from "../running-engine.ts";
import { inspectSubscriptions, SUBSCRIPTION_COLUMNS, subscriptionRow } from "../subscription-rows.ts";
import { subscriptionsPauseCommand } from "./subscriptions-pause.ts";
import { subscriptionsResumeCommand } from "./subscriptions-resume.ts";

const WATCH_INTERVAL_MS = 2_000;

interface SubscriptionsOptions {
  readonly domain?: string;
  readonly stream?: readonly string[];
  readonly subscription?: string;
  readonly health?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

/** `engine subscriptions`: how far each consumer group is. With `--watch --json`, a JSON line for each look. */
export function subscriptionsCommand(context: CliContext): Command {
  const command = createCommand("subscriptions", "show lag, pending and dead letters of subscriptions", [
    "subscriptions --domain=app",
    "subscriptions --stream=order --watch",
    "subscriptions --domain=app --health=http://127.0.0.1:8080 --json",
  ]);
  return command
    .addCommand(subscriptionsPauseCommand(context))
    .addCommand(subscriptionsResumeCommand(context))
    .option(...DOMAIN_OPTION)
    .option("--stream <name>", "stream whose consumer groups are meant (may be repeated)", collect)
    .option("--subscription <name>", "only this subscription: its name, or its handler's")
    .option("--health <url>", "health server of a running engine: tells breaker and state, which the broker cannot")
    .option("--watch", "look again every 2 seconds until Ctrl-C")
    .option(...JSON_OPTION)
    .option(...CONFIG_OPTION)
    .action((options: SubscriptionsOptions) =>
      withBroker(context, command, (session) => show(options, context, session)),
    );
}

async function show(options: SubscriptionsOptions, context: CliContext, session: BrokerSession): Promise<void> {
  const { adapter, signal: interrupted } = session;
  const { output } = context;
  const signal = AbortSignal.any([interrupted, output.closed]);
  const health = options.health === undefined ? null : healthUrl(options.health);
  const domain = options.domain === undefined ? null : await context.loadDomain(options.domain);
  const selection = { domain, streams: options.stream ?? [], subscription: options.subscription };
  const discover = async (stream: string): Promise<readonly SubscriptionAddress[]> =>
    domain === null ? (await adapter.admin.groups(stream)).map((group) => ({ stream, group, handlerName: null })) : [];

  do {
    const addresses = await selectAddresses(selection, discover);
    const engine = health === null ? null : await askEngine(health, signal);
    const rows = await inspectSubscriptions(adapter.admin, addresses, {
      engine,
      pauses: await pausesOf(domain, adapter),
    });
    if (signal.aborted) return;
    if (options.watch === true) await output.clearScreen();
    if (options.json !== true) await output.table(SUBSCRIPTION_COLUMNS, rows.map(subscriptionRow));
    else if (options.watch === true) await output.jsonLine({ subscriptions: rows });
    else await output.json({ subscriptions: rows });
    if (rows.length === 0) output.note("no subscriptions");
    if (engine !== null && "reason" in engine)
      output.note(`the engine at ${options.health} did not answer: ${engine.reason}`);
  } while (options.watch === true && (await sleep(WATCH_INTERVAL_MS, signal)));
}

/** Null: unknown without the domain, whose name they are kept under. */
async function pausesOf(domain: Domain | null, { control }: BrokerAdapter): Promise<readonly Pause[] | null> {
  return domain === null ? null : control.list(controlName(domain.name));
}
