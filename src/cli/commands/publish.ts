import type { Command } from "commander";
import { nearestName } from "../../config/nearest.ts";
import type { Domain } from "../../domain/domain.ts";
import { reviveEvent } from "../../domain/elements.ts";
import { EngineError } from "../../errors.ts";
import { checkStream } from "../addresses.ts";
import { CONFIG_OPTION, createCommand, DOMAIN_OPTION, type CliContext } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { withBroker, type BrokerSession } from "../open-brokers.ts";
import type { Output } from "../output.ts";
import { createProgress, type Progress } from "../progress.ts";
import { chooseSource, readSource, type SourceChoice } from "../publish/event-source.ts";
import type { EntryRecipe, KeySource } from "../publish/payload.ts";
import { publishEvents, type PublishTotals } from "../publish/publish-events.ts";

const BATCH_SIZE = 500;
/** The CloudEvents `source` of what is published without a domain. */
const DEFAULT_SOURCE = "engine-cli";

interface PublishCommandOptions {
  readonly data?: string;
  readonly file?: string;
  readonly key?: string;
  readonly keyField?: string;
  readonly domain?: string;
  readonly json?: boolean;
}

interface PublishRequest {
  readonly stream: string;
  readonly type: string;
  readonly options: PublishCommandOptions;
}

/** `engine publish STREAM TYPE`: appends events, in order, in batches. */
export function publishCommand(context: CliContext): Command {
  const command = createCommand("publish", "publish events from --data, a file, or JSON Lines on stdin", [
    `publish order OrderPlaced --data '{"orderId":"1","total":5}' --key-field=orderId`,
    "publish order OrderPlaced --file orders.jsonl --key-field=orderId --domain=app",
    "publish order OrderPlaced < orders.jsonl",
  ])
    .argument("<stream>", "the stream to append to")
    .argument("<type>", "the events' CloudEvents type");
  return command
    .option("--data <json>", "one event's data")
    .option(
      "--file <file>",
      "a JSON document (an array is a list of events), JSON Lines (.jsonl, .ndjson), or - for stdin",
    )
    .option("--key <key>", "the key of every event: one key's events are handled in order")
    .option("--key-field <field>", "the field of the data that holds each event's key")
    .option("--domain <module>", `${DOMAIN_OPTION[1]}; types and data are then checked against it`)
    .option(...CONFIG_OPTION)
    .option("--json", "print JSON")
    .action((stream: string, type: string, options: PublishCommandOptions) =>
      run({ stream, type, options }, context, command),
    );
}

async function run(request: PublishRequest, context: CliContext, command: Command): Promise<void> {
  const { options, stream } = request;
  checkStream(stream);
  const source = await chooseSource(options, context.stdin);
  const domain = options.domain === undefined ? null : await context.loadDomain(options.domain);
  const identity = identityOf(request, domain);
  await withBroker(context, command, (session) => {
    const maxMessageBytes = session.config.server.maxMessageBytes;
    return publish(source, { ...identity, maxMessageBytes, clock: context.clock }, { ...session, request, context });
  });
}

type Identity = Omit<EntryRecipe, "maxMessageBytes" | "clock">;

/** What type, key and schema the events have: by the options, and by the domain where one is given. */
function identityOf({ stream, type, options }: PublishRequest, domain: Domain | null): Identity {
  if (options.key !== undefined && options.keyField !== undefined) {
    throw new EngineError("ENGINE_USAGE", "--key and --key-field exclude each other");
  }
  const given: KeySource | null =
    options.key !== undefined
      ? { kind: "value", value: options.key }
      : options.keyField !== undefined
        ? { kind: "field", path: options.keyField }
        : null;
  if (domain === null) {
    return {
      stream,
      type,
      source: DEFAULT_SOURCE,
      key: given ?? { kind: "none" },
      schemaVersion: undefined,
      check: null,
    };
  }
  const { events, homes } = domain.model;
  const eventClass = events.get(type);
  if (eventClass === undefined) throw unknownType(type, domain.name, [...events.keys()]);
  const home = homes.get(type);
  if (home !== undefined && home.stream !== stream) {
    throw new EngineError("ENGINE_PUBLISH_INVALID", `${type} belongs to the stream ${home.stream}, not ${stream}`, {
      hint: "Without --domain any type may go to any stream.",
    });
  }
  const keyField = home?.key ?? eventClass.eventOptions.key;
  return {
    stream,
    type,
    source: domain.name,
    key: given ?? (keyField === undefined ? { kind: "none" } : { kind: "field", path: keyField }),
    schemaVersion: eventClass.eventOptions.version,
    check: (data) => void reviveEvent(eventClass, data),
  };
}

function unknownType(type: string, domain: string, known: readonly string[]): EngineError {
  const near = nearestName(type, known);
  const hint = near === null ? `It has ${known.toSorted().join(", ") || "none"}.` : `Did you mean ${near}?`;
  return new EngineError("ENGINE_PUBLISH_INVALID", `the domain ${domain} has no event ${type}`, { hint });
}

interface PublishRun extends BrokerSession {
  readonly request: PublishRequest;
  readonly context: CliContext;
}

async function publish(choice: SourceChoice, recipe: EntryRecipe, session: PublishRun): Promise<void> {
  const { adapter, signal, context, request } = session;
  const totalBytes = choice.kind === "lines" ? choice.totalBytes : null;
  const progress = createProgress(context.output, "publishing", totalBytes);
  const totals: PublishTotals = { published: 0, firstId: null, lastId: null };
  let bytesRead = 0;
  const batches = readSource(choice, {
    maxLineBytes: recipe.maxMessageBytes,
    batchSize: BATCH_SIZE,
    signal,
    onRead: (bytes) => (bytesRead = bytes),
  });
  const onProgress = (): void => show(progress, bytesRead, totals.published);
  try {
    await publishEvents(batches, totals, { broker: adapter.broker, recipe, signal, onProgress });
  } finally {
    progress.stop();
  }
  await tell(totals, request, context.output);
  if (!signal.aborted) return;
  context.output.note("interrupted: what came after was not published");
  context.exitCode = EXIT.FAILED;
}

function show(progress: Progress, bytesRead: number, published: number): void {
  progress.update(bytesRead, `${published.toLocaleString("en-US")} published`);
}

async function tell(totals: PublishTotals, { stream, type, options }: PublishRequest, output: Output): Promise<void> {
  const { published, firstId, lastId } = totals;
  if (options.json === true) {
    await output.json({ stream, type, published, first_id: firstId, last_id: lastId });
    return;
  }
  const count = published === 1 ? "1 event" : `${published.toLocaleString("en-US")} events`;
  await output.line(`published ${count} of type ${type} to ${stream}`);
}
