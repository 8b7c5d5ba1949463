/** The `Control` port on Redis: one hash, its fields `subscription` or `subscription@consumer`, its values JSON. */
import type { Control, Pause, PauseMark, PausePlace } from "../../ports/control.ts";
import { translated } from "./driver-errors.ts";
import type { CommandClient } from "./topology.ts";

/** No subscription's name has it. */
const SEPARATOR = "@";
const UNKNOWN: PauseMark = { by: null, at: null, reason: null };

export function createRedisControl(command: CommandClient): Control {
  return {
    async list(name) {
      const fields = await translated(() => command.hgetall(name));
      return Object.entries(fields).map(([field, value]) => ({ ...placeOf(field), ...parseMark(value) }));
    },
    async pause(name, pause) {
      const { by, at, reason } = pause;
      const added = await translated(() => command.hset(name, fieldOf(pause), JSON.stringify({ by, at, reason })));
      return added === 1;
    },
    async resume(name, places) {
      if (places.length === 0) return 0;
      return translated(() => command.hdel(name, ...places.map(fieldOf)));
    },
  };
}

function fieldOf({ subscription, consumer }: PausePlace): string {
  return consumer === null ? subscription : `${subscription}${SEPARATOR}${consumer}`;
}

function placeOf(field: string): PausePlace {
  const at = field.indexOf(SEPARATOR);
  if (at < 0) return { subscription: field, consumer: null };
  return { subscription: field.slice(0, at), consumer: field.slice(at + 1) };
}

/** A field that somebody set by hand pauses all the same: whoever did it meant that. */
function parseMark(text: string): Pick<Pause, keyof PauseMark> {
  try {
    const mark = JSON.parse(text) as Partial<Record<keyof PauseMark, unknown>> | null;
    return { by: textOrNull(mark?.by), at: textOrNull(mark?.at), reason: textOrNull(mark?.reason) };
  } catch {
    return UNKNOWN;
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
