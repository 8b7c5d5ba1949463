/** Entries in flight as this build would see them: decoded and validated by the very code that would handle them. */
import { hold, messageOf, type HoldOptions } from "../../consume/hold.ts";
import { reviveEvent } from "../../domain/elements.ts";
import type { SubscriptionModel } from "../../domain/model.ts";
import type { Sample, SampledEntry } from "../../ports/broker-facts.ts";
import type { InFlight, Misfit } from "./facts.ts";

const NEVER_CRASHED = { failures: 0, crashes: 0, isCrashProven: false, delayMs: 0 };

export interface JudgeOptions {
  readonly model: SubscriptionModel;
  readonly maxMessageBytes: number;
  /** Types that are not handled, and need not be: other handlers of the stream take them. */
  readonly handledElsewhere: ReadonlySet<string>;
}

export function judgeSample(where: InFlight["where"], sample: Sample, options: JudgeOptions): InFlight {
  const misfits = sample.entries.map((entry) => misfitOf(entry, options)).filter((misfit) => misfit !== null);
  return { where, sampled: sample.entries.length, isComplete: sample.isComplete, misfits };
}

function misfitOf(
  { entryId, fields }: SampledEntry,
  { model, maxMessageBytes, handledElsewhere }: JudgeOptions,
): Misfit | null {
  const holding: HoldOptions = { model, maxMessageBytes, maxCrashes: 1 };
  let type: string | null = null;
  try {
    const message = messageOf(hold({ lane: "main", entryId, fields, history: NEVER_CRASHED }, holding));
    type = message.type;
    const route = model.routes.get(message.type);
    if (route?.eventClass) reviveEvent(route.eventClass, message.data);
    if (route !== undefined || handledElsewhere.has(message.type)) return null;
    return { entryId, type, problem: "unhandled", reason: `${model.handlerName} has no method for ${message.type}` };
  } catch (error) {
    return { entryId, type, problem: "invalid", reason: error instanceof Error ? error.message : String(error) };
  }
}
