import type { Command } from "commander";
import { CONFIG_OPTION, createCommand, DOMAIN_OPTION, type CliContext } from "../command.ts";
import { withBroker, type BrokerSession } from "../open-brokers.ts";
import { auditLog, findTarget, pauseOptionsOf, type PauseOptions } from "../subscriptions/pausing.ts";

/** `engine subscriptions resume`: takes pauses back. */
export function subscriptionsResumeCommand(context: CliContext): Command {
  const command = createCommand("resume", "let a paused subscription go on", [
    "subscriptions resume AuditHandler --domain=app",
    "subscriptions resume AuditHandler --domain=app --consumer=worker-1:17:5f2c9a01",
  ]).argument("<name>", "the subscription's name, or its handler's");
  return command
    .option(...DOMAIN_OPTION)
    .option(
      "--consumer <name>",
      "only the pause of the process of that name; without it, every pause of the subscription",
    )
    .option("--json", "print JSON")
    .option(...CONFIG_OPTION)
    .action((name: string) => {
      const options = pauseOptionsOf(command);
      return withBroker(context, command, (session) => resume(name, options, { context, session }));
    });
}

interface Surroundings {
  readonly context: CliContext;
  readonly session: BrokerSession;
}

async function resume(wanted: string, options: PauseOptions, { context, session }: Surroundings): Promise<void> {
  const target = await findTarget(wanted, await context.loadDomain(options.domain), session);
  const { name } = target;
  const ofIt = target.pauses.filter(({ subscription }) => subscription === name);
  const { consumer = null } = options;
  const places = consumer === null ? ofIt : ofIt.filter((pause) => pause.consumer === consumer);
  const resumed = await session.adapter.control.resume(target.control, places);
  const facts = { action: "subscriptions.resume", subscription: name, consumer, resumed };
  auditLog(context, session).info(facts, `resumed ${name}`);
  const isStillPaused = ofIt.some((pause) => pause.consumer === null && !places.includes(pause));
  if (options.json === true) {
    await context.output.json({ action: "resume", subscription: name, consumer, resumed, still_paused: isStillPaused });
    return;
  }
  const where = consumer === null ? "" : ` in ${consumer}`;
  if (resumed === 0) await context.output.line(`${name} was not paused${where}.`);
  else await context.output.line(`${name} is resumed${where}: engines read on within two seconds.`);
  if (isStillPaused) context.output.note(`${name} is still paused in every process: resume it without --consumer`);
}
