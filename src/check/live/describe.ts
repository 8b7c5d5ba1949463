/** Misfits as sentences: one for each type and reason, so that a thousand bad messages are one line. */
import type { InFlight, Misfit } from "./facts.ts";

const WHERE = {
  pending: "pending",
  undelivered: "undelivered",
  replay: "replayed",
  dead_letters: "dead",
} as const;
const MOST_REASONS = 5;

export function describeMisfits(place: InFlight, problem: Misfit["problem"]): readonly string[] {
  const misfits = place.misfits.filter((misfit) => misfit.problem === problem);
  const kinds = [...Map.groupBy(misfits, ({ type, reason }) => `${type ?? ""}\0${reason}`).values()].toSorted(
    (a, b) => b.length - a.length,
  );
  const lines = kinds.slice(0, MOST_REASONS).map((alike) => lineOf(alike, place));
  const rest = kinds.slice(MOST_REASONS).reduce((sum, alike) => sum + alike.length, 0);
  return rest > 0 ? [...lines, `${rest} more ${WHERE[place.where]} messages are ${problem} for other reasons`] : lines;
}

function lineOf(alike: readonly Misfit[], { where, sampled, isComplete }: InFlight): string {
  const [first] = alike;
  if (first === undefined) return "";
  const of = isComplete ? `${sampled}` : `${sampled} looked at`;
  const type = first.type === null ? "" : ` (${first.type})`;
  return `${alike.length} of ${of} ${WHERE[where]} messages${type}: ${first.reason}; the first is ${first.entryId}`;
}
