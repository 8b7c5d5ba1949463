import type { Control, Pause, PausePlace } from "../../ports/control.ts";

/** Pauses within this process, among the parts that share the adapter. */
export function createMemoryControl(): Control {
  const pauses = new Map<string, Map<string, Pause>>();
  const keyOf = ({ subscription, consumer }: PausePlace): string => JSON.stringify([subscription, consumer]);

  return {
    async list(name) {
      return [...(pauses.get(name)?.values() ?? [])];
    },
    async pause(name, pause) {
      const ofDomain = pauses.get(name) ?? new Map<string, Pause>();
      pauses.set(name, ofDomain);
      const isNew = !ofDomain.has(keyOf(pause));
      ofDomain.set(keyOf(pause), pause);
      return isNew;
    },
    async resume(name, places) {
      const ofDomain = pauses.get(name);
      return places.filter((place) => ofDomain?.delete(keyOf(place)) === true).length;
    },
  };
}
