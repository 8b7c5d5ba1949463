/** Asks a broker, without writing anything, for all that the live rules judge. */
import { controlName, leaseName } from "../../message/names.ts";
import type { BrokerAdapter } from "../../ports/broker-adapter.ts";
import type { BrokerFacts, Sample, StreamFacts } from "../../ports/broker-facts.ts";
import type { Clock } from "../../ports/clock.ts";
import { isClusterUri } from "../hosts.ts";
import { streamsOf } from "../streams.ts";
import type { CheckContext, CheckedSubscription } from "../rule.ts";
import type { BrokerReport, InFlight, StreamReport, SubscriptionFacts } from "./facts.ts";
import { judgeSample, type JudgeOptions } from "./judge-entries.ts";

/** Entries looked at, oldest and newest each, of each place. */
const SAMPLE_SIZE = 500;
const CLOCK_ROUNDS = 3;
/** Maintenance jobs that take a lease. */
const JOBS = ["dead-letter-keeper", "stream-trimmer"];
/** A larger database is not searched for dead letters of handlers that are gone. */
const MOST_KEYS_SEARCHED = 500_000;

export interface GatherInput {
  readonly context: CheckContext;
  /** Connected. */
  readonly adapter: BrokerAdapter;
  readonly clock: Clock;
  readonly processes: number;
}

export async function gatherFacts({ context, adapter, clock, processes }: GatherInput): Promise<BrokerReport> {
  const { facts } = adapter;
  const { model, subscriptions } = context;
  const server = await facts.server();
  const time = await compareClocks(facts, clock);
  const uri = context.config.brokers[adapter.broker.name]?.uri ?? "";
  const outline = { kind: "reached", broker: adapter.broker.name, server, ...time, processes } as const;
  // Most streams are on other nodes: there is no asking about them here.
  if (server.isCluster === true && !isClusterUri(uri)) {
    return { ...outline, rights: { source: "asked", user: null, denied: [] }, streams: [], subscriptions: [] };
  }
  const addresses = model.subscriptions.map(({ stream, name }) => ({ stream, group: name }));
  const rights = await facts.rights({
    addresses,
    leases: JOBS.map((job) => leaseName(model.name, job)),
    controls: [controlName(model.name)],
  });
  const isSearchable = (server.keyCount ?? Infinity) <= MOST_KEYS_SEARCHED;
  const streams: StreamReport[] = [];
  for (const stream of streamsOf(model)) streams.push(await reportStream(stream, { context, adapter, isSearchable }));
  const reports: SubscriptionFacts[] = [];
  for (const subscription of subscriptions) {
    const found = streams.find(({ stream }) => stream === subscription.model.stream);
    reports.push(await reportSubscription(subscription, found?.facts ?? { kind: "absent" }, { context, adapter }));
  }
  return { ...outline, rights, streams, subscriptions: reports };
}

/** The round with the shortest way to the server and back tells most. */
async function compareClocks(facts: BrokerFacts, clock: Clock): Promise<{ clockSkewMs: number; serverTimeMs: number }> {
  let best = { roundTripMs: Infinity, clockSkewMs: 0, serverTimeMs: 0 };
  for (let round = 0; round < CLOCK_ROUNDS; round += 1) {
    const startedAt = clock.monotonicMs();
    const wallClockMs = clock.now();
    const serverTimeMs = await facts.time();
    const roundTripMs = clock.monotonicMs() - startedAt;
    const clockSkewMs = serverTimeMs - (wallClockMs + roundTripMs / 2);
    if (roundTripMs < best.roundTripMs) best = { roundTripMs, clockSkewMs, serverTimeMs };
  }
  const { clockSkewMs, serverTimeMs } = best;
  return { clockSkewMs, serverTimeMs };
}

interface Surroundings {
  readonly context: CheckContext;
  readonly adapter: BrokerAdapter;
}

async function reportStream(
  stream: string,
  { context, adapter, isSearchable }: Surroundings & { isSearchable: boolean },
): Promise<StreamReport> {
  const { model } = context;
  const known = model.subscriptions.filter((each) => each.stream === stream).map(({ name }) => name);
  const isOrphan = (name: string): boolean => name.startsWith(`${model.name}.`) && !known.includes(name);
  const facts = await adapter.facts.stream(stream);
  const orphans = facts.kind === "stream" ? facts.groups.filter(({ name }) => isOrphan(name)) : [];
  if (!isSearchable) return { stream, facts, orphans, orphanedLetters: null };
  const letters = (await adapter.deadLetters.subscriptions(stream)).filter(({ group }) => isOrphan(group));
  const depths = await Promise.all(
    letters.map(async (address) => ({
      subscription: address.group,
      depth: (await adapter.deadLetters.depth(address)).depth,
    })),
  );
  return { stream, facts, orphans, orphanedLetters: depths.filter(({ depth }) => depth > 0) };
}

async function reportSubscription(
  { model, resolved }: CheckedSubscription,
  stream: StreamFacts,
  { context, adapter }: Surroundings,
): Promise<SubscriptionFacts> {
  const address = { stream: model.stream, group: model.name };
  const { name, handlerName } = model;
  const wrongCompanions = await adapter.facts.wrongCompanions(address);
  const identity = {
    name,
    handlerName,
    stream: model.stream,
    wrongCompanions,
    dlqAlertThreshold: resolved.settings.dlqAlertThreshold,
  };
  // Nothing can be read of keys that hold something else.
  if (stream.kind === "wrong_type" || wrongCompanions.length > 0)
    return { ...identity, group: null, dlqDepth: 0, inFlight: [] };
  return {
    ...identity,
    group: (stream.kind === "stream" ? stream.groups.find((group) => group.name === name) : undefined) ?? null,
    dlqDepth: (await adapter.deadLetters.depth(address)).depth,
    inFlight: await lookAtFlight(model, { context, adapter }),
  };
}

async function lookAtFlight(
  model: CheckedSubscription["model"],
  { context, adapter }: Surroundings,
): Promise<readonly InFlight[]> {
  const { facts } = adapter;
  const address = { stream: model.stream, group: model.name };
  const options = { model, maxMessageBytes: context.config.server.maxMessageBytes };
  // What failed here or was sent back here, this class was meant to handle; all else may be meant for others on the stream.
  const own: JudgeOptions = { ...options, handledElsewhere: new Set() };
  const shared: JudgeOptions = { ...options, handledElsewhere: typesHandledOn(model.stream, context) };
  const letters = (await facts.deadLetters(address, SAMPLE_SIZE)).filter(({ failure }) =>
    isReplayable(failure?.reason),
  );
  const replayed = [
    await facts.pending(address, "replay", SAMPLE_SIZE),
    await facts.undelivered(address, "replay", SAMPLE_SIZE),
  ];
  return [
    judgeSample("pending", await facts.pending(address, "main", SAMPLE_SIZE), shared),
    judgeSample("undelivered", await facts.undelivered(address, "main", SAMPLE_SIZE), shared),
    judgeSample("replay", together(replayed), own),
    judgeSample(
      "dead_letters",
      { entries: letters.map(({ id, fields }) => ({ entryId: id, fields })), isComplete: letters.length < SAMPLE_SIZE },
      own,
    ),
  ];
}

function together(samples: readonly Sample[]): Sample {
  return {
    entries: samples.flatMap(({ entries }) => entries),
    isComplete: samples.every(({ isComplete }) => isComplete),
  };
}

/** What was invalid before is no news; of a missing entry nothing is left to look at. */
function isReplayable(reason: string | undefined): boolean {
  return reason !== "invalid_message" && reason !== "missing";
}

function typesHandledOn(stream: string, { model }: CheckContext): ReadonlySet<string> {
  return new Set(
    model.subscriptions.filter((each) => each.stream === stream).flatMap(({ routes }) => [...routes.keys()]),
  );
}
