/**
 * What operators tell running engines, kept in the broker: it reaches every process of a domain, and survives restarts.
 * `name` is the domain's (see `controlName`).
 */

/** Who paused, when, and why. Unknown is null: what is there was not written by an engine. */
export interface PauseMark {
  readonly by: string | null;
  /** ISO 8601. */
  readonly at: string | null;
  readonly reason: string | null;
}

/** What a pause is about: a subscription, in every process or in one. */
export interface PausePlace {
  readonly subscription: string;
  /** That process's name in the consumer group; null: every process. */
  readonly consumer: string | null;
}

export interface Pause extends PausePlace, PauseMark {}

export interface Control {
  /** Every pause there is, in one command. */
  list(name: string): Promise<readonly Pause[]>;
  /** Sets a pause, in place of the one there may be at the same place. True: there was none. */
  pause(name: string, pause: Pause): Promise<boolean>;
  /** Takes pauses away. Returns how many were there. */
  resume(name: string, places: readonly PausePlace[]): Promise<number>;
}
