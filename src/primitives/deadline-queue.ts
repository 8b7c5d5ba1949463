/**
 * Many deadlines of one length behind one timer. Because every item waits equally long, they expire in the
 * order in which they were added: a list in that order, and no timer for an item.
 *
 * The list is linked, and what leaves it lets go of its neighbours: a `Map` would chain its outgrown tables, and with them
 * keep every item alive until a full collection.
 */
export class DeadlineQueue<T> {
  readonly #timeoutMs: number;
  readonly #onExpired: (item: T) => void;
  #first: Deadline<T> | null = null;
  #last: Deadline<T> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(timeoutMs: number, onExpired: (item: T) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onExpired = onExpired;
  }

  /** The deadline is what {@link delete} takes. */
  add(item: T): Deadline<T> {
    const deadline: Deadline<T> = {
      item,
      expiresAt: performance.now() + this.#timeoutMs,
      isQueued: true,
      previous: this.#last,
      next: null,
    };
    if (this.#last) this.#last.next = deadline;
    else this.#first = deadline;
    this.#last = deadline;
    this.#timer ??= setTimeout(() => this.#expire(), this.#timeoutMs);
    return deadline;
  }

  /** Safe twice, and after it has expired. */
  delete(deadline: Deadline<T>): void {
    if (!deadline.isQueued) return;
    const { previous, next } = deadline;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    deadline.isQueued = false;
    deadline.previous = null;
    deadline.next = null;
  }

  /** Stops the timer; items added later start it again. */
  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#first) this.delete(this.#first);
  }

  #expire(): void {
    this.#timer = null;
    const now = performance.now();
    for (let deadline = this.#first; deadline; deadline = this.#first) {
      // A timer may fire a fraction early.
      if (deadline.expiresAt > now + 1) {
        this.#timer = setTimeout(() => this.#expire(), deadline.expiresAt - now);
        return;
      }
      this.delete(deadline);
      this.#onExpired(deadline.item);
    }
  }
}

/** An item's place in a {@link DeadlineQueue}. */
export interface Deadline<T> {
  readonly item: T;
  readonly expiresAt: number;
  isQueued: boolean;
  previous: Deadline<T> | null;
  next: Deadline<T> | null;
}
