/** Appends events in batches, in order, and says exactly how far it came. */
import { BrokerError, EngineError } from "../../errors.ts";
import type { Broker, NewEntry } from "../../ports/broker.ts";
import type { SourceEvent } from "./json-lines.ts";
import { toEntry, type EntryRecipe } from "./payload.ts";

export interface PublishTotals {
  /** Events the broker has confirmed. */
  published: number;
  firstId: string | null;
  lastId: string | null;
}

export interface PublishOptions {
  readonly broker: Broker;
  readonly recipe: EntryRecipe;
  readonly signal: AbortSignal;
  onProgress(totals: PublishTotals): void;
}

/**
 * Publishes batch after batch. At the first faulty event it publishes those before it, then throws an error that
 * says how many that were. Ends between two batches when the signal aborts.
 */
export async function publishEvents(
  batches: AsyncIterable<readonly SourceEvent[]>,
  totals: PublishTotals,
  options: PublishOptions,
): Promise<void> {
  try {
    for await (const batch of batches) {
      if (options.signal.aborted) return;
      const { entries, fault } = entriesOf(batch, options.recipe);
      await append(entries, { batch, totals, options });
      if (fault !== null) throw fault;
    }
  } catch (error) {
    throw withCount(error, totals.published);
  }
}

function entriesOf(
  batch: readonly SourceEvent[],
  recipe: EntryRecipe,
): { entries: NewEntry[]; fault: EngineError | null } {
  const entries: NewEntry[] = [];
  try {
    for (const event of batch) entries.push(toEntry(event, recipe));
    return { entries, fault: null };
  } catch (fault) {
    if (!(fault instanceof EngineError)) throw fault;
    return { entries, fault };
  }
}

interface Append {
  readonly batch: readonly SourceEvent[];
  readonly totals: PublishTotals;
  readonly options: PublishOptions;
}

async function append(entries: readonly NewEntry[], { batch, totals, options }: Append): Promise<void> {
  if (entries.length === 0) return;
  try {
    const ids = await options.broker.append(entries);
    totals.published += entries.length;
    totals.firstId ??= ids[0] ?? null;
    totals.lastId = ids.at(-1) ?? totals.lastId;
    options.onProgress(totals);
  } catch (error) {
    const places = `${batch[0]?.place} to ${batch[entries.length - 1]?.place}`;
    const state =
      error instanceof BrokerError && !error.isOutcomeUnknown ? "were refused" : "may or may not be published";
    const what = entries.length === 1 ? `the event at ${batch[0]?.place}` : `the events at ${places}`;
    const code = error instanceof EngineError ? error.code : "ENGINE_BROKER_UNAVAILABLE";
    const message = error instanceof Error ? error.message : String(error);
    throw new EngineError(code, `${what} ${state}: ${message}`, { cause: error });
  }
}

function withCount(error: unknown, published: number): unknown {
  if (!(error instanceof EngineError)) return error;
  const before = published === 0 ? "Nothing was published" : `${published.toLocaleString("en-US")} published`;
  return new EngineError(error.code, `${error.message}. ${before} before it.`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error.cause,
  });
}
