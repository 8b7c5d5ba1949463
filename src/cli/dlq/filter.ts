/** Which dead letters are meant: pure matching. */
import { EngineError } from "../../errors.ts";
import type { DeadLetter } from "../../ports/dead-letters.ts";

export interface LetterFilter {
  /** The event's type, exactly. */
  readonly type?: string | undefined;
  /** The reason or fingerprint exactly, or any part of `name: message`, whatever its case. */
  readonly error?: string | undefined;
  /** Dead-lettered at or after, in ms since 1970, by the broker's clock. */
  readonly sinceMs?: number | undefined;
}

export function isEmptyFilter(filter: LetterFilter): boolean {
  return filter.type === undefined && filter.error === undefined && filter.sinceMs === undefined;
}

export function matches(letter: DeadLetter, filter: LetterFilter): boolean {
  if (filter.sinceMs !== undefined && deadLetteredAtMs(letter.id) < filter.sinceMs) return false;
  if (filter.type !== undefined && letter.failure?.eventType !== filter.type) return false;
  return filter.error === undefined || hasError(letter, filter.error);
}

function hasError({ failure, failureText }: DeadLetter, wanted: string): boolean {
  if (failure === null) return failureText.toLowerCase().includes(wanted.toLowerCase());
  if (failure.fingerprint === wanted || failure.reason === wanted) return true;
  return `${failure.error.name}: ${failure.error.message}`.toLowerCase().includes(wanted.toLowerCase());
}

/** A dead letter's id begins with the broker's clock when it was dead-lettered. */
export function deadLetteredAtMs(id: string): number {
  return Number.parseInt(id, 10);
}

/** `2026-11-03 12:00:05`, UTC. */
export function formatInstant(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 19).replace("T", " ") : "-";
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `90s`, `30m`, `12h`, `7d`, `2w` before `nowMs`, or an ISO 8601 date or time (UTC unless it says otherwise). */
export function parseSince(text: string, nowMs: number): number {
  const [, amount, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return nowMs - Number(amount) * (UNIT_MS[unit] ?? 0);
  const isDated = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text);
  const hasZone = text.length === 10 || /(Z|[+-]\d{2}:\d{2})$/.test(text);
  const instant = isDated ? Date.parse(hasZone ? text : `${text}Z`) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  throw new EngineError("ENGINE_USAGE", `--since "${text}" is neither a length of time nor a date`, {
    hint: "Write 90s, 30m, 12h, 7d or 2w, or a date such as 2026-11-03 or 2026-11-03T12:00:00Z.",
  });
}
