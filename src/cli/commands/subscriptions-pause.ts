import type { Command } from "commander";
import type { Pause } from "../../ports/control.ts";
import { CONFIG_OPTION, createCommand, DOMAIN_OPTION, type CliContext } from "../command.ts";
import { withBroker, type BrokerSession } from "../open-brokers.ts";
import {
  auditLog,
  checkConsumer,
  findTarget,
  operatorName,
  pauseOptionsOf,
  type PauseOptions,
} from "../subscriptions/pausing.ts";

/** `engine subscriptions pause`: running engines stop reading for a subscription, and it stays so until it is resumed. */
export function subscriptionsPauseCommand(context: CliContext): Command {
  const command = createCommand("pause", "stop reading for a subscription, until it is resumed", [
    "subscriptions pause AuditHandler --domain=app --reason='payment provider is down'",
    "subscriptions pause shop.AuditHandler --domain=app --consumer=worker-1:17:5f2c9a01",
  ]).argument("<name>", "the subscription's name, or its handler's");
  return command
    .option(...DOMAIN_OPTION)
    .option("--reason <text>", "why: shown wherever the pause is")
    .option("--consumer <name>", "only in the process of that name: see `engine subscriptions --json`")
    .option("--json", "print JSON")
    .option(...CONFIG_OPTION)
    .action((name: string) => {
      const options = pauseOptionsOf(command);
      return withBroker(context, command, (session) => pause(name, options, { context, session }));
    });
}

interface Surroundings {
  readonly context: CliContext;
  readonly session: BrokerSession;
}

async function pause(wanted: string, options: PauseOptions, { context, session }: Surroundings): Promise<void> {
  const target = await findTarget(wanted, await context.loadDomain(options.domain), session);
  const { consumer = null, reason = null } = options;
  if (consumer !== null) await checkConsumer(consumer, target, session);
  const at = new Date(context.clock.now()).toISOString();
  const order: Pause = { subscription: target.name, consumer, by: operatorName(), at, reason };
  const isNew = await session.adapter.control.pause(target.control, order);
  auditLog(context, session).info(
    { action: "subscriptions.pause", ...order, wasPaused: !isNew },
    `paused ${target.name}`,
  );
  if (options.json === true) {
    await context.output.json({ action: "pause", ...order, was_paused: !isNew });
    return;
  }
  const where = consumer === null ? "in every process" : `in ${consumer}`;
  await context.output.line(
    `${target.name} is ${isNew ? "" : "still "}paused ${where}: engines stop reading for it within two seconds, and finish what runs.`,
  );
}
